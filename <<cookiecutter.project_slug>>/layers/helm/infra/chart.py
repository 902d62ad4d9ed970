"""The folder chart/: what it is known by, and the values that it has by itself."""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping

# The program may be read through a link.
CHART = Path(__file__).resolve().parent.parent / "chart"


def digest(chart: Path) -> str:
    """What the files of a chart are known by, hidden ones apart: their names and bytes, in hex."""
    whole = hashlib.sha256()
    for path in sorted(chart.rglob("*", recurse_symlinks=True)):
        name = path.relative_to(chart).as_posix()
        if path.is_file() and "/." not in f"/{name}":
            whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {name}\n".encode())
    return whole.hexdigest()


def defaults(chart: Path) -> dict[str, Any]:
    """The values of a chart where nobody says otherwise."""
    return mapping(yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8")))
