"""Which rollouts of a stack have failed, judged by how they look from time to time.

What was there before the watch began is never held against a deploy, nor is what belongs to
another release: the pods of an old one may be as broken as they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tools.cluster import Cluster, Object, Rollout, Snapshot, condition, when

# Seconds in which a registry, or a policy that is about to change, may still come round.
MOMENT = 12
# Why a container waits, and will go on waiting: nothing in the cluster changes an image.
NO_IMAGE = {"ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName"}
# The same with a Secret or ConfigMap that isn't there; the first pods may wait for it.
NO_CONFIG = {"CreateContainerConfigError"}
# Why a container waits where nothing is wrong.
STARTING = {"", "ContainerCreating", "PodInitializing"}
# What an admission plugin, a policy or a webhook says where it was asked, and refused.
REFUSED = ("is forbidden", "denied the request")
QUOTA = "exceeded quota"
# So many of the last events are shown.
EVENTS = 6

# When a reason is final.
type Final = Literal["now", "if it lasts", "never"]


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a rollout by now. final: whether it is known to have failed."""

    rollout: Rollout
    reason: str
    final: bool


class Watch:
    """Looks at some rollouts. instances: their labels, and whether an autoscaler is at work."""

    def __init__(self, instances: Mapping[str, bool], before: Snapshot) -> None:
        self.instances, self.before = instances, before
        self.old = {each["metadata"]["uid"] for each in before.objects}
        self.since: dict[tuple[str, str], float] = {}
        self.pod_ended: float | None = None

    def look(self, now: Snapshot, clock: float) -> list[Trouble]:
        """What is wrong with the rollouts that began after the watch did.

        clock: seconds, from whenever; they are compared with those of earlier looks.
        """
        if any("deletionTimestamp" in each["metadata"] for each in now.of("Pod")):
            self.pod_ended = clock
        seen = self.since
        self.since = {}
        found: list[Trouble] = []
        for instance, autoscaled in self.instances.items():
            rollout = now.rollout(instance)
            if rollout and rollout.seen and self._began(instance, rollout, autoscaled=autoscaled):
                for subject, reason, final in self._reasons(instance, rollout):
                    key = (subject, final)
                    self.since[key] = since = seen.get(key, clock)
                    over = final == "if it lasts" and self._over(reason, since, clock)
                    found.append(Trouble(rollout, reason, final == "now" or over))
        return found

    def _began(self, instance: str, rollout: Rollout, *, autoscaled: bool) -> bool:
        """Whether there are other pods now, or, where no autoscaler decides that, more of them."""
        before = self.before.rollout(instance)
        if before is None or before.revision != rollout.revision:
            return True
        generations = (each.deployment["metadata"]["generation"] for each in (before, rollout))
        return not autoscaled and len({*generations}) > 1

    def _reasons(self, instance: str, rollout: Rollout) -> Iterator[tuple[str, str, Final]]:
        """Of what something is wrong, what, and when that is final."""
        before = self.before.rollout(instance)
        progress = condition(rollout.deployment, "Progressing")
        if progress.get("reason") == "ProgressDeadlineExceeded" and not (
            before and progress == condition(before.deployment, "Progressing")
        ):
            yield rollout.name, _said(progress), "now"
        refusal = condition(rollout.replica_set or {}, "ReplicaFailure")
        if refusal.get("status") == "True" and refusal not in self._old_refusals():
            said = _said(refusal)
            asked = any(sign in said for sign in REFUSED)
            yield rollout.name, said, "if it lasts" if asked else "never"
        for pod in rollout.pods:
            own = pod["metadata"]
            if own["uid"] not in self.old and "deletionTimestamp" not in own:
                for name, said in waiting(pod):
                    hopeless = name in NO_IMAGE or (name in NO_CONFIG and not rollout.first)
                    yield own["name"], said, "if it lasts" if hopeless else "never"

    def _old_refusals(self) -> list[Object]:
        return [condition(each, "ReplicaFailure") for each in self.before.of("ReplicaSet")]

    def _over(self, reason: str, since: float, clock: float) -> bool:
        """Whether a reason has lasted too long to pass.

        A pod that ends gives back its part of a quota. Kubernetes tries again later and later: at
        the latest after as long again as it has tried in vain.
        """
        until = since + MOMENT
        if QUOTA in reason and self.pod_ended is not None and self.pod_ended > since:
            until = max(until, self.pod_ended + (self.pod_ended - since) + MOMENT)
        return clock >= until


def waiting(pod: Object) -> Iterator[tuple[str, str]]:
    """Why a pod does not start: names and sentences of its containers' reasons, or its node's."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield scheduled.get("reason", ""), _said(scheduled)
    status = pod.get("status", {})
    for each in (
        *status.get("initContainerStatuses", []),
        *status.get("containerStatuses", []),
    ):
        reason = each.get("state", {}).get("waiting", {})
        name = reason.get("reason", "")
        if name not in STARTING:
            ended = each.get("lastState", {}).get("terminated", {})
            last = f" (it ended with {ended['exitCode']})" if "exitCode" in ended else ""
            yield name, f"{_said(reason)}{last}"


def _said(state: Object) -> str:
    """The reason of a condition, a state or an event, and what is said of it."""
    return f"{state.get('reason', '')}: {state.get('message', '')}"


def report(cluster: Cluster, troubles: list[Trouble]) -> str:
    """What is wrong with some rollouts, and the last events of each.

    Raises:
        Unreadable: the cluster can't be read any more.
    """
    lines: list[str] = []
    for name, rollout in {each.rollout.name: each.rollout for each in troubles}.items():
        lines += ["", f"{name} did not roll out:"]
        lines += [f"  {each.reason}" for each in troubles if each.rollout.name == name][:EVENTS]
        lines += [f"  pod {each['metadata']['name']}: {_state(each)}" for each in rollout.pods]
        events = cluster.warnings(rollout)[-EVENTS:]
        lines += ["  The last events:"] if events else []
        lines += [
            f"  {when(each)} {each['involvedObject']['name']} {_said(each)}" for each in events
        ]
    return "\n".join(lines)


def _state(pod: Object) -> str:
    """A pod in a few words."""
    reasons = [name for name, _ in waiting(pod)]
    ready = condition(pod, "Ready").get("status") == "True"
    return ", ".join(reasons) or ("ready" if ready else "not ready")
