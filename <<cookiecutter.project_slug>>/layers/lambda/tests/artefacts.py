"""What the deploy of an API version needs beside the stack file: its contract and its zip."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contracts import write_contract

# Kinds of resources that Pulumi forgets rather than deletes.
KEPT: tuple[str, ...] = ()
# Keys that every stack needs, whatever its scheme.
KEYS: dict[str, Any] = {}


def write(folder: Path, project: str, name: str, version: Mapping[str, Any]) -> None:
    """Write both into the folder of a stack."""
    write_contract(folder, name)
    if "release" in version:
        architecture = version.get("architecture", "arm64")
        write_zip(folder, project, name, version["release"], architecture)


def write_zip(
    folder: Path,
    project: str,
    name: str,
    release: str,
    architecture: str = "arm64",
    python: str = "3.13",
    padding: int = 0,
) -> None:
    """Write a zip that says of itself what `make build` writes."""
    facts = {"service": project, "api_version": name, "release": release}
    facts |= {"architecture": architecture, "python": python}
    path = folder / f"dist/{project}-{release}-{architecture}.zip"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("serving/build.json", json.dumps(facts))
        archive.writestr("padding", bytes(padding))
