"""The model's files: fetched where `model/SOURCE` names them, checked, and known by one digest.

A line of `model/SOURCE` is a file: its SHA-256, two spaces, an https or s3 URL, two spaces, its
path below `model/`. `python -m tools.model` fetches what is missing and changes nothing that is
there. Run by `make model`, and before whatever needs the model.
"""

import contextlib
import hashlib
import http.client
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, override
from urllib.parse import urlsplit

FOLDER = Path(__file__).parent.parent / "model"
# What makes the model, and is no part of it.
TRAINS, SOURCE = "train.py", "SOURCE"
FORM = "write its SHA-256, two spaces, its URL, two spaces, and its path below model/"
# How long a server may say nothing.
SECONDS = 60
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
POINTER = b"version https://git-lfs.github.com/spec/"
CLI = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"


@dataclass(frozen=True)
class Source:
    """A line of `model/SOURCE`."""

    sha256: str
    url: str
    name: str


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows as many as urllib does, and none to anything but https."""

    @override
    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str):
        if urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError(f"it leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def main(folder: Path = FOLDER) -> None:
    """Fetch what is missing; end the program with every problem at once."""
    problems: list[str] = []
    sources = [*read(folder, problems)]
    problems += [problem for each in sources for problem in get(folder, each)]
    problems += unusable(folder, {each.name for each in sources})
    if problems:
        sys.exit("\n".join(problems))


def read(folder: Path, problems: list[str]) -> Iterator[Source]:
    """The lines of `model/SOURCE`; adds a sentence to `problems` for each thing wrong in them."""
    path = folder / SOURCE
    if not path.exists():
        return
    names: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"model/{SOURCE}, line {number}:"
        parts = line.split("  ")
        if len(parts) != 3:
            problems.append(f"{where} this is not a file; {FORM}.")
            continue
        sha256, url, name = parts
        name = PurePosixPath(name).as_posix()
        wrong: list[str] = []
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            wrong.append(f"{sha256!r} is no SHA-256; write 64 of 0-9 and a-f, as sha256sum does.")
        if not re.match("(https|s3)://[^/]", url):
            wrong.append(f"{url!r} is no URL that starts with https:// or s3://; write one.")
        if not _stays(folder, name):
            wrong.append(f"{name!r} leaves model/; write a path below it, without `..`.")
        elif not _taken(name):
            wrong.append(f"{name!r} is a name that no build takes; write another.")
        elif name in names:
            wrong.append(f"{name!r} stands in a line above too; delete one of them.")
        names.add(name)
        problems += [f"{where} {each}" for each in wrong]
        if not wrong:
            yield Source(sha256, url, name)


def get(folder: Path, source: Source) -> Iterator[str]:
    """Check one file, or fetch it; a sentence where that fails, and then nothing has changed."""
    path = folder / source.name
    # Hidden, so that no build takes half a file.
    temporary = path.with_name(f".{path.name[:99]}-{os.getpid()}")
    try:
        if path.exists():
            if (found := file_sha256(path)) != source.sha256:
                yield (
                    f"model/{source.name} has the SHA-256 {found}, and model/{SOURCE} says"
                    f" {source.sha256}. If the file is right, correct the line; if the line is,"
                    " move the file away and run `make model`."
                )
            return
        print(f"fetching model/{source.name} from {source.url}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        (_from_s3 if source.url.startswith("s3:") else _from_web)(source.url, temporary)
        if (found := file_sha256(temporary)) != source.sha256:
            yield (
                f"{source.url} has the SHA-256 {found}, and model/{SOURCE} says {source.sha256}."
                " Correct the line, or the URL if it is that of another file."
            )
            return
        temporary.replace(path)
    # ValueError: a URL or a path that can't be one.
    except (OSError, ValueError, http.client.HTTPException) as error:
        said = " ".join(str(error).split())
        yield f"{source.url} can't be fetched for model/{source.name}: {said}"
    finally:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink(missing_ok=True)


def unusable(folder: Path, fetched: set[str]) -> Iterator[str]:
    """Why there is no model, or why nobody else would have it."""
    trained = (folder / TRAINS).exists()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and path.is_dir():
            name = path.relative_to(folder).as_posix()
            yield f"model/{name} is a link to a folder, which no build follows: copy the folder."
    every = {path.relative_to(folder).as_posix(): path for path in files(folder)}
    if not trained and lacks(folder) and not (folder / SOURCE).exists():
        yield (
            "model/ holds no model: write model/train.py, or commit the model's files, or name them"
            f" in model/{SOURCE}. docs/your-model.md shows how."
        )
    for name, path in every.items():
        with path.open("rb") as file:
            if file.read(len(POINTER)) == POINTER:
                yield (
                    f"model/{name} is a pointer of Git LFS: run `git lfs pull`. In CI, write"
                    " `lfs: true` beside persist-credentials."
                )
    if not trained:
        for name in _ignored(folder, sorted(every.keys() - fetched)):
            yield (
                f"Git ignores model/{name}, and nothing makes it: delete its line in .gitignore and"
                f" commit it, or name it in model/{SOURCE}."
            )


def lacks(folder: Path = FOLDER) -> bool:
    """Whether no model is here: no file, or code alone where more is to be made or fetched."""
    more = any((folder / each).exists() for each in (TRAINS, SOURCE))
    return all(more and path.suffix == ".py" for path in files(folder))


def files(folder: Path = FOLDER) -> list[Path]:
    """What every artefact takes of `model/`, sorted by path.

    Its code too, which pickles may refer to. Not what makes the model, hidden files and bytecode.
    """
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return [found[name] for name in sorted(found) if _taken(name) and found[name].is_file()]


def file_sha256(path: Path) -> str:
    """The SHA-256 of what is in a file, in 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256(folder: Path = FOLDER) -> str:
    """One digest of `files`, in 64 hexadecimal digits.

    It is the SHA-256 of a list of lines, one for each file, sorted by path: the SHA-256 of what is
    in the file, two spaces, its path below `model/` with "/", a line feed. In `model/`, `sha256sum`
    of these paths, piped into `sha256sum`, prints the same.
    """
    names = {path.relative_to(folder).as_posix(): path for path in files(folder)}
    lines = (f"{file_sha256(path)}  {name}\n" for name, path in names.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _from_web(url: str, path: Path) -> None:
    opener = urllib.request.build_opener(Redirects)
    with opener.open(url, timeout=SECONDS) as response, path.open("wb") as file:
        shutil.copyfileobj(response, file)


def _from_s3(url: str, path: Path) -> None:
    if not shutil.which("aws"):
        raise OSError(f"that needs the AWS CLI, and there is no `aws` on the PATH: {CLI}")
    command = ["aws", "s3", "cp", "--only-show-errors", url, str(path)]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if said.returncode:
        raise OSError(said.stdout.strip())


def _ignored(folder: Path, names: list[str]) -> list[str]:
    """Which files Git would not commit; none where there is no Git."""
    try:
        said = subprocess.run(
            ["git", "check-ignore", "-z", "--stdin"],
            cwd=folder,
            input="\0".join(names),
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return []
    return [name for name in said.stdout.split("\0") if name]


def _stays(folder: Path, name: str) -> bool:
    """Whether a path leads to a place below the folder, also where folders are links."""
    if "\0" in name or ".." in PurePosixPath(name).parts:
        return False
    return folder.resolve() in (folder / name).resolve().parents


def stays_out(parts: Sequence[str]) -> bool:
    """Whether no artefact takes what has this path: it is hidden, or bytecode."""
    return any(part.startswith(".") or part == "__pycache__" for part in parts)


def _taken(name: str) -> bool:
    return not stays_out(PurePosixPath(name).parts) and name not in (TRAINS, SOURCE)


if __name__ == "__main__":
    main()
