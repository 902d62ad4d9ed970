"""Stacks to test with: their config as Pulumi hands it over, and a small zip for each version."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping
from infra.settings import Settings
from tests import scheme
from tests.program import Program, run
from tests.support import ROOT, VERSION

type Versions = dict[str, dict[str, Any]]

TWO: Versions = {"v1": {"release": "1.4.2"}, "v2": {"release": "2.0.0"}}
DEPRECATED = {
    "state": "deprecated",
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move#to-v2",
}


class Stacks:
    """Settings and programs for any list of versions, in a folder that holds what these need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "__main__.py").symlink_to(ROOT / "__main__.py")
        (folder / "infra").symlink_to(ROOT / "infra")
        (folder / "serving").symlink_to(ROOT / "serving")
        (folder / "dist").mkdir()
        (folder / "contracts").mkdir()

    def settings(
        self, versions: Any = TWO, stack: str = "dev", project: str = "iris", **keys: Any
    ) -> Settings:
        """The settings of a stack, every file of which is there."""
        self.make(project, versions)
        return Settings.read(project, stack, config(project, versions, **keys))

    def run(
        self, versions: Versions = TWO, stack: str = "dev", project: str = "iris", **keys: Any
    ) -> Program:
        """What the program registers for a stack, every file of which is there."""
        self.make(project, versions)
        return run(project, stack, config(project, versions, **keys))

    def make(self, project: str, versions: Versions) -> None:
        """Write the contract and the zip of each version."""
        for name, version in versions.items():
            self.contract(name)
            if "release" in version:
                self.zip(project, name, version["release"], version.get("architecture", "arm64"))

    def contract(self, name: str) -> None:
        """Write a contract: this project's own, for another API version."""
        own = (ROOT / f"contracts/{VERSION}.json").read_text("utf-8")
        text = own.replace(f"/{VERSION}/", f"/{name}/")
        (self.folder / f"contracts/{name}.json").write_text(text, "utf-8")

    def zip(
        self,
        project: str,
        name: str,
        release: str,
        architecture: str = "arm64",
        python: str = "3.13",
        padding: int = 0,
    ) -> None:
        """Write a zip that says of itself what `make build` writes."""
        path = self.folder / f"dist/{project}-{release}-{architecture}.zip"
        facts = {"service": project, "api_version": name, "release": release}
        facts |= {"architecture": architecture, "python": python}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("serving/build.json", json.dumps(facts))
            archive.writestr("padding", bytes(padding))


def config(project: str, versions: Any, **keys: Any) -> dict[str, str]:
    """A stack's config as Pulumi hands it over, with the keys that the scheme needs."""
    return texts(project, {"versions": versions} | scheme.keys(mapping(versions)) | keys)


def texts(project: str, keys: Mapping[str, Any]) -> dict[str, str]:
    """The project's keys as Pulumi hands them over: text, and all but text as JSON."""
    return {
        f"{project}:{key}": value if isinstance(value, str) else json.dumps(value, default=_day)
        for key, value in keys.items()
    }


def stack_file(path: Path) -> dict[str, Any]:
    """The config in a stack file, keys as they stand there."""
    return (yaml.safe_load(path.read_text("utf-8")) or {}).get("config") or {}


def _day(value: object) -> str:
    """An unquoted day as Pulumi hands it over."""
    return f"{value} 00:00:00 +0000 UTC"
