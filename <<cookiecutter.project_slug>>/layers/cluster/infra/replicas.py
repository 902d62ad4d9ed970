"""The pods of an API version: how many there are, and how those of a release take over."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, override

from pydantic import Field, PlainValidator

from infra.config import Section, spelt


def _count(value: Any) -> int | str:
    """Pods: their number, or a share of the replicas."""
    if isinstance(value, str) and re.fullmatch(r"([1-9]?[0-9]|100)%", value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000:
        return value
    raise ValueError(f'{spelt(value)} is no number of pods; write one such as 1 or "25%"')


type Count = Annotated[int | str, PlainValidator(_count, int | str)]


class Autoscaling(Section):
    """How many pods there are, by what they do."""

    min_replicas: Annotated[int, Field(ge=1, le=1_000)] = 2
    """The fewest pods."""

    max_replicas: Annotated[int, Field(ge=1, le=1_000)] = 10
    """The most pods."""

    cpu_percent: Annotated[int, Field(ge=10, le=100)] = 70
    """The use of the processors set aside that the autoscaler aims at, in percent."""

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
