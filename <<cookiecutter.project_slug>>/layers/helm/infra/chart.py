"""The folder chart/: what it is known by, and the values that it has by itself."""

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from infra.problems import mapping

# The program may be read through a link.
CHART = Path(__file__).resolve().parent.parent / "chart"


def digest(chart: Path) -> str:
    """What the files of a chart that Helm reads are known by: their names and bytes, in hex."""
    ignored = _ignored(chart)
    whole = hashlib.sha256()
    for path in sorted(chart.rglob("*", recurse_symlinks=True)):
        name = PurePosixPath(path.relative_to(chart).as_posix())
        if path.is_file() and not any(_matches(name, pattern) for pattern in ignored):
            whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {name}\n".encode())
    return whole.hexdigest()


def defaults(chart: Path) -> dict[str, Any]:
    """The values of a chart where nobody says otherwise."""
    return mapping(yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8")))


def _ignored(chart: Path) -> Sequence[str]:
    """The patterns of .helmignore. What one with ! leaves out counts too: that does no harm."""
    path = chart / ".helmignore"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line for each in lines if (line := each.strip()) and line[0] not in "#!"]


def _matches(name: PurePosixPath, pattern: str) -> bool:
    """Whether a pattern leaves out a file, or a folder that it is in."""
    folders = [*name.parents][:-1]
    places = folders if pattern.endswith("/") else [name, *folders]
    own = pattern.rstrip("/")
    if "/" in own:
        return any(place.full_match(own.lstrip("/")) for place in places)
    return any(PurePosixPath(place.name).full_match(own) for place in places)
