"""What each pod of an API version is given, where it may run, and how it ends."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from infra.config import Section, spelt
from infra.names import Name


def _cpu(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(m|\.[0-9]+)?|0\.[0-9]*[1-9]", value):
        raise ValueError(f'{spelt(value)} is no number of processors; write one such as "500m"')
    return value


def _memory(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(Mi|Gi)", value):
        raise ValueError(f'{spelt(value)} is no amount of memory; write one such as "512Mi"')
    return value


class Resources(Section):
    """What each pod is given."""

    cpu: Annotated[str, AfterValidator(_cpu), Field(examples=["500m"])] = "500m"
    """Processors set aside; more may be used where they are idle."""

    memory: Annotated[str, AfterValidator(_memory), Field(examples=["512Mi"])] = "512Mi"
    """Memory set aside, and the most that may be used."""


class Drain(Section):
    """How a pod ends."""

    pre_stop_seconds: Annotated[int, Field(ge=3, le=120)] = 5
    """How long it goes on as before: the front's time to learn of it."""

    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """How long what is in flight then may take."""


class EnvFrom(Section):
    """Environment variables from what is in the namespace already."""

    secrets: tuple[Name, ...] = ()
    """Secrets."""

    config_maps: tuple[Name, ...] = ()
    """ConfigMaps."""


class Toleration(Section):
    """A taint of nodes that the pods put up with."""

    key: str
    """The taint's key."""

    value: str | None = None
    """Its value; any if left out."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Its effect; any if left out."""
