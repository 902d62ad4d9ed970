"""What kubectl says of a namespace: its Deployments, and what belongs to each of them."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

type Object = dict[str, Any]

# Seconds that the cluster may take to answer.
TIMEOUT = 10
REVISION = "deployment.kubernetes.io/revision"
INSTANCE = "app.kubernetes.io/instance"


class Unreadable(Exception):
    """Why a cluster can't be read."""


@dataclass(frozen=True)
class Rollout:
    """A Deployment at one moment, with what belongs to the release that it rolls out.

    first: whether no other release has been there.
    """

    deployment: Object
    replica_set: Object | None
    pods: list[Object]
    first: bool

    @property
    def name(self) -> str:
        """The name of the Deployment."""
        return self.deployment["metadata"]["name"]

    @property
    def seen(self) -> bool:
        """Whether Kubernetes has acted on what the Deployment says by now."""
        acted = self.deployment.get("status", {}).get("observedGeneration", 0)
        return acted >= self.deployment["metadata"]["generation"]

    @property
    def frees(self) -> bool:
        """Whether old pods are still to go, and new ones start, or are not refused."""
        own, new = self.deployment.get("status", {}), self.replica_set or {}
        left = own.get("replicas", 0) > own.get("updatedReplicas", 0)
        pods = new.get("status", {})
        start = pods.get("replicas", 0) > pods.get("availableReplicas", 0)
        refused = condition(new, "ReplicaFailure").get("status") == "True"
        return not self.seen or (left and (start or not refused))

    @property
    def revision(self) -> tuple[str, str]:
        """Another one with each change of the pods."""
        return self.deployment["metadata"]["uid"], revision(self.deployment)


@dataclass(frozen=True)
class Snapshot:
    """All Deployments, ReplicaSets and pods of a namespace at one moment."""

    objects: list[Object]

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def rollout(self, instance: str) -> Rollout | None:
        """The rollout of the Deployment that is labelled as this instance; None without one."""
        for each in self.of("Deployment"):
            if each["metadata"].get("labels", {}).get(INSTANCE) == instance:
                return self._rollout(each)
        return None

    def _rollout(self, deployment: Object) -> Rollout:
        own = [*self._owned("ReplicaSet", deployment)]
        newest = [each for each in own if revision(each) == revision(deployment)]
        replica_set = newest[0] if newest else None
        pods = [*self._owned("Pod", replica_set)] if replica_set else []
        return Rollout(deployment, replica_set, pods, len(own) <= 1)

    def _owned(self, kind: str, owner: Object) -> Iterator[Object]:
        for each in self.of(kind):
            owners = each["metadata"].get("ownerReferences", [])
            if owner["metadata"]["uid"] in [one["uid"] for one in owners]:
                yield each


def revision(thing: Object) -> str:
    """Which state of a Deployment's pods an object has: a number, counted up."""
    return thing["metadata"].get("annotations", {}).get(REVISION, "")


def condition(thing: Object, kind: str) -> Object:
    """A condition in the status of an object; an empty one where there is none."""
    found = thing.get("status", {}).get("conditions", [])
    return next((each for each in found if each["type"] == kind), {})


@dataclass(frozen=True)
class Cluster:
    """A namespace, as kubectl reaches it. context: None is the one that kubectl is set to."""

    namespace: str
    context: str | None = None

    def snapshot(self) -> Snapshot:
        """What is in the namespace now.

        Raises:
            Unreadable: kubectl is missing, or failed.
        """
        return Snapshot(self._get("deployments,replicasets,pods"))

    def warnings(self, rollout: Rollout) -> list[Object]:
        """The events that warn of a rollout, the newest last.

        Raises:
            Unreadable: kubectl is missing, or failed.
        """
        parts = [rollout.deployment, rollout.replica_set, *rollout.pods]
        own = {part["metadata"]["uid"] for part in parts if part}
        events = self._get("events", "--field-selector=type=Warning")
        about = [each for each in events if each.get("involvedObject", {}).get("uid") in own]
        return sorted(about, key=when)

    def _get(self, *what: str) -> list[Object]:
        if not shutil.which("kubectl"):
            raise Unreadable("kubectl is not on the PATH: https://kubernetes.io/docs/tasks/tools")
        context = [f"--context={self.context}"] if self.context else []
        command = ["kubectl", *context, f"--namespace={self.namespace}", "get", *what]
        said = _output([*command, "--output=json", f"--request-timeout={TIMEOUT}s"])
        try:
            return json.loads(said)["items"]
        except (ValueError, KeyError, TypeError):
            raise Unreadable("kubectl does not answer with JSON") from None


def when(event: Object) -> str:
    """When an event was last seen."""
    return event.get("lastTimestamp") or event.get("eventTime") or ""


def _output(command: Sequence[str]) -> str:
    try:
        said = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,  # the terminal is Pulumi's
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(f"the cluster did not answer kubectl in {TIMEOUT} s") from None
    except subprocess.CalledProcessError as failed:
        *_, last = failed.stderr.strip().splitlines() or ["kubectl failed"]
        raise Unreadable(last) from None
    except OSError as error:
        raise Unreadable(f"kubectl does not start: {error}") from None
    return said.stdout
