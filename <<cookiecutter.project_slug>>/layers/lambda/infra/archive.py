"""The zips in `dist/`: which one a version deploys, and what it says of itself."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Archive:
    """The zip of a release for one processor."""

    project: str
    release: str
    architecture: str

    @property
    def path(self) -> str:
        """Where it is, seen from the project's folder, where Pulumi runs its program."""
        return f"dist/{self.project}-{self.release}-{self.architecture}.zip"

    def facts(self) -> dict[str, str]:
        """What the build wrote about itself: `service`, `api_version`, `release`, `python`.

        Raises:
            OSError, KeyError, ValueError, zipfile.BadZipFile: it is not a zip of `make build`.
        """
        with zipfile.ZipFile(self.path) as archive:
            return json.loads(archive.read("serving/build.json"))

    def problems(self, api_version: str) -> Iterator[str]:
        """Why it can't be deployed as `api_version`, each with what to do."""
        make = "make build" + (f" ARCH={self.architecture}" if self.architecture != "arm64" else "")
        remedy = (
            f"run `{make}` in a working tree whose pyproject.toml says version ="
            f' "{self.release}" and api_version = "{api_version}", or correct the release'
        )
        if not Path(self.path).exists():
            yield f"{self.path} is missing; {remedy}."
            return
        try:
            facts = self.facts()
            built = f"{facts['api_version']} release {facts['release']}"
            _ = facts["python"]
        except (OSError, LookupError, TypeError, ValueError, zipfile.BadZipFile):
            yield f"{self.path} is not a zip that `make build` made; {remedy}."
            return
        if built != f"{api_version} release {self.release}":
            yield f"{self.path} is a build of {built}; {remedy}."
