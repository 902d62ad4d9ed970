"""The model's files: what `model/SOURCE` may say, what is fetched, and the digest of them all."""

import hashlib
import io
import subprocess
import urllib.request
from email.message import Message
from pathlib import Path
from urllib.response import addinfourl

import pytest

from tools import model

WEIGHTS = b"weights"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
DIGEST = "0541a5c30618b24cf1fa6da23f2582d2ae47abe2e6a2ce71c4ab9eb6d2edc51d"
URL = "https://example.org/weights"


class Half(io.BytesIO):
    """What breaks off after its first bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if half := super().read(4):
            return half
        raise TimeoutError("timed out")


class Web:
    """What servers answer to https: bytes, the URL that they lead to, or half of it."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes | str | Half] = {URL: WEIGHTS}
        self.asked: list[str] = []

    def open(self, request: urllib.request.Request) -> addinfourl:
        self.asked.append(request.full_url)
        said = self.answers[request.full_url]
        headers = Message()
        if isinstance(said, str):
            headers["Location"] = said
        body = (
            said
            if isinstance(said, Half)
            else io.BytesIO(said.encode() if isinstance(said, str) else said)
        )
        answer = addinfourl(body, headers, request.full_url, 302 if isinstance(said, str) else 200)
        answer.msg = "as is"  # pyright: ignore[reportAttributeAccessIssue]
        return answer


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    web = Web()
    monkeypatch.setattr(urllib.request.HTTPSHandler, "https_open", lambda _, each: web.open(each))
    return web


def source(folder: Path, *lines: str) -> Path:
    folder.joinpath("SOURCE").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(SystemExit) as error:
        model.main(folder)
    return str(error.value).splitlines()


def test_this_project_has_a_model() -> None:
    model.main()
    assert model.files()


def test_what_is_missing_is_fetched_once(tmp_path: Path, web: Web) -> None:
    source(tmp_path, f"{SHA256}  {URL}  model.onnx", f"{SHA256}  {URL}  tokenizer/two words.txt")
    for _ in range(2):
        model.main(tmp_path)
        assert {path.relative_to(tmp_path).as_posix() for path in model.files(tmp_path)} == {
            "model.onnx",
            "tokenizer/two words.txt",
        }
    assert web.asked == [URL, URL]
    assert (tmp_path / "model.onnx").read_bytes() == WEIGHTS


def test_another_file_than_promised_is_not_kept(tmp_path: Path, web: Web) -> None:
    web.answers[URL] = b"half of the"
    source(tmp_path, f"{SHA256}  {URL}  model.onnx")
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"{URL} has the SHA-256 ")
    assert [path.name for path in tmp_path.iterdir()] == ["SOURCE"]


def test_a_file_that_is_there_is_never_changed(tmp_path: Path, web: Web) -> None:
    (tmp_path / "model.onnx").write_text("the only copy", "utf-8")
    source(tmp_path, f"{SHA256}  {URL}  model.onnx")
    (problem,) = problems(tmp_path)
    assert problem.startswith("model/model.onnx has the SHA-256 ")
    assert (tmp_path / "model.onnx").read_text("utf-8") == "the only copy"
    assert web.asked == []


def test_what_breaks_off_leaves_nothing(tmp_path: Path, web: Web) -> None:
    source(tmp_path, f"{SHA256}  {URL}  model.onnx")
    web.answers[URL] = Half(WEIGHTS)
    (problem,) = problems(tmp_path)
    assert "can't be fetched for model/model.onnx" in problem
    assert "timed out" in problem
    assert [path.name for path in tmp_path.iterdir()] == ["SOURCE"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://[x/a", "model.onnx"),
        (URL, "folder"),
        (URL, "file/below"),
        (URL, "x" * 300),
        (URL, "\0"),
    ],
)
def test_what_can_be_no_url_or_file_is_a_problem_like_any_other(
    tmp_path: Path, web: Web, url: str, name: str
) -> None:
    assert web
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x", "utf-8")
    source(tmp_path, f"{SHA256}  {url}  {name}", "another problem")
    assert len(problems(tmp_path)) == 2


@pytest.mark.parametrize("to", ["http://example.org/weights", "ftp://example.org/w", "file:///etc"])
def test_a_redirect_to_anything_but_https_is_refused(tmp_path: Path, web: Web, to: str) -> None:
    web.answers[URL] = to
    source(tmp_path, f"{SHA256}  {URL}  model.onnx")
    (problem,) = problems(tmp_path)
    assert "can't be fetched" in problem
    assert to in problem


def test_redirects_are_followed_and_not_for_ever(tmp_path: Path, web: Web) -> None:
    web.answers |= {URL: "https://cdn.example.org/a", "https://cdn.example.org/a": WEIGHTS}
    model.main(source(tmp_path, f"{SHA256}  {URL}  model.onnx"))
    web.answers[URL] = URL
    source(tmp_path, f"{SHA256}  {URL}  another.onnx")
    (problem,) = problems(tmp_path)
    assert "infinite loop" in problem


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("model.onnx", "this is not a file; write its SHA-256, two spaces"),
        (f"{SHA256} {URL} model.onnx", "this is not a file; write its SHA-256, two spaces"),
        (f"{SHA256.upper()}  {URL}  model.onnx", "is no SHA-256"),
        (f"{SHA256[1:]}  {URL}  model.onnx", "is no SHA-256"),
        (f"{SHA256}  http://example.org/weights  model.onnx", "no URL that starts with https://"),
        (f"{SHA256}  file:///weights  model.onnx", "no URL that starts with https://"),
        (f"{SHA256}  {URL}  ../model.onnx", "leaves model/"),
        (f"{SHA256}  {URL}  a/../../model.onnx", "leaves model/"),
        (f"{SHA256}  {URL}  /model.onnx", "leaves model/"),
        (f"{SHA256}  {URL}  link/model.onnx", "leaves model/"),
        (f"{SHA256}  {URL}  .", "leaves model/"),
        (f"{SHA256}  {URL}  train.py", "a name that no build takes"),
        (f"{SHA256}  {URL}  .hidden/model.onnx", "a name that no build takes"),
    ],
)
def test_a_line_that_can_not_be_is_named(tmp_path: Path, web: Web, line: str, says: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    source(folder, line)
    problem, _ = problems(folder)  # and the link
    assert problem.startswith("model/SOURCE, line 1: ")
    assert says in problem
    assert web.asked == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_all_problems_are_named_at_once(tmp_path: Path, web: Web) -> None:
    web.answers["https://example.org/gone"] = Half()
    source(
        tmp_path,
        f"{SHA256}  {URL}  model.onnx",
        f"{SHA256}  {URL}  model.onnx",
        "0  http://example.org/  ../out",
        f"{SHA256}  https://example.org/gone  gone.txt",
    )
    said = problems(tmp_path)
    assert [line[:22] for line in said] == ["model/SOURCE, line 2: "] + [
        "model/SOURCE, line 3: "
    ] * 3 + ["https://example.org/go"]
    assert (tmp_path / "model.onnx").exists()


def aws(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A PATH with nothing but this program of that name."""
    folder.mkdir()
    (folder / "aws").write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    (folder / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_s3_is_asked_by_the_aws_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    source(folder, f"{SHA256}  s3://bucket/weights  model.onnx")
    monkeypatch.setenv("PATH", "")
    (problem,) = problems(folder)
    assert "needs the AWS CLI, and there is no `aws` on the PATH: https://docs.aws" in problem
    aws(tmp_path / "denied", monkeypatch, "echo Access Denied >&2; exit 1")
    (problem,) = problems(folder)
    assert problem.endswith(
        "s3://bucket/weights can't be fetched for model/model.onnx: Access Denied"
    )
    expected = '[ "$1 $2 $3 $4" = "s3 cp --only-show-errors s3://bucket/weights" ]'
    aws(tmp_path / "works", monkeypatch, f'{expected} && printf weights > "$5"')
    model.main(folder)
    assert (folder / "model.onnx").read_bytes() == WEIGHTS


def test_without_any_model_it_says_the_three_ways_to_one(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path)
    assert problem.startswith("model/ holds no model: write model/train.py, or commit")
    (tmp_path / "model.pkl").touch()
    model.main(tmp_path)


def test_code_alone_is_a_model_where_nothing_else_is_to_come(tmp_path: Path) -> None:
    (tmp_path / "rules.py").touch()
    model.main(tmp_path)
    assert not model.lacks(tmp_path)
    (tmp_path / "train.py").touch()
    assert model.lacks(tmp_path)
    (tmp_path / "model.onnx").touch()
    assert not model.lacks(tmp_path)


def test_a_model_that_git_ignores_and_nothing_makes_is_named(tmp_path: Path, web: Web) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("model/*.onnx\n", "utf-8")
    (folder / "model.onnx").write_bytes(WEIGHTS)
    (folder / "committed.txt").touch()
    (problem,) = problems(folder)
    assert problem.startswith("Git ignores model/model.onnx, and nothing makes it: delete its line")
    model.main(source(folder, f"{SHA256}  {URL}  model.onnx"))
    (folder / "SOURCE").unlink()
    (folder / "train.py").touch()
    model.main(folder)


def test_a_folder_that_is_a_link_is_named_since_no_build_takes_it(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(WEIGHTS)
    (tmp_path / "elsewhere").mkdir()
    (folder / "words").symlink_to(tmp_path / "elsewhere")
    assert problems(folder) == [
        "model/words is a link to a folder, which no build follows: copy the folder."
    ]


def test_a_pointer_of_git_lfs_is_no_model(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
    (tmp_path / "model.onnx").write_text(pointer, "utf-8")
    (problem,) = problems(tmp_path)
    assert problem.startswith("model/model.onnx is a pointer of Git LFS: run `git lfs pull`.")


def test_the_digest_is_that_of_sha256sum(tmp_path: Path) -> None:
    """Known by `sha256sum a.py b/c | sha256sum`."""
    for name in ("b/c", "a.py", ".hidden", "train.py", "SOURCE", "__pycache__/a.pyc"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, "utf-8")
    assert [path.name for path in model.files(tmp_path)] == ["a.py", "c"]
    assert model.sha256(tmp_path) == DIGEST
    (tmp_path / "b/c").rename(tmp_path / "b/d")
    assert model.sha256(tmp_path) != DIGEST
