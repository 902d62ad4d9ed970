"""Helm releases of a rendered project: what its program registers, done by helm itself."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.stack import kubectl
from tests.project import program

# The word for it changed with Helm 4.
ATOMIC = {"helm": "--rollback-on-failure", "helm3": "--atomic"}


@dataclass
class Helm:
    """The stack `dev` of a project, its Helm releases in a namespace on the cluster.

    program: helm or helm3. python: of an environment with what the project's program needs.
    folder: scratch.
    """

    program: str
    project: Path
    python: Path
    folder: Path
    runs: int = 0
    namespace: str = field(default="", init=False)

    def releases(self, **keys: Any) -> dict[str, dict[str, Any]]:
        """What the program says of each Helm release with these keys; makes its namespace."""
        self.runs += 1
        folder = self.folder / str(self.runs)
        command = program(self.project, folder, self.python, **keys)
        registered = json.loads(subprocess.check_output(command, cwd=folder))["resources"]
        (space,) = (each for each in registered if each["type"].endswith(":Namespace"))
        if not self.namespace:
            kubectl("apply", "-f", "-", given=json.dumps(space["inputs"] | {"kind": "Namespace"}))
        self.namespace = space["inputs"]["metadata"]["name"]
        return {
            each["inputs"]["values"]["apiVersion"]: each["inputs"]
            for each in registered
            if each["type"].endswith(":Release")
        }

    def up(self, release: dict[str, Any], *flags: str) -> None:
        """Install or upgrade as the program says.

        Raises:
            RuntimeError: helm failed; the text says why.
        """
        values = self.folder / "values.json"
        values.write_text(json.dumps(release["values"]), "utf-8")
        own = [f"--timeout={release['timeout']}s", f"--history-max={release['maxHistory']}"]
        own += [ATOMIC[self.program]] if release["atomic"] else []
        own += ["--cleanup-on-fail"] if release["cleanupOnFail"] else []
        name, chart = release["name"], release["chart"]
        self("upgrade", "--install", name, chart, f"--values={values}", *own, *flags)

    def __call__(self, *arguments: str) -> str:
        """What helm says.

        Raises:
            RuntimeError: it failed; the text says why.
        """
        command = [self.program, *arguments, f"--namespace={self.namespace}"]
        said = subprocess.run(command, cwd=self.project, capture_output=True, text=True)
        if said.returncode:
            raise RuntimeError(f"{' '.join(command)}: {said.stderr}{said.stdout}")
        return said.stdout

    def statuses(self, name: str) -> list[str]:
        """What became of each revision of a Helm release, the oldest first."""
        history = json.loads(self("history", name, "--output=json"))
        return [each["status"] for each in history]

    def down(self) -> None:
        """Delete everything."""
        if self.namespace:
            kubectl("delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")
