"""`make build` and `make publish`: what the registry has, what is sent, and what is refused."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.loopback import Pushed, Said, Server, serving, stand_in
from tests.support import BUILD, ROOT
from tools import build, image, model, platform, publish, published, repository
from tools.refused import NotBuilt, Refused

PLATFORM = "linux/amd64"
TAG = BUILD.release
RAISE = f'raise version = "{TAG}" in pyproject.toml, and run `make build publish`.'


class Machine:
    """A folder with the engine's stand-in and a stack file; a registry that nobody logs in to."""

    def __init__(self, folder: Path, registry: Pushed, own: dict[str, str]) -> None:
        self.folder, self.registry, self.own = folder, registry, own
        self.image = f"{registry.address}/models/iris:{TAG}"
        (folder / "Pulumi.dev.yaml").write_text(
            f"config:\n  {BUILD.service}:image: {{repository: {registry.address}/models/iris}}\n",
            encoding="utf-8",
        )

    def has_built(self, labels: object) -> None:
        """Have an image with these labels."""
        (self.folder / "built").write_text(f"{json.dumps(labels)}\n", encoding="utf-8")

    def fails(self, command: str, said: str) -> None:
        """Have an engine that refuses a command."""
        (self.folder / f"{command} fails").write_text(f"{said}\n", encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        """How the engine was called."""
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def publishes(
        self, engine: str = "docker", other: str | None = None, *, compare: bool = False
    ) -> str:
        """What is said."""
        return publish.main("dev", engine, PLATFORM, other, compare=compare)

    def refusal(self, engine: str = "docker") -> str:
        """What is said instead of a release that is published."""
        with pytest.raises(Refused) as refused:
            self.publishes(engine)
        return str(refused.value)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    own = image.labels(PLATFORM)
    monkeypatch.setenv("PATH", str(stand_in(tmp_path)))
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setattr(image, "ROOT", tmp_path)
    monkeypatch.setattr(publish, "labels", lambda platform: own)
    monkeypatch.setattr(build, "labels", lambda platform: own)
    monkeypatch.setattr(repository, "login", lambda *_: None)
    monkeypatch.setattr(repository, "make", lambda *_: None)
    monkeypatch.setattr(repository, "let_in", lambda *_: None)
    with serving(Pushed(tmp_path, TAG)) as registry:
        assert isinstance(registry, Pushed)
        yield Machine(tmp_path, registry, own)


def test_what_was_built_is_pushed_and_its_digest_is_said(machine: Machine) -> None:
    machine.has_built(machine.own)
    said = machine.publishes()
    digest = machine.registry.publish(TAG, machine.own)
    assert said == f"published {machine.image}\ndigest: {digest}"
    assert machine.calls[-1] == f"push {machine.image}"
    assert not [call for call in machine.calls if call.startswith("build")]


def test_what_is_there_already_is_not_sent_and_needs_no_engine(machine: Machine) -> None:
    digest = machine.registry.publish(TAG, machine.own)
    said = machine.publishes("no-such-engine")
    assert said == f"{machine.image} is there already\ndigest: {digest}"
    assert machine.calls == []


@pytest.mark.parametrize(
    ("other", "said"),
    [({}, "."), ({"model-sha256": "0" * 64}, ": its model is another. If each training gives")],
)
def test_a_release_never_becomes_another(
    machine: Machine, other: dict[str, str], said: str
) -> None:
    machine.has_built(machine.own)
    machine.registry.publish(TAG, machine.own | {"source": "0" * 64} | other)
    refusal = machine.refusal()
    assert refusal.startswith(
        f"{machine.image} was published, and made of something else than this working tree{said}"
    )
    assert refusal.endswith(f" A release never changes: {RAISE}")
    assert machine.calls == []


@pytest.mark.parametrize("labels", [None, {}, {"release": TAG}], ids=str)
def test_an_image_of_unknown_source_is_not_taken_for_this_one(
    machine: Machine, labels: object
) -> None:
    machine.registry.publish(TAG, labels)
    assert machine.refusal() == (
        f"{machine.image} is there, and nothing says what it was made of: it has no label for"
        f" {PLATFORM}. A release never changes: {RAISE}"
    )
    assert machine.calls == []


def test_of_several_images_the_one_of_the_platform_counts(machine: Machine) -> None:
    other = machine.own | {"source": "0" * 64}
    several = {"unknown/unknown": {}, "linux/arm64/v8": other, PLATFORM: machine.own}
    digest = machine.registry.publish_several(TAG, several)
    assert machine.publishes().endswith(f"digest: {digest}")
    both = publish.main("dev", "docker", f"{PLATFORM},linux/arm64")
    assert both == machine.publishes()
    machine.registry.publish_several(TAG, {"linux/arm64/v8": machine.own})
    assert f"it has no label for {PLATFORM}." in machine.refusal()


def test_a_comparison_sends_nothing_and_needs_no_engine(machine: Machine) -> None:
    machine.has_built(machine.own)
    said = machine.publishes("no-such-engine", compare=True)
    assert said == f"{machine.image} is to be published"
    machine.registry.publish(TAG, machine.own | {"source": "0" * 64})
    with pytest.raises(Refused, match="made of something else"):
        machine.publishes("no-such-engine", compare=True)
    assert machine.calls == []


def test_nothing_is_built_where_there_is_no_image(machine: Machine) -> None:
    assert machine.refusal() == f"{machine.image} is not on this machine; run `make build`."
    assert [call.split()[0] for call in machine.calls] == ["image"]


@pytest.mark.parametrize("labels", [None, {}, {"source": "0" * 64}], ids=str)
def test_an_image_of_another_working_tree_is_not_pushed(machine: Machine, labels: object) -> None:
    machine.has_built(labels)
    assert machine.refusal() == (
        f"{machine.image} is not a build of this working tree as it is, for {PLATFORM}; run"
        " `make build`."
    )
    assert [call.split()[0] for call in machine.calls] == ["image"]


@pytest.fixture
def elsewhere(machine: Machine) -> Iterator[Server]:
    """The registry of another stack, `stage`."""
    with serving(Server()) as registry:
        (machine.folder / "Pulumi.stage.yaml").write_text(
            f"config:\n  {BUILD.service}:image: {{repository: {registry.address}/models/iris}}\n",
            encoding="utf-8",
        )
        yield registry


def test_the_image_of_another_stack_is_copied(machine: Machine, elsewhere: Server) -> None:
    theirs = f"{elsewhere.address}/models/iris@{elsewhere.publish(TAG, machine.own)}"
    (machine.folder / "pulled").write_text(f"{json.dumps(machine.own)}\n", encoding="utf-8")
    assert machine.publishes(other="stage").startswith(f"published {machine.image}\n")
    assert machine.calls[1:] == [
        f"pull --platform {PLATFORM} {theirs}",
        f"tag {theirs} {machine.image}",
        f"push {machine.image}",
    ]


def test_the_image_of_this_machine_comes_before_that_of_another_stack(
    machine: Machine, elsewhere: Server
) -> None:
    machine.has_built(machine.own)
    machine.publishes(other="stage")
    assert machine.calls[1:] == [f"push {machine.image}"]
    assert elsewhere.asked == []


def test_what_another_stack_lacks_is_to_be_built(machine: Machine, elsewhere: Server) -> None:
    with pytest.raises(NotBuilt, match=r"^neither .* is anywhere; run `make build`\.$"):
        machine.publishes(other="stage")
    for other, platforms in (("dev", PLATFORM), ("stage", f"{PLATFORM},linux/arm64")):
        with pytest.raises(NotBuilt, match=r" is not on this machine; run `make build`\.$"):
            publish.main("dev", "docker", platforms, other)


def test_what_another_stack_has_otherwise_is_not_copied(
    machine: Machine, elsewhere: Server
) -> None:
    elsewhere.publish(TAG, machine.own | {"source": "0" * 64})
    with pytest.raises(Refused, match="made of something else"):
        machine.publishes(other="stage")
    assert [call.split()[0] for call in machine.calls] == ["image"]


def test_an_engine_that_does_not_answer_is_not_taken_for_one_without_the_image(
    machine: Machine,
) -> None:
    machine.fails("image", "Cannot connect to the Docker daemon. Is the docker daemon running?")
    assert "Cannot connect to the Docker daemon" in machine.refusal()


def test_an_engine_that_is_missing_is_named(machine: Machine) -> None:
    assert machine.refusal("no-such-engine") == (
        "no-such-engine is not on the PATH: install it, or name another container engine, such as"
        " ENGINE=podman."
    )


def test_a_push_that_fails_ends_it(machine: Machine) -> None:
    machine.has_built(machine.own)
    machine.fails("push", "denied")
    assert machine.refusal() == f"`docker push {machine.image}` failed."


def test_what_another_put_there_meanwhile_is_not_said_to_be_this_one(machine: Machine) -> None:
    machine.has_built(machine.own)
    answer, other = machine.registry.answer, machine.own | {"source": "0" * 64}

    def overtaken(asked: object) -> Said:
        if (machine.folder / "published").exists():
            (machine.folder / "published").write_text(json.dumps(other), encoding="utf-8")
        return answer(asked)  # pyright: ignore[reportArgumentType]

    machine.registry.answer = overtaken
    assert f"{machine.image} was published, and made of something else" in machine.refusal()


@pytest.mark.parametrize("release", ["1.0.0+abc", f"1.0.0-{'a' * 128}"])
def test_a_release_that_can_be_no_tag_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    monkeypatch.setattr(image, "own_build", lambda: msgspec.structs.replace(BUILD, release=release))
    said = machine.refusal()
    assert said.startswith(f"pyproject.toml: version {release} can't be the tag of an image; write")


def test_a_stack_file_that_is_no_text_is_named(machine: Machine) -> None:
    (machine.folder / "Pulumi.dev.yaml").write_bytes(b"config: \xff")
    assert machine.refusal().startswith("Pulumi.dev.yaml is not YAML: ")


def test_an_image_is_built_with_what_it_is_made_of(machine: Machine) -> None:
    build.main("dev", "docker", PLATFORM, "--format", "docker")
    said = " ".join(f"--label={key}={value}" for key, value in machine.own.items())
    assert machine.calls == [
        f"build --format docker --platform {PLATFORM} {said} --tag {machine.image} ."
    ]
    assert machine.own.keys() == {"source", "release", "api-version", "model-sha256"}


def test_a_build_that_fails_ends_it(machine: Machine) -> None:
    machine.fails("build", "no space left on device")
    with pytest.raises(Refused, match=r"^`docker build .* failed\.$"):
        build.main("dev", "docker", PLATFORM)


def test_every_release_of_a_repository_is_listed(machine: Machine) -> None:
    host, tags = machine.registry, "/v2/models/iris/tags/list"
    digests = {tag: host.publish(tag, {"api-version": tag[0]})[7:19] for tag in ("v1", "w2")}
    digests["x"] = host.publish("x", None)[7:19]
    link = {"Link": f'<{tags}?last=w2&n=2>; rel="next"'}
    host.answers[f"{tags}?n=100"] = Said(200, b'{"tags": ["v1", "w2"]}', link)
    host.answers[f"{tags}?last=w2&n=2"] = Said(200, b'{"tags": ["gone", "x"]}')
    assert [*published.published("dev")] == [
        ("v", "v1", digests["v1"]),
        ("w", "w2", digests["w2"]),
        (None, "x", digests["x"]),
    ]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what goes into an image."""
    for part in ("contracts", "model", "requirements", "serving"):
        shutil.copytree(ROOT / part, tmp_path / part)
    for part in (".python-version", "Dockerfile"):
        shutil.copy(ROOT / part, tmp_path)
    monkeypatch.setattr(image, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        *(".python-version", "Dockerfile", "requirements/runtime.txt"),
        *("contracts/v1.json", "model/a/vocabulary.txt", "serving/app.py"),
    ],
)
def test_another_file_in_the_image_makes_another_source(tree: Path, name: str) -> None:
    before = image.labels(PLATFORM)
    path = tree / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n")
    after = image.labels(PLATFORM)
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"source", *(["model-sha256"] if name.startswith("model/") else [])}


def test_what_no_image_has_makes_no_other_source(tree: Path) -> None:
    before = image.labels(PLATFORM)
    for name in ("serving/__pycache__/app.pyc", "serving/.DS_Store", "model/train.py", "README.md"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("# other\n", encoding="utf-8")
    assert image.labels(PLATFORM) == before
    assert image.labels("linux/arm64")["source"] != before["source"]


def test_without_the_model_there_is_no_source(tree: Path) -> None:
    for path in model.files(tree / "model"):
        path.unlink()
    with pytest.raises(Refused, match=r"^model/ holds no model, .* run `make model`\.$"):
        image.labels(PLATFORM)


def test_make_hands_over_stack_engine_and_platform() -> None:
    def said(*given: str) -> str:
        command = ["make", "--dry-run", "build", "publish", *given]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout

    all_given = said("STACK=prod", "ENGINE=sudo docker", "PLATFORM=linux/arm64")
    for verb in ("build", "publish"):
        own = f'-m tools.{verb} "prod" --engine "sudo docker" --platform "linux/arm64"'
        assert own in all_given
        assert f'-m tools.{verb} "dev" --engine "docker"' in said()
    assert image.parser("").parse_args(["dev"]).platform is None
    assert platform.wanted_by("dev") == PLATFORM


def test_the_status_says_whether_it_is_published_and_only_then_there_is_a_digest(
    machine: Machine,
) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        program = (
            "import runpy, sys; from pathlib import Path; from tools import image, repository;"
            " own = image.labels('linux/amd64'); image.labels = lambda platform: own;"
            f" image.ROOT = Path({str(machine.folder)!r});"
            " repository.login = repository.make = repository.let_in = lambda *_: None;"
            " runpy.run_module('tools.publish', run_name='__main__')"
        )
        command = [sys.executable, "-c", program, "dev"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    said = run()
    assert (said.returncode, said.stdout) == (3, "")
    machine.has_built(machine.own)
    machine.fails("push", "denied")
    said = run()
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.endswith(f"denied\n`docker push {machine.image}` failed.\n")
    (machine.folder / "push fails").unlink()
    said = run()
    digest = machine.registry.publish(TAG, machine.own)
    assert (said.returncode, said.stdout) == (0, f"published {machine.image}\ndigest: {digest}\n")
