"""What a stack on AWS can say in its config, and what is wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, override

from pydantic import AfterValidator, Field

from infra import clients, encryption, reach, sign_in, web_acl
from infra.clients import Clients
from infra.config import Example, Section, spelt
from infra.contracts import Contract
from infra.cors import Cors
from infra.encryption import KmsKey
from infra.given import Given
from infra.reach import Private
from infra.roles import EXAMPLE_BOUNDARY, RoleKeys
from infra.sign_in import Auth
from infra.stack import StackSettings
from infra.version import AwsVersion
from infra.web_acl import WebAcl


def _topic(value: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+", value):
        raise ValueError(f"{spelt(value)} is not an SNS topic; write its ARN")
    return value


type Topic = Annotated[
    str, AfterValidator(_topic), Example("arn:aws:sns:eu-central-1:123456789012:alarms")
]


@dataclass(frozen=True)
class Stack:
    """What the resources of one API version may know beside that version."""

    project: str
    name: str
    log_retention_days: int
    alarm_topic: str | None
    tracing: bool
    role: RoleKeys
    kms_key: str | None
    cors: Cors | None

    @property
    def prefix(self) -> str:
        """How the names of this stack's resources start."""
        return f"{self.project}-{self.name}"


class Throttle(Section):
    """What one method of the front takes before it answers 429."""

    rate: Annotated[int, Field(ge=1, le=100_000)] = 50
    """Requests per second, on average."""

    burst: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Requests that may arrive at once."""


class AwsSettings[V: AwsVersion](StackSettings[V]):
    """The config of a stack on AWS."""

    auth: Auth = "api_key"
    """Who may call. With api_key, callers send a key in the header X-API-Key. With iam, they sign
    with AWS credentials. With none, everybody may call, and every run warns of it. With
    {cognito: …} or {authorizer: …}, they send a token in the header Authorization."""

    clients: Clients = Field(default_factory=dict)
    """Clients with keys of their own, each with a usage plan, beside the first key. `make key
    CLIENT=acme` prints one. Another client changes nothing of these."""

    default_key: bool = True
    """Whether the stack has a key that belongs to no client, which is its first. With false it
    goes, and whoever has it can no longer call."""

    throttle: Annotated[Throttle, Field(examples=[{"rate": 50, "burst": 100}])] = Throttle()
    """How many requests each method of the front takes before it answers 429."""

    cors: Cors | None = None
    """Pages of other origins that browsers let call the API. Without this key they let none."""

    web_acl: WebAcl | None = None
    """The ARN of a web ACL of AWS WAF, regional and in the region of the stack, that sees each
    request first. What it blocks is answered 403."""

    private: Private | None = None
    """APIs that are called from a network of yours alone, through VPC endpoints. They have no
    domain."""

    log_retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653,
    ] = 30  # fmt: skip
    """Days that CloudWatch keeps the logs."""

    alarm_topic: Topic | None = None
    """The ARN of the SNS topic that alarms go to; without one they only show in CloudWatch."""

    tracing: bool = False
    """Trace requests with X-Ray."""

    manage_account_logging: bool = False
    """Log the errors of the APIs, and every request unless access_logs is false. This sets the
    role with which API Gateway writes logs, for all APIs of the account in this region, and leaves
    it there when the stack goes."""

    access_logs: Annotated[bool | None, Example(True)] = None
    """Log every request of the APIs: who called, the status, and what the service behind said. The
    account must have a role with which API Gateway writes logs in this region: another stack may
    manage it. Without this key, manage_account_logging decides."""

    role: Annotated[RoleKeys, Example({"boundary": EXAMPLE_BOUNDARY})] = Field(
        default_factory=RoleKeys
    )
    """What every role has that this stack makes. With manage_account_logging that is the account's
    role for logs too: the boundary must let it write them."""

    kms_key: KmsKey | None = None
    """The ARN of a key in KMS, in the region of the stack, in place of AWS's own: for logs and all
    that runs a model. Its policy must let in who uses it, as docs/how-it-works.md lists them."""

    protect: bool = False
    """Refuse to delete or replace what carries the public URL. Before such a stack can be
    destroyed, write false and deploy."""

    @property
    def stack(self) -> Stack:
        """What a component of one API version is handed beside that version."""
        return Stack(
            self._given.project,
            self._given.stack,
            self.log_retention_days,
            self.alarm_topic,
            self.tracing,
            self.role,
            self.kms_key,
            self.cors,
        )

    @property
    def logs_requests(self) -> bool:
        """Whether each request is a line in a log."""
        return self.manage_account_logging if self.access_logs is None else self.access_logs

    @cached_property
    def contracts(self) -> dict[str, str]:
        """The text of the contract of each API version that is served."""
        return {name: Contract(name).text for name in self.served}

    @classmethod
    @override
    def own_problems(cls, given: Given) -> Iterator[str]:
        yield from super().own_problems(given)
        yield from clients.problems(given)
        yield from sign_in.problems(given)
        yield from reach.problems(given)
        yield from web_acl.problems(given)
        yield from encryption.problems(given)
        for path in sorted(Path().glob("Pulumi.*.yaml")):
            other = path.stem.removeprefix("Pulumi.")
            if other != given.stack and other.lower() == given.stack.lower():
                yield (
                    f"stack: {given.stack!r} and {other!r}, of {path}, differ only in case, and to"
                    " AWS the names of their roles are the same; rename one of them."
                )

    @classmethod
    @override
    def missing_artefacts(cls, given: Given) -> Iterator[str]:
        yield from super().missing_artefacts(given)
        for name in given.served:
            yield from (f"versions.{name}: {said}" for said in Contract(name).problems())
        for name, version in cls._sound(given):
            yield from (f"versions.{name}.{said}" for said in version.missing())
