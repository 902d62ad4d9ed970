"""The pods of an API version: how many there are, and how those of a release take over."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, override

from pydantic import AfterValidator, Field, PlainValidator

from infra.config import Example, Section, spelt


def _count(value: Any) -> int | str:
    """Pods: their number, or a share of the replicas."""
    if isinstance(value, str) and re.fullmatch(r"([1-9]?[0-9]|100)%", value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000:
        return value
    raise ValueError(f'{spelt(value)} is no number of pods; write one such as 1 or "25%"')


def _budget(value: Any) -> int | str:
    """Pods that may be taken away at once, which can't be none."""
    if _count(value) in (0, "0%"):
        raise ValueError(
            f"{spelt(value)} would keep every node of a pod from being drained; write 1 or more"
        )
    return value


def _replicas(value: Any) -> int | str:
    """Pods: their number, or that something else decides on it."""
    if value == "external":
        return "external"
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000:
        return value
    raise ValueError(f"{spelt(value)} is no number of pods; write 1 to 1000, or external")


type Replicas = Annotated[int | str, PlainValidator(_replicas, int | str)]
type Budget = Annotated[int | str, PlainValidator(_budget, int | str)]
type Count = Annotated[int | str, PlainValidator(_count, int | str)]


def _metric(value: str) -> str:
    if not re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", value):
        raise ValueError(
            f"{spelt(value)} is not the name of a metric; write one such as model_serving_queued"
        )
    return value


class PodMetric(Section):
    """A metric of each pod, which an adapter in the cluster gives to autoscalers."""

    name: Annotated[str, AfterValidator(_metric), Field(examples=["model_serving_queued"])]
    """The metric's name."""

    value: Annotated[int, Field(ge=1, le=1_000_000_000), Example(8)]
    """The average over the pods that the autoscaler aims at."""


class Disruption(Section):
    """How many pods a cluster may take away at once, as when it drains nodes."""

    max_unavailable: Annotated[Budget, Field(examples=[1])] = 1
    """Pods that may be missing: a number, or a share of all."""


class Autoscaling(Section):
    """How many pods there are, by what they do."""

    min_replicas: Annotated[int, Field(ge=1, le=1_000)] = 2
    """The fewest pods."""

    max_replicas: Annotated[int, Field(ge=1, le=1_000)] = 10
    """The most pods."""

    cpu_percent: Annotated[int, Field(ge=10, le=100)] = 70
    """The use of the processors set aside that the autoscaler aims at, in percent."""

    metric: PodMetric | None = None
    """A metric beside the processors; of the two the one that asks for more pods counts. It needs
    an adapter, such as prometheus-adapter."""

    scale_down_seconds: Annotated[int, Field(ge=0, le=3_600)] = 300
    """Seconds for which fewer pods have to be enough before any goes."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.max_replicas < self.min_replicas:
            yield (
                f"max_replicas: is {self.max_replicas}; write min_replicas, {self.min_replicas},"
                " or more."
            )


class Rollout(Section):
    """How a new release takes over."""

    max_unavailable: Count = 0
    """Pods that may be missing during a rollout: a number, or a share of all."""

    max_surge: Count = "25%"
    """Pods that there may be more of during a rollout: a number, or a share of all."""

    min_ready_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    """Seconds that a new pod has to stay ready before an old one goes."""

    def steps(self, replicas: int) -> int:
        """How often it waits for pods to start, if these are so many."""
        step = _pods(self.max_surge, replicas, up=True) + _pods(self.max_unavailable, replicas)
        return -(-replicas // step)

    def problems_with(self, replicas: int) -> Iterator[str]:
        """Why it would drop requests, or could never begin, if there are so few pods."""
        missing = _pods(self.max_unavailable, replicas)
        if missing >= replicas:
            yield (
                f"max_unavailable: {self.max_unavailable} of {replicas} pods leaves none to"
                " answer during a rollout; write 0."
            )
        elif missing == 0 and _pods(self.max_surge, replicas, up=True) == 0:
            yield (
                f"max_surge: of {replicas} pods it is 0, and so is max_unavailable: a rollout could"
                " never begin; write 1."
            )


def _pods(count: int | str, replicas: int, *, up: bool = False) -> int:
    """A number of pods as Kubernetes counts it."""
    if isinstance(count, int):
        return count
    share = int(count.rstrip("%")) * replicas
    return -(-share // 100) if up else share // 100
