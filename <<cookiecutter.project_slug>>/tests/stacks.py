"""Stacks to test with: their config as Pulumi hands it over, and the files that they need."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.problems import Problems, mapping
from infra.settings import Settings
from tests import artefacts, scheme
from tests.program import Program, run
from tests.support import ROOT
from tools.stack_file import handed_over

type Versions = dict[str, dict[str, Any]]

# The root of all that the program of a project `iris` registers.
STACK = "pulumi:pulumi:Stack::iris-dev"
TWO: Versions = {"v1": {"release": "1.4.2"}, "v2": {"release": "2.0.0"}}
THREE: Versions = {**TWO, "v3": {"release": "3.0.0"}}
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

    def settings(
        self, versions: Any = TWO, stack: str = "dev", project: str = "iris", **keys: Any
    ) -> Settings:
        """The settings of a stack, every file of which is there."""
        self.make(project, versions)
        return Settings.read(project, stack, config(project, versions, **keys))

    def run(
        self,
        versions: Versions = TWO,
        stack: str = "dev",
        project: str = "iris",
        *,
        transformed: bool = False,
        **keys: Any,
    ) -> Program:
        """What the program registers for a stack, every file of which is there.

        transformed: as `infra/organisation.py` wants it.
        """
        self.make(project, versions)
        return run(project, stack, config(project, versions, **keys), transformed=transformed)

    def run_v1(self, **keys: Any) -> Program:
        """What the program registers for a version v1 with these keys."""
        return self.run({"v1": TWO["v1"] | keys})

    def make(self, project: str, versions: Versions) -> None:
        """Write what the deploy of each version needs."""
        for name, version in versions.items():
            artefacts.write(self.folder, project, name, version)

    def refusal(self, versions: Any = TWO, **keys: Any) -> list[str]:
        """What is said of a stack, every file of which is there."""
        self.make("iris", TWO)
        with pytest.raises(Problems) as refused:
            Settings.read("iris", "dev", config("iris", versions, **keys))
        return str(refused.value).splitlines()

    def refusal_of_v1(self, **keys: Any) -> list[str]:
        """What is said of a version v1 with these keys."""
        return self.refusal({"v1": TWO["v1"] | keys})


def config(project: str, versions: Any, **keys: Any) -> dict[str, str]:
    """A stack's config as Pulumi hands it over, with the keys that target and scheme need."""
    own = {"versions": versions} | artefacts.KEYS | scheme.keys(mapping(versions)) | keys
    return handed_over(own, project)


def entries(folder: str) -> list[dict[str, Any]]:
    """What all files of a folder of tests/ list; each concern has a file of its own there."""
    files = sorted(ROOT.glob(f"tests/{folder}/*.yaml"))
    return [entry for path in files for entry in yaml.safe_load(path.read_text("utf-8"))]


def given(case: Mapping[str, Any]) -> dict[str, Any]:
    """What a case gives: `v1` and `v2` are keys of these versions, `stack` is keys of the stack."""
    versions = {name: keys | case.get(name, {}) for name, keys in TWO.items()}
    return {"versions": versions} | case.get("stack", {})
