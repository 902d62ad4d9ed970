"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError

from infra import scheme
from infra.archive import Archive
from infra.config import VERSION_NAME, ApiVersion, Section, VersionName, spelt
from infra.openapi import Auth
from infra.problems import Problems, contract, mapping
from infra.scheme import StackKeys, VersionKeys
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


class Version(VersionKeys, ApiVersion):
    """One API version on Lambda."""

    memory_mb: Annotated[int, Field(ge=128, le=10_240)] = 1_024
    """Memory of the function in MB; its share of processors grows with it (1,769: one)."""

    timeout_seconds: Annotated[int, Field(ge=1, le=28)] = 10
    """Seconds that one prediction may take; API Gateway gives up after 29."""

    architecture: Literal["arm64", "x86_64"] = "arm64"
    """Processor; `make build ARCH=…` makes the zip for it. arm64 costs less."""

    reserved_concurrency: Annotated[int, Field(ge=0)] | None = None
    """Most calls at once, set aside from the account's limit. 0 stops this version."""


class Throttle(Section):
    """What one method of the front takes before it answers 429."""

    rate: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Requests per second, in the long run."""

    burst: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Requests at once."""


class Settings(StackKeys):
    """The config of a stack on Lambda."""

    versions: Annotated[dict[VersionName, Version], Field(min_length=1)]
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
    """Trace requests with X-Ray, through API and function."""

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
    def served(self) -> dict[str, Version]:
        """The API versions that answer predictions: all but the retired ones."""
        return {name: each for name, each in self.versions.items() if each.state != "retired"}

    @classmethod
    def load(cls) -> "Settings":
        """The config of the stack that runs.

        Raises:
            pulumi.RunError: it can't be used; one sentence per problem.
        """
        return running(cls.read)

    @classmethod
    def read(
        cls, project: str, stack: str, config: Mapping[str, str], *, previewing: bool = False
    ) -> "Settings":
        """The config of a stack as Pulumi hands it over: text, mappings as JSON.

        previewing: refuse placeholders too.

        Raises:
            Problems: it can't be used; one sentence per problem.
        """
        raw, settings, problems = checked(cls, project, stack, config)
        problems += scheme.problems(raw, previewing=previewing)
        contracts: dict[str, str] = {}
        for name, version in _deployable(raw).items():
            archive = Archive(project, version.release, version.architecture)
            problems += (f"versions.{name}.release: {said}" for said in archive.problems(name))
            contracts[name], said = contract(name)
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


def _deployable(raw: Mapping[str, Any]) -> dict[str, Version]:
    """The versions served, as far as their artefacts can be told, whatever else is wrong."""
    found: dict[str, Version] = {}
    for name, keys in mapping(raw.get("versions")).items():
        own = mapping(keys)
        if own.get("state") != "retired" and re.fullmatch(VERSION_NAME, name):
            needed = own.keys() & {"release", "architecture"}
            with suppress(ValidationError):
                found[name] = Version.model_validate({key: own[key] for key in needed})
    return found
