"""A stack file as Pulumi hands it over to the program."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping
from tools.refused import Refused


def read(root: Path, stack: str) -> tuple[str, dict[str, Any]]:
    """The name of the project in a folder, and the config of a stack under whole keys.

    Raises:
        FileNotFoundError: a file is missing.
        OSError, ValueError, yaml.YAMLError: one can't be read, or the project has no name.
    """
    about = mapping(yaml.safe_load((root / "Pulumi.yaml").read_text("utf-8")))
    if "name" not in about:
        raise ValueError("Pulumi.yaml: name is missing.")
    project = str(about["name"])
    return project, whole(config(root / f"Pulumi.{stack}.yaml"), project)


def config(path: Path) -> dict[str, Any]:
    """The keys under `config`, as they stand in the file.

    Raises:
        OSError, yaml.YAMLError: it can't be read.
    """
    keys = mapping(mapping(yaml.safe_load(path.read_text("utf-8"))).get("config"))
    return {str(key): value for key, value in keys.items()}


def of_version(root: Path, stack: str, api_version: str) -> dict[str, Any]:
    """The keys of an API version.

    Where the file can't be used there are none: what is wrong with it, a deploy says.

    Raises:
        Refused: there is no such stack.
    """
    try:
        project, keys = read(root, stack)
    except FileNotFoundError as missing:
        name = Path(str(missing.filename)).name
        there = ", ".join(sorted(path.stem[7:] for path in root.glob("Pulumi.*.yaml")))
        raise Refused(f"{name} is missing: the stacks here are: {there}.") from None
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return mapping(mapping(keys.get(f"{project}:versions")).get(api_version))


def whole(keys: Mapping[str, Any], project: str) -> dict[str, Any]:
    """The same under whole keys: one without a colon is the project's own."""
    return {key if ":" in key else f"{project}:{key}": value for key, value in keys.items()}


def handed_over(keys: Mapping[str, Any], project: str) -> dict[str, str]:
    """The same under whole keys as text, and all but text as JSON.

    Raises:
        TypeError: JSON can't say it.
    """
    return {
        key: value if isinstance(value, str) else json.dumps(value, default=_day)
        for key, value in whole(keys, project).items()
    }


def _day(value: object) -> str:
    """An unquoted day as Pulumi hands it over."""
    return f"{value} 00:00:00 +0000 UTC"
