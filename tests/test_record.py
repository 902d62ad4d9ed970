"""`.template.json`: the answers, where a project came from, and what it was when it was made."""

import functools
import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Bake
from tests.project import ANSWERS, ENVIRON, QUESTIONS, ROOT, TEMPLATE, cookiecutter, git


@pytest.fixture
def archive(template: Path) -> Path:
    """A copy of this template as a zip, in a folder of its own."""
    packed = template.parent / "packed"
    packed.mkdir()
    shutil.make_archive(str(packed / "t"), "zip", template.parent, template.name)
    return packed / "t.zip"


def record(folder: Path, template: str | Path, **answers: str) -> dict[str, Any]:
    """What a project says of itself that is rendered into a folder."""
    said = cookiecutter(folder, template=template, project_slug="x", **answers)
    assert said.returncode == 0, said.stderr
    return json.loads((folder / "x" / ".template.json").read_text("utf-8"))


def test_it_holds_these_keys_in_order(bake: Bake) -> None:
    answers = dict.fromkeys(ANSWERS, "x") | {"target": "lambda", "versioning": "path"}
    text = (bake(**answers) / ".template.json").read_text("utf-8")
    said = json.loads(text)
    assert said["answers"] == answers
    assert said["version"] == QUESTIONS["_version"]
    assert said.keys() == {"answers", "commit", "digest", "template", "version"}
    assert text == json.dumps(said, indent=2, sort_keys=True) + "\n"


def test_the_digest_is_that_of_every_other_file(project: Path) -> None:
    lines = sorted(
        f"{path.relative_to(project)}\0"
        f"{'100755' if path.stat().st_mode & 0o100 else '100644'}\0"
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for path in project.rglob("*")
        if path.is_file() and path.name != ".template.json"
    )
    expected = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert json.loads((project / ".template.json").read_text("utf-8"))["digest"] == expected


def test_the_digest_knows_who_may_execute_a_file(template: Path, folder: Path) -> None:
    before = record(folder, template)["digest"]
    (template / TEMPLATE.name / "Makefile").chmod(0o755)
    shutil.rmtree(folder / "x")
    assert record(folder, template)["digest"] != before


def test_a_checkout_that_nobody_else_may_read_has_the_same_digest(
    template: Path, folder: Path
) -> None:
    before = record(folder, template)["digest"]
    shutil.rmtree(folder / "x")
    for path in template.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)  # as under umask 077
    assert record(folder, template)["digest"] == before


def test_a_checkout_is_named_with_its_commit(checkout: Path, folder: Path) -> None:
    said = record(folder, checkout)
    assert (said["template"], said["commit"]) == (str(checkout), git(checkout, "rev-parse", "HEAD"))


def test_a_clone_is_named_as_it_was_given(checkout: Path, folder: Path) -> None:
    git(checkout, "clone", "--quiet", "--bare", ".", str(folder.parent / "template.git"))
    url = f"file://{folder.parent}/template.git"
    settings = f"cookiecutters_dir: {json.dumps(str(folder.parent / 'clones'))}\n"
    said = record(folder, url, settings=settings)
    assert (said["template"], said["commit"]) == (url, git(checkout, "rev-parse", "HEAD"))


def test_a_checkout_with_changes_is_no_commit(checkout: Path, folder: Path) -> None:
    (checkout / "targets.json").write_text((ROOT / "targets.json").read_text("utf-8") + "\n")
    assert record(folder, checkout)["commit"] is None


def test_the_commit_of_a_repository_around_is_not_the_templates(
    template: Path, folder: Path
) -> None:
    git(template.parent, "init", "--quiet")
    git(template.parent, "commit", "--quiet", "--allow-empty", "--message", "Not a template.")
    assert record(folder, template)["commit"] is None


def test_what_git_was_started_for_is_not_asked(
    checkout: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setitem(ENVIRON, "GIT_DIR", str(folder))
    assert record(folder, checkout)["commit"] == commit


def test_a_zip_has_no_commit(archive: Path, folder: Path) -> None:
    said = record(folder, archive)
    assert (said["template"], said["commit"]) == (str(archive), None)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    """Host and port of a server that has the zip at /t.zip."""
    serve = functools.partial(Quiet, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("url", ["me:s3cret@{}/t.zip", "t0ken@{}/t.zip", "{}/t.zip?key=s3cret.zip"])
def test_no_password_of_a_url_is_kept(address: str, folder: Path, url: str) -> None:
    said = record(folder, f"http://{url.format(address)}")
    assert said["template"] == f"http://{address}/t.zip"
