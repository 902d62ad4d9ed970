"""Which rollouts of a stack have failed, judged by how they look from time to time.

What was there before the watch began is never held against a deploy, nor is what belongs to
another release: the pods of an old one may be as broken as they are.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.cluster import Cluster, Object, Rollout, Snapshot, Unreadable, condition, when

# For how many seconds a reason has to last to be final. A node tries again in a moment. A
# controller waits twice as long each time, 5 ms at first: its 13th try comes 20 s after the first.
NOW, MOMENT, LONGER, NEVER = 0, 12, 22, math.inf
# Why a container waits, and will go on waiting: nothing in the cluster changes an image.
NO_IMAGE = {"ErrImageNeverPull", "InvalidImageName"}
# The same where a registry has answered, and this is what it said; not a part of an image's name.
NOT_PULLED = {"ErrImagePull", "ImagePullBackOff"}
ANSWERED = re.compile(
    r"(?<![\w/.-])"
    r"(not found|(manifest|name) unknown|unauthorized|denied|authentication required)"
    r"(?![\w/-])",
    re.IGNORECASE,
)
# The same with a Secret or ConfigMap that isn't there; the first pods may wait for it.
NO_CONFIG = {"CreateContainerConfigError"}
# Why a container waits where nothing is wrong.
STARTING = {"", "ContainerCreating", "PodInitializing"}
# What an admission plugin, a policy or a webhook says where it was asked, and refused.
REFUSED = re.compile("is forbidden|denied the request")
QUOTA = "exceeded quota"
# What passes, whatever else is said.
PASSES = re.compile(
    "status unknown for quota|error looking up service account|not yet ready to handle request|"
    "timed out waiting for the condition|i/o timeout|too ?many ?requests",
    re.IGNORECASE,
)
# So many of the last events are shown.
EVENTS = 6


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
        self.since: dict[tuple[str, float], float] = {}
        # When there may have been room in a quota that there wasn't before.
        self.room = -math.inf
        # What was last said of a pull, by pod: a back-off of Kubernetes 1.30 names no cause.
        self.pulls: dict[str, str] = {}

    def look(self, now: Snapshot, clock: float) -> list[Trouble]:
        """What is wrong with the rollouts that began after the watch did.

        clock: seconds, from whenever; they are compared with those of earlier looks.
        """
        begun = {
            instance: rollout
            for instance, autoscaled in self.instances.items()
            if (rollout := now.rollout(instance))
            and self._began(instance, rollout, autoscaled=autoscaled)
        }
        ends = ("deletionTimestamp" in each["metadata"] for each in now.of("Pod"))
        if any(ends) or any(each.frees for each in begun.values()):
            self.room = clock
        seen = self.since
        self.since = {}
        found: list[Trouble] = []
        for instance, rollout in begun.items():
            for subject, reason, lasts in self._reasons(instance, rollout) if rollout.seen else ():
                key = (subject, lasts)
                self.since[key] = since = seen.get(key, clock)
                if QUOTA in reason and self.room > since:
                    # What ends gives back its part. The controller tries again at the latest after
                    # as long again as it has tried in vain.
                    since = 2 * self.room - since
                found.append(Trouble(rollout, reason, clock >= since + lasts))
        return found

    def _began(self, instance: str, rollout: Rollout, *, autoscaled: bool) -> bool:
        """Whether there are other pods now, or, where no autoscaler decides that, more of them."""
        before = self.before.rollout(instance)
        if before is None or before.revision != rollout.revision:
            return True
        generations = (each.deployment["metadata"]["generation"] for each in (before, rollout))
        return not autoscaled and len({*generations}) > 1

    def _reasons(self, instance: str, rollout: Rollout) -> Iterator[tuple[str, str, float]]:
        """Of what something is wrong, what, and how long that has to last."""
        before = self.before.rollout(instance)
        progress = condition(rollout.deployment, "Progressing")
        if progress.get("reason") == "ProgressDeadlineExceeded" and not (
            before and progress == condition(before.deployment, "Progressing")
        ):
            yield rollout.name, _said(progress), NOW
        refusal = condition(rollout.replica_set or {}, "ReplicaFailure")
        if refusal.get("status") == "True" and refusal not in self._old_refusals():
            said = _said(refusal)
            asked = REFUSED.search(said) and not PASSES.search(said)
            yield rollout.name, said, LONGER if asked else NEVER
        for pod in rollout.pods:
            own = pod["metadata"]
            if own["uid"] not in self.old and "deletionTimestamp" not in own:
                for name, said in waiting(pod):
                    if name == "ErrImagePull":
                        self.pulls[own["uid"]] = said
                    whole = said + self.pulls.get(own["uid"], "")
                    hopeless = (
                        name in NO_IMAGE
                        or (name in NOT_PULLED and ANSWERED.search(whole))
                        or (name in NO_CONFIG and not rollout.first)
                    )
                    passes = not hopeless or PASSES.search(whole)
                    yield own["name"], said, NEVER if passes else MOMENT

    def _old_refusals(self) -> list[Object]:
        return [condition(each, "ReplicaFailure") for each in self.before.of("ReplicaSet")]


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
    """What is wrong with some rollouts, and the last events of each."""
    lines: list[str] = []
    for name, rollout in {each.rollout.name: each.rollout for each in troubles}.items():
        lines += ["", f"What is wrong with {name}:"]
        lines += [f"  {each.reason}" for each in troubles if each.rollout.name == name][:EVENTS]
        lines += [f"  pod {each['metadata']['name']}: {_state(each)}" for each in rollout.pods]
        try:
            events = cluster.warnings(rollout)[-EVENTS:]
        except Unreadable as reason:
            lines.append(f"  The last events can't be read: {reason}")
            continue
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
