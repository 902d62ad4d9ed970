"""What the deploy of an API version needs beside the stack file: images are in their registry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Kinds of resources that Pulumi forgets rather than deletes.
KEPT: tuple[str, ...] = ()
# Keys that every stack needs, whatever its scheme.
KEYS: dict[str, Any] = {
    "image": {"repository": "registry.example.org/iris"},
    "gateway": {"name": "public", "namespace": "gateways"},
}


def write(folder: Path, project: str, name: str, version: Mapping[str, Any]) -> None:
    """Write nothing."""
