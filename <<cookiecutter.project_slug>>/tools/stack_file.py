"""A stack file as Pulumi hands it over to the program."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping


def read(root: Path, stack: str) -> tuple[str, dict[str, str]]:
    """The name of the project in a folder, and the config of a stack as Pulumi hands it over.

    Raises:
        FileNotFoundError: a file is missing.
        OSError, TypeError, ValueError, yaml.YAMLError: one can't be read, or only by Pulumi.
    """
    project = str(mapping(yaml.safe_load((root / "Pulumi.yaml").read_text("utf-8"))).get("name"))
    keys = config(root / f"Pulumi.{stack}.yaml")
    if secret := [name for name, value in keys.items() if "secure" in mapping(value)]:
        raise ValueError(f"{', '.join(secret)}: is a secret, which only Pulumi reads.")
    return project, handed_over(keys, project)


def config(path: Path) -> dict[str, Any]:
    """The keys under `config`, as they stand in the file.

    Raises:
        OSError, yaml.YAMLError: it can't be read.
    """
    keys = mapping(mapping(yaml.safe_load(path.read_text("utf-8"))).get("config"))
    return {str(key): value for key, value in keys.items()}


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
