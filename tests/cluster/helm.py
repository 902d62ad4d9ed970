"""Helm releases of a rendered project: what its program registers, done by helm itself."""

import json
import subprocess
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from tests.cluster.client import wait_for
from tests.cluster.stack import Object, OnCluster, kubectl

# The word for it changed with Helm 4.
ATOMIC = {"helm": "--rollback-on-failure", "helm3": "--atomic"}


class Helm(OnCluster):
    """What the program says of each Helm release is done by `program`: helm or helm3."""

    def __init__(self, program: str, project: Path, python: Path, folder: Path) -> None:
        super().__init__(project, python, folder)
        self.program = program

    def releases(self, **keys: Any) -> dict[str, Object]:
        """The inputs of each version's Helm release with these keys; makes their namespace."""
        registered = self.register(**keys)
        (space,) = (each["inputs"] for each in registered if each["type"].endswith(":Namespace"))
        kubectl("apply", "-f", "-", given=json.dumps(space))
        found = [each["inputs"] for each in registered if each["type"].endswith(":Release")]
        return {each["values"]["apiVersion"]: each for each in found}

    def up(self, release: Object, *flags: str) -> None:
        """Install or upgrade as the program says.

        Raises:
            RuntimeError: helm failed; the text says why.
        """
        self(*self.upgrade(release), *flags)

    def upgrade(self, release: Object) -> list[str]:
        """What helm is told, to install or upgrade as the program says."""
        values = self.folder / f"values-{release['name']}.json"
        values.write_text(json.dumps(release["values"]), "utf-8")
        own = [f"--timeout={release['timeout']}s", f"--history-max={release['maxHistory']}"]
        own += [ATOMIC[self.program]] if release["atomic"] else []
        own += ["--cleanup-on-fail"] if release["cleanupOnFail"] else []
        own += [f"--description={release['description']}"] if "description" in release else []
        name, chart = release["name"], release["chart"]
        return ["upgrade", "--install", name, chart, f"--values={values}", *own]

    def killed(self, status: str, *arguments: str) -> None:
        """Tell helm this, and kill it soon after a Helm release has got this status."""
        labels = f"--selector=owner=helm,status={status}"
        asked = ("get", "secrets", "-o", "name", labels, self.where)
        before = kubectl(*asked)  # what was killed once keeps its status in the history
        command = self.command(*arguments)
        with subprocess.Popen(command, cwd=self.project, stdout=DEVNULL, stderr=DEVNULL) as process:
            wait_for(lambda: kubectl(*asked) != before)
            process.kill()

    def __call__(self, *arguments: str) -> str:
        """What helm says.

        Raises:
            RuntimeError: it failed; the text says why.
        """
        command = self.command(*arguments)
        said = subprocess.run(command, cwd=self.project, capture_output=True, text=True)
        if said.returncode:
            raise RuntimeError(f"{' '.join(command)}: {said.stderr}{said.stdout}")
        return said.stdout

    @property
    def where(self) -> str:
        """The namespace, as kubectl and helm are told."""
        return f"--namespace={self.namespace}"

    def command(self, *arguments: str) -> list[str]:
        """What is run."""
        return [self.program, *arguments, self.where]

    def statuses(self, name: str) -> list[str]:
        """What became of each revision of a Helm release, the oldest first."""
        history = json.loads(self("history", name, "--output=json"))
        return [each["status"] for each in history]
