"""The files of the model: which of them a build takes, and one digest of them all."""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "model"
# What makes the model, and is no part of it.
MAKES_IT = ("train.py",)


def files(folder: Path = FOLDER) -> list[Path]:
    """What every artefact takes of `model/`, sorted by path.

    Its code too, which pickles may refer to. Not what makes the model, hidden files and bytecode.
    """
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return [found[name] for name in sorted(found) if _taken(name) and found[name].is_file()]


def sha256(folder: Path = FOLDER) -> str:
    """One digest of `files`, in 64 hexadecimal digits.

    It is the SHA-256 of a list of lines, one for each file, sorted by path: the SHA-256 of what is
    in the file, two spaces, its path below `model/` with "/", a line feed. In `model/`, `sha256sum`
    of these paths, piped into `sha256sum`, prints the same.
    """
    lines = (f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files(folder))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _taken(name: str) -> bool:
    parts = name.split("/")
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return not hidden and name not in MAKES_IT


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
