"""The contracts of the API versions, of which the front's document is made."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.problems import mapping


@dataclass(frozen=True)
class Contract:
    """The contract of an API version, as it stands in its file."""

    api_version: str

    @property
    def path(self) -> Path:
        """Where it is, seen from the project's folder, where Pulumi runs its program."""
        return Path("contracts", f"{self.api_version}.json")

    @property
    def text(self) -> str:
        """What it says."""
        return self.path.read_text(encoding="utf-8", errors="replace")

    def problems(self) -> Iterator[str]:
        """Why it can't be used, with what to do."""
        name = self.api_version
        remedy = (
            f"write it with `make contract` while api_version in pyproject.toml is {name},"
            f" or get it from the commit that made {name}"
        )
        if not self.path.exists():
            yield f"{self.path} is missing; {remedy}."
            return
        with suppress(ValueError):
            if f"/{name}/predict" in mapping(mapping(json.loads(self.text)).get("paths")):
                return
        yield f"{self.path} is no contract of {name}; {remedy}."
