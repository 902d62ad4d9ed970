"""Writing all of it or nothing: whatever fails, the project is what it was."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.adopt.project import ROOT

# Where what is replaced goes where Git doesn't hold it.
KEPT = ROOT / ".adopt"


@contextmanager
def restored(paths: Sequence[str]) -> Iterator[None]:
    """Puts these files and folders back as they were, where what is done within raises."""
    copies = KEPT / f"before-{os.getpid()}"
    try:
        for each in paths:
            _copy(ROOT / each, copies / each)
        try:
            yield
        except BaseException:
            for each in paths:
                _delete(ROOT / each)
                _copy(copies / each, ROOT / each)
            raise
    finally:
        shutil.rmtree(copies, ignore_errors=True)
        _delete_if_empty(KEPT)


def keep(paths: Sequence[str]) -> None:
    """Copy these files to `.adopt/`."""
    for each in paths:
        _delete(KEPT / each)
        _copy(ROOT / each, KEPT / each)


def write(files: Mapping[str, Path | bytes | str], deleted: Sequence[str]) -> None:
    """Put the files into their places, and delete others; each appears whole."""
    for name, content in files.items():
        path = ROOT / name
        if isinstance(content, Path) and path.exists() and content.samefile(path):
            continue
        temporary = path.with_name(f".{path.name}-{os.getpid()}")
        try:
            put(temporary, content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    for each in deleted:
        _delete(ROOT / each)


def put(path: Path, content: Path | bytes | str) -> None:
    """Make a file of bytes, of a text, or of what is in another file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, "utf-8")
    else:
        shutil.copyfile(content, path)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # As a new file: what make made of the one in between is out of date.
        shutil.copyfile(source, target)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _delete_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
