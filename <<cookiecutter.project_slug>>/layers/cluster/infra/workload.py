"""What each pod of an API version is given, where it may run, and how it ends."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt
from infra.names import Name


def _cpu(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(m|\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*", value):
        raise ValueError(f'{spelt(value)} is no number of processors; write one such as "500m"')
    return value


def _memory(value: str) -> str:
    if not re.fullmatch(r"([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)(Mi|Gi)", value):
        raise ValueError(f'{spelt(value)} is no amount of memory; write one such as "512Mi"')
    return value


class Resources(Section):
    """What each pod is given."""

    cpu: Annotated[str, AfterValidator(_cpu), Field(examples=["500m"])] = "500m"
    """Processors set aside for each pod; it may use more where they are idle."""

    memory: Annotated[str, AfterValidator(_memory), Field(examples=["512Mi"])] = "512Mi"
    """Memory set aside for each pod, and the most that it may use."""


class Drain(Section):
    """How a pod ends."""

    pre_stop_seconds: Annotated[int, Field(ge=3, le=120)] = 5
    """Seconds that the pod goes on as before: the front's time to learn that it ends."""

    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """Seconds that the requests in flight may take after that."""


class EnvFrom(Section):
    """Environment variables from what is in the namespace already."""

    secrets: Annotated[tuple[Name, ...], Example(["iris-credentials"])] = ()
    """Names of Secrets: each of their entries is a variable."""

    config_maps: Annotated[tuple[Name, ...], Example(["iris-options"])] = ()
    """Names of ConfigMaps: each of their entries is a variable."""


class Toleration(Section):
    """A taint of nodes that the pods tolerate."""

    key: Annotated[str, Example("dedicated")]
    """The taint's key."""

    value: Annotated[str | None, Example("models")] = None
    """The taint's value; any value if left out."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; any effect if left out."""
