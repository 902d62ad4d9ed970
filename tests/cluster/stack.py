"""A rendered project on a Kubernetes cluster: what its program registers is applied there."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.project import program

type Object = dict[str, Any]

# What is not set of the variables that say where a cluster is.
NO_CLUSTER = [name for name in ("KUBECONFIG", "GATEWAY_URL") if name not in os.environ]
# Quick for a test, and still one pod after the other.
QUICK: dict[str, Any] = {"rollout": {"min_ready_seconds": 1}, "startup_seconds": 30}
# What everything else needs, in this order.
FIRST = ("Namespace", "ServiceAccount")
# What kubectl says where the way to the cluster broke; a busy machine may starve it.
LOST = ("Unable to connect to the server", "connection lost", "connection refused", "i/o timeout")


def is_forced(wanted: Object) -> bool:
    """Whether Pulumi takes the fields of an object from whoever changed them by hand."""
    return wanted["metadata"].get("annotations", {}).get("pulumi.com/patchForce") == "true"


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
class OnCluster:
    """The stack `dev` of a project, in a namespace on the cluster.

    python: of an environment with what the program needs. folder: scratch.
    """

    project: Path
    python: Path
    folder: Path
    exports: dict[str, str] = field(default_factory=dict, init=False)

    def register(self, **keys: Any) -> list[Object]:
        """The resources that the program registers with these keys, by type and inputs.

        Raises:
            RuntimeError: the program refused; the text says why.
        """
        folder = self.folder / str(time.time_ns())
        command = program(self.project, folder, self.python, **keys)
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if said.returncode:
            raise RuntimeError(said.stderr)
        registered = json.loads(said.stdout)
        self.exports = registered["exports"]
        return registered["resources"]

    @property
    def namespace(self) -> str:
        """Where everything stands."""
        return self.exports["namespace"]

    def down(self) -> None:
        """Delete everything."""
        if self.exports:
            kubectl("delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")


@dataclass
class Stack(OnCluster):
    """What the program registers is applied as it is; `repository`: of images."""

    scheme: str
    repository: str
    objects: set[tuple[str, str]] = field(default_factory=set, init=False)

    def up(self, *, edit: Any = None, **keys: Any) -> None:
        """Deploy with these keys.

        Raises:
            RuntimeError: the program or the cluster refused; the text says why.
        """
        for arguments in self.commands(edit=edit, **keys):
            kubectl(*arguments)

    def commands(self, *, edit: Any = None, **keys: Any) -> list[list[str]]:
        """What kubectl does to deploy with these keys.

        It applies what the program registers, and deletes what it no longer does.
        edit: changes an object before it is applied, to see what its absence costs.

        Raises:
            RuntimeError: the program refused; the text says why.
        """
        inputs = [each["inputs"] for each in self.register(**keys)]
        wanted = [each for each in inputs if "kind" in each]
        wanted.sort(key=lambda each: [each["kind"] != first for first in FIRST])
        for each in wanted if edit else ():
            edit(each)
        commands = []
        for forced in (False, True):
            path = self.folder / f"objects-{forced}.json"
            items = [each for each in wanted if is_forced(each) is forced]
            if not items:  # which kubectl refuses
                continue
            path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
            own = ["--force-conflicts"] if forced else []
            commands.append(
                ["apply", "--server-side", "--field-manager=pulumi", *own, "-f", str(path)]
            )
        names = {(each["kind"], each["metadata"]["name"]) for each in wanted}
        if gone := [f"{kind}/{name}" for kind, name in sorted(self.objects - names)]:
            commands.append(
                ["delete", *gone, f"--namespace={self.namespace}", "--ignore-not-found"]
            )
        self.objects |= names
        return commands

    def killed(self, after: str, **keys: Any) -> None:
        """Deploy with these keys, and kill what does so as soon as it says that it did this."""
        for arguments in self.commands(**keys):
            with subprocess.Popen(["kubectl", *arguments], stdout=PIPE, text=True) as process:
                assert process.stdout
                if any(after in line for line in process.stdout):
                    process.kill()
                    return
        raise AssertionError(f"nothing was done to {after}")

    def rolled_out(self, version: str, seconds: int = 90) -> None:
        """Wait until the release of a version has taken over; RuntimeError where it doesn't."""
        name = f"deployment/{self.exports[f'{version}_deployment']}"
        where = f"--namespace={self.namespace}"
        kubectl("rollout", "status", name, where, f"--timeout={seconds}s")

    def rollouts(self) -> list[list[str]]:
        """What kubectl waits for, as Pulumi does."""
        names = [name for export, name in self.exports.items() if export.endswith("_deployment")]
        own = [f"--namespace={self.namespace}", "--timeout=90s"]
        return [["rollout", "status", f"deployment/{name}", *own] for name in names]

    def check(self, **keys: Any) -> subprocess.CompletedProcess[str]:
        """What `make check` says of what is deployed where the stack file has these keys."""
        path = self.project / "Pulumi.dev.yaml"
        config = yaml.safe_load(path.read_text("utf-8"))["config"]
        config |= {f"iris:{name}": value for name, value in keys.items()}
        path.with_name("Pulumi.live.yaml").write_text(yaml.safe_dump({"config": config}), "utf-8")
        outputs = self.folder / "outputs.json"
        outputs.write_text(json.dumps(self.exports), "utf-8")
        gateway = urlsplit(os.environ["GATEWAY_URL"])
        address = f"{gateway.hostname}:{gateway.port or 80}"
        where = ["--outputs", outputs, "--address", address]
        command = [self.python, "-m", "tools.check", "live", *where]
        return subprocess.run(command, cwd=self.project, capture_output=True, text=True)

    def get(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        found = kubectl("get", kind, f"--namespace={self.namespace}", "--output=json")
        return json.loads(found)["items"]
