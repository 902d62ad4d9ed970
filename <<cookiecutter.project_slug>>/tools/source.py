"""What a release is made of, as one digest. Two builds of it need not be the same bytes."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent


def digest(files: Iterable[Path], root: Path = ROOT, **facts: str) -> str:
    """The sha256 over the names and contents of files, and over what else goes into a release.

    files: of the project in `root`. facts: such as the architecture.
    """
    contents = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
    whole = json.dumps([contents, facts], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def apart(theirs: str | None, ours: str) -> str:
    """How a published release differs. theirs, ours: the models' SHA-256; None: nothing says it."""
    said = "made of something else than this working tree"
    if theirs in (None, ours):
        return f"{said}."
    return (
        f"{said}: its model is another. If each training gives other bytes, keep the model itself,"
        " as docs/your-model.md shows."
    )
