"""What a stack on AWS can say in its config, and what is wrong with it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr

from infra import scheme
from infra.config import VERSION_NAME, ApiVersion, Section, VersionName, spelt
from infra.openapi import Auth
from infra.problems import Problems, mapping
from infra.scheme import StackKeys
from infra.stack import checked, running


def _topic(value: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+", value):
        raise ValueError(f"{spelt(value)} is not an SNS topic; write its ARN")
    return value


type Topic = Annotated[str, AfterValidator(_topic)]


@dataclass(frozen=True)
class Stack:
    """What the resources of one API version may know beside that version."""

    project: str
    name: str
    log_retention_days: int
    alarm_topic: str | None
    tracing: bool

    @property
    def prefix(self) -> str:
        """How the names of this stack's resources start."""
        return f"{self.project}-{self.name}"


@dataclass(frozen=True)
class Given:
    """What Pulumi hands over of a stack.

    raw: the project's own keys as they are. config: all keys, as text. previewing: refuse
    placeholders too.
    """

    project: str
    stack: str
    raw: Mapping[str, Any]
    config: Mapping[str, str]
    previewing: bool

    @property
    def served(self) -> dict[str, dict[str, Any]]:
        """The keys of the versions that are not retired, whatever else is wrong."""
        listed = mapping(self.raw.get("versions"))
        own = {name: mapping(keys) for name, keys in listed.items()}
        return {
            name: keys
            for name, keys in own.items()
            if keys.get("state") != "retired" and re.fullmatch(VERSION_NAME, name)
        }


class Throttle(Section):
    """What one method of the front takes before it answers 429."""

    rate: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Requests per second, in the long run."""

    burst: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Requests at once."""


class AwsSettings[V: ApiVersion](StackKeys):
    """The config of a stack on AWS."""

    versions: Annotated[dict[VersionName, V], Field(min_length=1)]
    """The API versions and their releases. Take none out before its clients are gone: retire it."""

    auth: Auth = "api_key"
    """Who may call. api_key: whoever sends it as X-API-Key. iam: who signs. none: everybody."""

    throttle: Annotated[Throttle, Field(examples=[{"rate": 50, "burst": 100}])] = Throttle()
    """How many requests each method of the front takes."""

    log_retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653,
    ] = 30  # fmt: skip
    """Days that CloudWatch keeps the logs."""

    alarm_topic: Topic | None = None
    """The SNS topic that alarms go to; without one they only show in CloudWatch."""

    tracing: bool = False
    """Trace requests with X-Ray."""

    manage_account_logging: bool = False
    """Log every request and error of the APIs. Sets the region's role for that; it stays."""

    protect: bool = False
    """Refuse to delete or replace what carries the public URL."""

    _stack: Stack = PrivateAttr()
    _contracts: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def stack(self) -> Stack:
        """What a component of one API version is handed beside that version."""
        return self._stack

    @property
    def contracts(self) -> dict[str, str]:
        """The text of the contract of each API version that is served."""
        return self._contracts

    @property
    def served(self) -> dict[str, V]:
        """The API versions that answer predictions: all but the retired ones."""
        return {name: each for name, each in self.versions.items() if each.state != "retired"}

    @classmethod
    def load(cls) -> Self:
        """The config of the stack that runs.

        Raises:
            pulumi.RunError: it can't be used; one sentence per problem.
        """
        return running(cls.read)

    @classmethod
    def read(
        cls, project: str, stack: str, config: Mapping[str, str], *, previewing: bool = False
    ) -> Self:
        """The config of a stack as Pulumi hands it over: text, mappings as JSON.

        previewing: refuse placeholders too.

        Raises:
            Problems: it can't be used; one sentence per problem.
        """
        raw, settings, problems = checked(cls, project, stack, config)
        given = Given(project, stack, raw, config, previewing)
        problems += cls.own_problems(given)
        contracts: dict[str, str] = {}
        for name in given.served:
            contracts[name], said = _contract(name)
            problems += said
        if settings is None or problems:
            raise Problems("\n".join(problems))
        settings._stack = Stack(
            project,
            stack,
            settings.log_retention_days,
            settings.alarm_topic,
            settings.tracing,
        )
        settings._contracts = contracts
        return settings

    @classmethod
    def own_problems(cls, given: Given) -> Iterator[str]:
        """What is wrong between the keys of a scheme, and what a target adds to that."""
        yield from scheme.problems(given.raw, previewing=given.previewing)


def _contract(api_version: str) -> tuple[str, list[str]]:
    """The text of a contract, and why it can't be used."""
    path = Path("contracts", f"{api_version}.json")
    remedy = f"get it from the commit that made {api_version}, or run `make contract` there"
    if not path.exists():
        return "", [f"versions.{api_version}: {path} is missing; {remedy}."]
    text = path.read_text(encoding="utf-8", errors="replace")
    with suppress(ValueError):
        if f"/{api_version}/predict" in mapping(mapping(json.loads(text)).get("paths")):
            return text, []
    return "", [f"versions.{api_version}: {path} is no contract of {api_version}; {remedy}."]
