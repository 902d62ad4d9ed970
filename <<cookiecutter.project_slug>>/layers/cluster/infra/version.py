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

# How long Pulumi waits for a Deployment, unless told otherwise.
PULUMI_SECONDS = 600


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
        """When a rollout without progress has failed: before Pulumi gives up, after 600 s."""
        return self.startup_seconds + self.rollout.min_ready_seconds + 60

    @property
    def rollout_seconds(self) -> int:
        """How long Pulumi waits for a rollout: every step may take as long as a start may."""
        pods = self.autoscaling.max_replicas if self.autoscaling else self.replicas
        start = self.startup_seconds + self.rollout.min_ready_seconds
        return max(PULUMI_SECONDS, self.rollout.steps(pods) * start + 60)

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
