"""The zips in `dist/`: which one a version deploys, and what it says of itself."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FACTS = ("service", "api_version", "release", "architecture", "python")
NOT_OURS = (
    *(OSError, LookupError, TypeError, ValueError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UPLOAD_BYTES = 52_428_800


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
        """What the build wrote about itself; `FACTS` are its keys.

        Raises:
            OSError, KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error:
                it is not a zip of `make build`.
        """
        with zipfile.ZipFile(self.path) as archive:
            facts = json.loads(archive.read("serving/build.json"))
        return {key: str(facts[key]) for key in FACTS}

    def problems(self, api_version: str) -> Iterator[str]:
        """Why it can't be deployed as `api_version`, each with what to do."""
        make = "make build" + (f" ARCH={self.architecture}" if self.architecture != "arm64" else "")
        remedy = (
            f"run `{make}` in a working tree whose pyproject.toml says version ="
            f' "{self.release}" and api_version = "{api_version}", or correct the release'
        )
        path = Path(self.path)
        if not path.exists():
            yield f"{path} is missing; {remedy}."
            return
        try:
            facts = self.facts()
        except NOT_OURS:
            yield f"{path} is not a zip that `make build` made; {remedy}."
            return
        if facts["api_version"] != api_version:
            yield (
                f"{path} is a build of {facts['api_version']}, and two API versions can't share a"
                f" release; write a release that was built as {api_version}."
            )
        for key, own in (
            ("service", self.project),
            ("release", self.release),
            ("architecture", self.architecture),
        ):
            if facts[key] != own:
                yield f"{path} was built with {key} {facts[key]}, not {own}; {remedy}."
        if path.stat().st_size > MAX_UPLOAD_BYTES:
            yield (
                f"{path} has {path.stat().st_size:,} bytes, and without a bucket Lambda takes"
                f" {MAX_UPLOAD_BYTES:,}; write releases, and run `make publish`, or make model or"
                " dependencies smaller."
            )
