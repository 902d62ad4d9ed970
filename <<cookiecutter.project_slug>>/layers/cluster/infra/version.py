"""What an API version on a cluster can say in a stack's config, and what is wrong with it."""

import re
from collections.abc import Iterator
from typing import Annotated, override

from pydantic import Field

from infra import way_out
from infra.config import ApiVersion, Example
from infra.digest import Digest
from infra.images import TAG
from infra.metadata import Annotations, Labels
from infra.mounts import Mount
from infra.names import Name
from infra.replicas import Autoscaling, Disruption, Replicas, Rollout
from infra.scheme import VersionKeys
from infra.way_out import Pod
from infra.workload import (
    USER,
    Drain,
    Env,
    EnvFrom,
    Resources,
    ServiceAccount,
    Size,
    Toleration,
    User,
)

# What a node may take to start and to pull the image, beside the start of the model.
NODE_SECONDS = 60
# How many pods something else may decide on, as far as waiting for them goes.
EXTERNAL = range(1, 11)


class Version(VersionKeys, ApiVersion):
    """One API version on Kubernetes."""

    digest: Digest | None = None
    """The digest of the release's image; what is pulled then can't change."""

    replicas: Annotated[Replicas, Example(4)] = 2
    """How many pods there are, where autoscaling is not set. With external something else decides
    on it, such as KEDA, and no deploy undoes that."""

    autoscaling: Autoscaling | None = None
    """The number of pods follows their use of processors, in place of replicas. It needs a metrics
    server."""

    disruption: Disruption = Disruption()
    """How many pods the cluster may take away at once, as when it drains nodes."""

    resources: Resources = Resources()
    """What each pod is given."""

    rollout: Rollout = Rollout()
    """How a new release takes over. Numbers that would leave no pod are refused."""

    drain: Drain = Drain()
    """How a pod ends: it goes on while the front learns of it, then it finishes the requests in
    flight."""

    startup_seconds: Annotated[int, Field(ge=5, le=3_600)] = 120
    """Seconds that loading the model may take: the startup probe waits for so long."""

    progress_seconds: Annotated[int | None, Field(ge=30, le=7_200), Example(600)] = None
    """Seconds after which a rollout without progress has failed: a node that starts, the pull of
    the image, and the start of the model are in it. By default startup_seconds, min_ready_seconds
    and a minute."""

    labels: Labels = Field(default_factory=dict)
    """Labels of the API version's objects and pods, beside those of the stack. None of them is
    part of what finds the pods."""

    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the API version's objects and pods, beside those of the stack."""

    env: Env = Field(default_factory=dict)
    """Environment variables of the pods. They win over those of env_from, and the project's own
    over both; docs/how-it-works.md lists what the server reads."""

    env_from: EnvFrom = EnvFrom()
    """Environment variables from what is in the namespace already. The first pods wait until it
    is there."""

    node_selector: Annotated[dict[str, str], Example({"pool": "models"})] = Field(
        default_factory=dict
    )
    """Labels of the nodes that the pods may run on."""

    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that the pods tolerate."""

    service_account: ServiceAccount = ServiceAccount()
    """Who the pods are to the cluster and to its cloud."""

    runtime_class: Annotated[Name | None, Example("nvidia")] = None
    """The RuntimeClass of the pods; the cluster's default if left out."""

    priority_class: Annotated[Name | None, Example("serving")] = None
    """The PriorityClass of the pods; the cluster's default if left out."""

    run_as_user: Annotated[User, Example("assigned")] = USER
    """The user, and group, that the server runs as. With assigned it is whoever the cluster
    assigns, as OpenShift does; the server runs as anybody but root."""

    tmp_size: Annotated[Size, Field(examples=["64Mi"])] = "64Mi"
    """The most that a pod may write to /tmp, the one folder that is not read-only."""

    shm_size: Annotated[Size | None, Field(examples=["1Gi"])] = None
    """The size of /dev/shm, which processes of a pod share. It counts as memory of the pod. Without
    it the nodes decide, usually for 64 MiB."""

    mounts: Annotated[tuple[Mount, ...], Example([{"secret": "ca", "path": "/etc/ca"}])] = ()
    """What is in the namespace already and stands in the file system of the pods."""

    pod: Pod = Field(default_factory=dict)
    """For what there is no key: fields of a Kubernetes PodSpec, as written there, that this project
    does not set, entries for its volumes, initContainers, containers and tolerations, and under
    server what is added to the server's env, volumeMounts and lifecycle.postStart."""

    @property
    def progress_deadline_seconds(self) -> int:
        """When a rollout without progress has failed: a start, and what its node may take."""
        return self.progress_seconds or self._start_seconds + NODE_SECONDS

    @property
    def rollout_seconds(self) -> int:
        """How long Pulumi waits for a rollout: a start for each step, and what a node may take.

        Pods that end are not in it: Kubernetes does not wait for them. One step counts as two, so
        that the deadline above comes first, and with it the reason.
        """
        for_nodes = self.progress_deadline_seconds - self._start_seconds
        return max(2, self._steps) * self._start_seconds + for_nodes

    @property
    def _start_seconds(self) -> int:
        return self.startup_seconds + self.rollout.min_ready_seconds

    @property
    def _steps(self) -> int:
        """The most steps of a rollout: 4 pods may need more of them than 5."""
        return max(self.rollout.steps(pods) for pods in self._pods)

    @property
    def fixed_replicas(self) -> int | None:
        """How many pods there are where nothing but the stack file decides on it."""
        if self.autoscaling or not isinstance(self.replicas, int):
            return None
        return self.replicas

    @property
    def _pods(self) -> range:
        """How many pods there may be."""
        if self.autoscaling:
            return range(self.autoscaling.min_replicas, self.autoscaling.max_replicas + 1)
        if fixed := self.fixed_replicas:
            return range(fixed, fixed + 1)
        return EXTERNAL

    @property
    def fewest_pods(self) -> int:
        """How many pods there are at least."""
        return self._pods.start

    def image(self, repository: str) -> str:
        """The image of this release."""
        return f"{repository}:{self.release}" + (f"@{self.digest}" if self.digest else "")

    @override
    def between_keys(self) -> Iterator[str]:
        if self.autoscaling and "replicas" in self.model_fields_set:
            yield (
                "replicas: is set beside autoscaling, which decides on them; remove one of the two."
            )
        if self.progress_seconds and self.progress_seconds <= self._start_seconds:
            yield (
                f"progress_seconds: is {self.progress_seconds}, and a start may take"
                f" {self._start_seconds}; write more than that."
            )
        yield from way_out.problems(self.pod, self.env)
        paths = [each.path.rstrip("/") for each in self.mounts]
        for place, path in enumerate(paths):
            if path in paths[:place]:
                yield f"mounts.{place}.path: {path} is another mount's already; write another one."
        yield from (f"rollout.{said}" for said in self.rollout.problems_with(self.fewest_pods))
        if not re.fullmatch(TAG, self.release):
            yield (
                f"release: {self.release} can't be the tag of an image and a label; write at most"
                " 63 of 0-9, A-Z, a-z, -, _ and ., a letter or digit last."
            )
