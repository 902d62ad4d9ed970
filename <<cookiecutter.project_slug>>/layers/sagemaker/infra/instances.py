"""The instances of an API version: how many there are, and how those of a release take over."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, override

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from infra.config import Example, Section, spelt
from infra.problems import mapping

# How long an update may take before SageMaker takes it back: less than Pulumi waits, an hour.
UPDATE_SECONDS = 3_300
# How long new instances are watched where nothing else is said, the old ones being kept.
WATCHED_SECONDS = 600
# How long instances take to start, more or less.
START_SECONDS = 300
ALL_AT_ONCE = "all_at_once"


def _instance_type(value: str) -> str:
    if not re.fullmatch(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+", value):
        raise ValueError(f"{spelt(value)} is no instance type; write one such as ml.c5.large")
    return value


def _ways(value: Any) -> Any:
    """Its one word without settings as the mapping that it stands for."""
    if value == ALL_AT_ONCE:
        return {}
    if isinstance(value, dict) and len({"canary", "rolling"} - {*mapping(value)}) == 1:
        return mapping(value)
    raise ValueError(f"is {spelt(value)}; write {ALL_AT_ONCE}, {{canary: …}} or {{rolling: …}}")


class _OrOneWord:
    """For editors."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(core_schema), {"const": ALL_AT_ONCE}]}


type InstanceType = Annotated[str, AfterValidator(_instance_type)]


class Scaling(Section):
    """How many instances there are, by what they are asked."""

    min_instances: Annotated[int, Field(ge=1, le=1_000)] = 1
    """The fewest instances."""

    max_instances: Annotated[int, Field(ge=1, le=1_000)] = 4
    """The most instances."""

    invocations_per_instance: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Calls per minute that each instance is to get; measure how many yours can answer."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.max_instances < self.min_instances:
            yield (
                f"max_instances: is {self.max_instances}; write min_instances,"
                f" {self.min_instances}, or more."
            )


class Canary(Section):
    """A part of the new instances takes its share of the calls first, then all."""

    percent: Annotated[int, Field(ge=1, le=50)] = 10
    """How many of the new instances take calls first, in percent: one at least."""

    wait_seconds: Annotated[int, Field(ge=300, le=1_000)] = WATCHED_SECONDS
    """Seconds that they, and then all new instances, are watched: the alarms need three minutes
    and more. The old instances stay for as long again."""


class Rolling(Section):
    """The instances are replaced a batch at a time."""

    percent: Annotated[int, Field(ge=5, le=50)] = 25
    """How many of the instances are a batch, in percent: one at least."""

    wait_seconds: Annotated[int, Field(ge=300, le=1_500)] = 300
    """Seconds that each batch is watched: the alarms need three minutes and more."""


class Rollout(Section):
    """How a new release takes over; without either, all at once beside the old instances."""

    canary: Canary | None = None
    """A part of the new instances takes its share of the calls first, then all of them."""

    rolling: Rolling | None = None
    """The instances are replaced a batch at a time; there are never twice as many."""

    @property
    def kind(self) -> Literal["canary", "rolling"] | None:
        """Which of the two that take the instances in parts."""
        return "canary" if self.canary else "rolling" if self.rolling else None

    def seconds(self, instances: int, start: int = START_SECONDS) -> int:
        """How long it takes with so many instances that each start so long, more or less."""
        if self.rolling:
            batch = max(1, instances * self.rolling.percent // 100)
            steps = -(-instances // batch)
            return steps * (start + self.rolling.wait_seconds)
        if self.canary:
            # It is watched, then all are, then the old ones are kept.
            return start + 3 * self.canary.wait_seconds
        return start + 2 * WATCHED_SECONDS


# No `type`: that would be a step of its own in the JSON Schema, above the keys.
Takeover = Annotated[
    Rollout,
    BeforeValidator(_ways),
    _OrOneWord(),
    Example({"canary": {"percent": 10, "wait_seconds": WATCHED_SECONDS}}),
    Field(json_schema_extra={"default": ALL_AT_ONCE}),
]
