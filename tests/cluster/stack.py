"""A rendered project on a Kubernetes cluster: what its program registers is applied there."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.project import program

type Object = dict[str, Any]

# What is not set of the variables that say where a cluster is.
NO_CLUSTER = [name for name in ("KUBECONFIG", "GATEWAY_URL") if name not in os.environ]
# Quick for a test, and still one pod after the other.
QUICK: dict[str, Any] = {"rollout": {"min_ready_seconds": 1}, "startup_seconds": 30}
# What an object of a kind is applied after.
ORDER = ("Namespace", "ServiceAccount", "NetworkPolicy", "Deployment")


# What kubectl says where the way to the cluster broke; a busy machine may starve it.
LOST = ("Unable to connect to the server", "connection lost", "connection refused")


def kubectl(*arguments: str, given: str | None = None) -> str:
    """What kubectl says of the cluster that KUBECONFIG names.

    It is asked three times where the connection is lost: all that is asked here can be repeated.

    Raises:
        RuntimeError: it failed; the text says why.
    """
    for remaining in (2, 1, 0):
        said = subprocess.run(["kubectl", *arguments], input=given, capture_output=True, text=True)
        if said.returncode == 0:
            return said.stdout
        if remaining == 0 or not any(sign in said.stderr for sign in LOST):
            break
        time.sleep(2)
    raise RuntimeError(f"kubectl {' '.join(arguments)}: {said.stderr}")


@dataclass
class Stack:
    """The stack `dev` of a project on the cluster.

    python: of an environment with what the program needs. folder: scratch. repository: of images.
    """

    scheme: str
    project: Path
    python: Path
    folder: Path
    repository: str
    objects: dict[tuple[str, str], Object] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)

    def up(self, *, edit: Any = None, **keys: Any) -> None:
        """Deploy with these keys: apply what the program registers, delete what it no longer does.

        edit: changes an object before it is applied, to see what its absence costs.

        Raises:
            RuntimeError: the program or the cluster refused; the text says why.
        """
        folder = self.folder / str(time.time_ns())
        command = program(self.project, folder, self.python, **keys)
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if said.returncode:
            raise RuntimeError(said.stderr)
        registered = json.loads(said.stdout)
        self.exports = registered["exports"]
        inputs = [each["inputs"] for each in registered["resources"] if "kind" in each["inputs"]]
        wanted = {(each["kind"], each["metadata"]["name"]): each for each in inputs}
        for key in sorted(wanted, key=_order):
            if edit:
                edit(wanted[key])
            self._apply(wanted[key])
        for key in self.objects.keys() - wanted.keys():
            kind, name = key
            namespace = self.objects[key]["metadata"].get("namespace", "default")
            kubectl("delete", kind, name, "--namespace", namespace, "--ignore-not-found")
        self.objects = wanted

    def _apply(self, wanted: Object) -> None:
        kubectl(
            "apply", "--server-side", "--field-manager=pulumi", "-f", "-", given=json.dumps(wanted)
        )

    @property
    def namespace(self) -> str:
        """Where everything stands."""
        return self.exports["namespace"]

    def rolled_out(self, version: str, seconds: int = 90) -> None:
        """Wait until the release of a version has taken over; RuntimeError where it doesn't."""
        name = self.exports[f"{version}_deployment"]
        kubectl(
            "rollout",
            "status",
            f"deployment/{name}",
            "--namespace",
            self.namespace,
            f"--timeout={seconds}s",
        )

    def get(self, kind: str, name: str = "") -> Any:
        """An object, or all of a kind."""
        names = [name] if name else []
        return json.loads(
            kubectl("get", kind, *names, "--namespace", self.namespace, "--output=json")
        )

    def down(self) -> None:
        """Delete everything."""
        for kind, name in self.objects:
            if kind == "Namespace":
                kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def _order(key: tuple[str, str]) -> tuple[int, str]:
    kind, name = key
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), name)
