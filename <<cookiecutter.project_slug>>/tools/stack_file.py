"""A stack file as Pulumi hands it over to the program."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping


def config(path: Path) -> dict[str, Any]:
    """The keys under `config`, as they stand in the file.

    Raises:
        OSError, yaml.YAMLError: it can't be read.
    """
    return mapping(mapping(yaml.safe_load(path.read_text("utf-8"))).get("config"))


def handed_over(keys: Mapping[str, Any], project: str) -> dict[str, str]:
    """The same as text, and all but text as JSON; a key without a colon is the project's own."""
    return {
        key if ":" in key else f"{project}:{key}": (
            value if isinstance(value, str) else json.dumps(value, default=_day)
        )
        for key, value in keys.items()
    }


def _day(value: object) -> str:
    """An unquoted day as Pulumi hands it over."""
    return f"{value} 00:00:00 +0000 UTC"
