"""What the deploy of an API version needs beside the stack file: images are in their registry."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write(folder: Path, project: str, name: str, version: Mapping[str, Any]) -> None:
    """Write nothing."""
