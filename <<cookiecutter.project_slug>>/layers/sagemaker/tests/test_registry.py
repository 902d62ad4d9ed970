"""What `make push` asks of the AWS CLI and of the container engine; both are stand-ins here."""

from pathlib import Path

import pytest

from serving.release import Build
from tools import image, registry

BUILD = Build.load()
REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
IMAGE = f"{REGISTRY}/models/iris:{BUILD.release}"
WHERE = "--region eu-central-1 --registry-id 123456789012"
LOOKS = f"aws ecr describe-repositories --repository-names models/iris {WHERE}"
LOOKS_FOR_THE_TAG = (
    "aws ecr describe-images --repository-name models/iris"
    f" --image-ids imageTag={BUILD.release} {WHERE}"
)
MAKES = (
    "aws ecr create-repository --repository-name models/iris --image-tag-mutability IMMUTABLE"
    f" --image-scanning-configuration scanOnPush=true {WHERE}"
)
ASKS_FOR_A_PASSWORD = "aws ecr get-login-password --region eu-central-1"  # noqa: S105 (no password)
LOGS_IN = f"docker login --username AWS --password-stdin {REGISTRY}"
PUSHES = f"docker push {IMAGE}"

# Each writes down how it was called, and fails as the file says that is named after its command.
AWS = """#!/bin/sh
echo "aws $*" >> "$HERE/calls"
if [ -f "$HERE/$2" ]; then read -r said < "$HERE/$2"; echo "$said" >&2; exit 254; fi
echo "said-by-$2"
"""
DOCKER = """#!/bin/sh
echo "docker $*" >> "$HERE/calls"
if [ "$1" = login ]; then read -r given; echo "$given" >> "$HERE/given"; fi
if [ -f "$HERE/$1" ]; then exit 1; fi
"""


class Machine:
    """A folder with the stand-ins, alone on the PATH, and a stack file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        for name, text in (("aws", AWS), ("docker", DOCKER)):
            (self.programs / name).write_text(text, encoding="utf-8")
            (self.programs / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(self.programs))
        monkeypatch.setenv("HERE", str(folder))
        monkeypatch.setattr(image, "ROOT", folder)
        self.names_its_images(f"{REGISTRY}/models/iris")
        self.fails("describe-images", "An error occurred (ImageNotFoundException) when calling")

    def names_its_images(self, repository: str) -> None:
        text = f"config:\n  {BUILD.service}:image: {{repository: {repository}}}\n"
        (self.folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")

    def fails(self, command: str, said: str) -> None:
        (self.folder / command).write_text(f"{said}\n", encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def refusal(self) -> str:
        """What it says instead of a push."""
        with pytest.raises(SystemExit) as ended:
            registry.main("dev", "docker")
        assert PUSHES not in self.calls
        return str(ended.value)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_it_logs_in_to_a_repository_that_is_there_and_pushes(machine: Machine) -> None:
    registry.main("dev", "docker")
    looks = [LOOKS, LOOKS_FOR_THE_TAG]
    assert machine.calls == [*looks, ASKS_FOR_A_PASSWORD, LOGS_IN, PUSHES]


def test_a_repository_that_is_missing_is_made_with_tags_that_never_move(machine: Machine) -> None:
    machine.fails("describe-repositories", "An error occurred (RepositoryNotFoundException)")
    registry.main("dev", "docker")
    assert machine.calls == [LOOKS, MAKES, ASKS_FOR_A_PASSWORD, LOGS_IN, PUSHES]


def test_the_password_is_handed_over_and_is_no_argument(machine: Machine) -> None:
    registry.main("dev", "docker")
    password = "said-by-get-login-password"  # noqa: S105 (no password)
    assert (machine.folder / "given").read_text(encoding="utf-8") == f"{password}\n"
    assert not [call for call in machine.calls if password in call]


def test_a_release_that_is_there_is_not_pushed_again(machine: Machine) -> None:
    (machine.folder / "describe-images").unlink()
    assert machine.refusal() == (
        f"{IMAGE} is there already, and a release never changes: deploy it, or raise version in"
        " pyproject.toml."
    )
    assert machine.calls == [LOOKS, LOOKS_FOR_THE_TAG]


@pytest.mark.parametrize(
    ("repository", "sentence"),
    [
        (
            "000000000000.dkr.ecr.eu-central-1.amazonaws.com/iris",
            "has a placeholder for an account: write your own.",
        ),
        ("ghcr.io/you/iris", "is not a repository in ECR: write one such as 123456789012.dkr.ecr."),
        (f"{REGISTRY}/iris:1", "is not a repository in ECR: write one such as 123456789012.dkr."),
    ],
)
def test_what_is_nobodys_repository_is_refused_before_anything_is_run(
    machine: Machine, repository: str, sentence: str
) -> None:
    machine.names_its_images(repository)
    assert machine.refusal().startswith(f"{repository} {sentence}")
    assert machine.calls == []


@pytest.mark.parametrize("command", ["describe-repositories", "describe-images"])
def test_what_aws_refuses_is_said_with_whose_credentials_it_needs(
    machine: Machine, command: str
) -> None:
    machine.fails(command, "Unable to locate credentials.")
    assert machine.refusal() == (
        "Unable to locate credentials.\n"
        "This shell needs credentials of account 123456789012 that may push to models/iris in ECR."
    )
    assert MAKES not in machine.calls


@pytest.mark.parametrize(
    ("program", "remedy"), [("aws", "https://docs.aws.amazon.com/cli/"), ("docker", "install it")]
)
def test_a_program_that_is_missing_is_named(machine: Machine, program: str, remedy: str) -> None:
    (machine.programs / program).unlink()
    assert machine.refusal().startswith(f"{program} is not on the PATH: {remedy}")
    assert machine.calls == []


@pytest.mark.parametrize(("command", "line"), [("login", LOGS_IN), ("push", PUSHES)])
def test_what_the_engine_can_not_do_ends_it(machine: Machine, command: str, line: str) -> None:
    machine.fails(command, "denied")
    with pytest.raises(SystemExit) as ended:
        registry.main("dev", "docker")
    assert str(ended.value) == f"`{line}` failed."
    assert machine.calls[-1] == line
