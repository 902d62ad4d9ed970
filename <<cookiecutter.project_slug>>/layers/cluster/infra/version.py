"""What an API version on a cluster can say in a stack's config, and what is wrong with it."""

import re
from collections.abc import Iterator
from typing import Annotated, override

from pydantic import Field

from infra.config import ApiVersion, Example
from infra.digest import Digest
from infra.images import TAG
from infra.replicas import Autoscaling, Rollout
from infra.scheme import VersionKeys
from infra.workload import Drain, EnvFrom, Resources, Toleration

# What a node may take to start and to pull the image, beside the start of the model.
NODE_SECONDS = 60


class Version(VersionKeys, ApiVersion):
    """One API version on Kubernetes."""

    digest: Digest | None = None
    """The digest of the release's image; what is pulled then can't change."""

    replicas: Annotated[int, Field(ge=1, le=1_000)] = 2
    """How many pods there are, where autoscaling is not set."""

    autoscaling: Autoscaling | None = None
    """The number of pods follows their use of processors, in place of replicas. It needs a
    metrics server. Turn it on at a quiet hour: until it acts, there is one pod."""

    resources: Resources = Resources()
    """What each pod is given."""

    rollout: Rollout = Rollout()
    """How a new release takes over. Numbers that would leave no pod are refused."""

    drain: Drain = Drain()
    """How a pod ends: it goes on while the front learns of it, then it finishes the requests in
    flight."""

    startup_seconds: Annotated[int, Field(ge=5, le=420)] = 120
    """Seconds that loading the model may take: the startup probe waits for so long."""

    env_from: EnvFrom = EnvFrom()
    """Environment variables from what is in the namespace already. The first pods wait until it
    is there."""

    node_selector: Annotated[dict[str, str], Example({"pool": "models"})] = Field(
        default_factory=dict
    )
    """Labels of the nodes that the pods may run on."""

    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that the pods tolerate."""

    @property
    def progress_deadline_seconds(self) -> int:
        """When a rollout without progress has failed: a start, and what its node may take."""
        return self._start_seconds + NODE_SECONDS

    @property
    def rollout_seconds(self) -> int:
        """How long Pulumi waits for a rollout: a start for each step, and what a node may take.

        Pods that end are not in it: Kubernetes does not wait for them. One step counts as two, so
        that the deadline above comes first, and with it the reason.
        """
        return max(2, self._steps) * self._start_seconds + NODE_SECONDS

    @property
    def _start_seconds(self) -> int:
        return self.startup_seconds + self.rollout.min_ready_seconds

    @property
    def _steps(self) -> int:
        """The most steps of a rollout: 4 pods may need more of them than 5."""
        if self.autoscaling is None:
            return self.rollout.steps(self.replicas)
        fewest, most = self.autoscaling.min_replicas, self.autoscaling.max_replicas
        return max(self.rollout.steps(pods) for pods in range(fewest, most + 1))

    @property
    def fewest_pods(self) -> int:
        """How many pods there are at least."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas

    def image(self, repository: str) -> str:
        """The image of this release."""
        return f"{repository}:{self.release}" + (f"@{self.digest}" if self.digest else "")

    @override
    def between_keys(self) -> Iterator[str]:
        if self.autoscaling and "replicas" in self.model_fields_set:
            yield (
                "replicas: is set beside autoscaling, which decides on them; remove one of the two."
            )
        yield from (f"rollout.{said}" for said in self.rollout.problems_with(self.fewest_pods))
        if not re.fullmatch(TAG, self.release):
            yield (
                f"release: {self.release} can't be the tag of an image and a label; write at most"
                " 63 of 0-9, A-Z, a-z, -, _ and ., a letter or digit last."
            )
