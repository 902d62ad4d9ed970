"""The config of a stack as Pulumi hands it over, before anything of it is known to be right."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.config import VERSION_NAME
from infra.problems import mapping


@dataclass(frozen=True)
class Given:
    """What Pulumi hands over of a stack.

    config: the keys of all projects and providers, as text, mappings as JSON. deploying: refuse
    placeholders too. found: by API version, what was found of what a deploy needs beside the stack
    file, while that was looked for.
    """

    project: str
    stack: str
    config: Mapping[str, str]
    deploying: bool
    found: dict[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def raw(self) -> dict[str, Any]:
        """The project's own keys, as they are."""
        prefix = f"{self.project}:"
        return {
            key.removeprefix(prefix): _value(text)
            for key, text in self.config.items()
            if key.startswith(prefix)
        }

    @property
    def served(self) -> dict[str, dict[str, Any]]:
        """The keys of the versions that are not retired, whatever else is wrong."""
        listed = mapping(self.raw.get("versions"))
        own = {name: mapping(keys) for name, keys in listed.items()}
        return {
            name: keys
            for name, keys in own.items()
            if keys.get("state") != "retired" and re.fullmatch(VERSION_NAME, name)
        }


def _value(text: str) -> Any:
    """What a text says: JSON, or itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
