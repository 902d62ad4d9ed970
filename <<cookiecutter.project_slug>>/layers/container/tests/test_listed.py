"""`make releases`: what a registry has, what each stack file serves, and what nobody serves."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import Said, Server, serving
from tests.support import BUILD
from tools import image, releases, repository
from tools.refused import Refused

DEV = 'v1: {release: "1.10.0"}, v2: {release: "2.0.0"}, v3: {release: "3.0.0"}'
PROD = 'v1: {release: "1.9.0", state: retired}, v2: {release: "2.0.0"}, v4: {release: "0.9.0"}'


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A registry that nobody logs in to, and a folder with the stack files of a project."""
    for module in (image, releases):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(repository, "login", lambda *_: None)
    with serving(Server()) as own:
        (tmp_path / "Pulumi.yaml").write_text(f"name: {BUILD.service}", encoding="utf-8")
        for stack, versions in (("dev", DEV), ("prod", PROD)):
            keys = f"versions: {{{versions}}}, image: {{repository: {own.address}/models/iris}}"
            text = f"config: {{{keys}}}"
            (tmp_path / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
        yield own


def has(registry: Server, **labels: object) -> dict[str, str]:
    """Have images of these tags and API versions; the start of the digest of each."""
    tags = json.dumps({"tags": [*labels]}).encode()
    registry.answers["/v2/models/iris/tags/list?n=100"] = Said(200, tags)
    return {tag: registry.publish(tag, own)[7:19] for tag, own in labels.items()}


def test_what_is_published_served_and_forgotten_is_listed(
    registry: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    tags: dict[str, object] = {tag: {"api-version": "v1"} for tag in ("1.10.0", "1.9.0")}
    two: dict[str, object] = {"2.0.0": {"api-version": "v2"}, "3.0.0": {"api-version": "v1"}}
    digests = has(registry, **tags, **two, **{"0.9.0": None})
    releases.main("dev")
    assert capsys.readouterr().out.splitlines() == [
        "release  of                 served by",
        f"0.9.0        {digests['0.9.0']}   prod",
        f"1.9.0    v1  {digests['1.9.0']}   nobody",
        f"1.10.0   v1  {digests['1.10.0']}   dev",
        f"2.0.0    v2  {digests['2.0.0']}   dev, prod",
        f"3.0.0    v1  {digests['3.0.0']}   nobody",
        "3.0.0    v3  not published  dev",
    ]


def test_where_nothing_is_published_all_that_is_served_is_missing(
    registry: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    releases.main("prod")
    assert registry.paths == ["/v2/models/iris/tags/list?n=100"]
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["0.9.0", "1.10.0", "2.0.0", "3.0.0"]
    assert all("not published" in line for line in lines)


def test_what_stacks_serve_from_elsewhere_is_not_missing_here(
    registry: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"config: {{versions: {{{PROD}, v5: {{}}}}, image: {{repository: ghcr.io/me/iris}}}}"
    (tmp_path / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    digest = has(registry, **{"2.0.0": {"api-version": "v2"}})["2.0.0"]
    releases.main("dev")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "1.10.0   v1  not published  dev",
        f"2.0.0    v2  {digest}   dev",
        "3.0.0    v3  not published  dev",
    ]


def test_a_stack_file_that_can_not_be_read_is_named(registry: Server, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.test.yaml").write_text("[", encoding="utf-8")
    with pytest.raises(Refused, match=r"^Pulumi\.test\.yaml can't be used: "):
        releases.main("dev")
