"""What each pod of an API version is given, where it may run, and how it ends."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, override

from pydantic import AfterValidator, Field, PlainValidator

from infra.config import Example, Section, spelt
from infra.metadata import Annotations
from infra.names import DOMAIN, Name
from infra.ours import not_ours

USER = 10001  # as in the Dockerfile
AMOUNT = r"([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)(Mi|Gi)"


def _cpu(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(m|\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*", value):
        raise ValueError(f'{spelt(value)} is no number of processors; write one such as "500m"')
    return value


def _memory(value: str) -> str:
    if not re.fullmatch(AMOUNT, value):
        raise ValueError(f'{spelt(value)} is no amount of memory; write one such as "512Mi"')
    return value


def _size(value: str) -> str:
    if not re.fullmatch(AMOUNT, value):
        raise ValueError(f'{spelt(value)} is no size; write one such as "2Gi"')
    return value


def _device(value: str) -> str:
    if not re.fullmatch(rf"{DOMAIN}[A-Za-z0-9]([A-Za-z0-9._-]{{0,61}}[A-Za-z0-9])?", value):
        raise ValueError(f"{spelt(value)} is no device; write one such as nvidia.com/gpu")
    return value


def _user(value: Any) -> int | str:
    """Who the processes are to the node: a number, or whoever the cluster assigns."""
    if value == "assigned":
        return "assigned"
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31:
        return value
    raise ValueError(
        f"{spelt(value)} is no user; write assigned, or a number from 1 to {2**31 - 1:,}"
    )


def _variable(value: str) -> str:
    not_ours("env", value)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError(f"{spelt(value)} is no environment variable; use A-Z, 0-9 and _")
    return value


type Cpu = Annotated[str, AfterValidator(_cpu)]
type Size = Annotated[str, AfterValidator(_size)]
type User = Annotated[int | str, PlainValidator(_user, int | str)]
type Env = Annotated[
    dict[Annotated[str, AfterValidator(_variable)], str], Example({"MAX_BATCH": "64"})
]


class Resources(Section):
    """What each pod is given."""

    cpu: Annotated[Cpu, Field(examples=["500m"])] = "500m"
    """Processors set aside for each pod; it may use more where they are idle."""

    memory: Annotated[str, AfterValidator(_memory), Field(examples=["512Mi"])] = "512Mi"
    """Memory set aside for each pod, and the most that it may use."""

    cpu_limit: Annotated[Cpu | None, Field(examples=["1"])] = None
    """The most processors that each pod may use, idle ones too. Set it where the namespace has a
    quota on limits.cpu, or a LimitRange whose default is less than cpu."""

    ephemeral_storage: Annotated[Size | None, Field(examples=["2Gi"])] = None
    """Disk of the node set aside for each pod, and the most that it may use: for its logs, and for
    what it writes to /tmp."""

    devices: Annotated[
        dict[Annotated[str, AfterValidator(_device)], Annotated[int, Field(ge=1, le=64)]],
        Example({"nvidia.com/gpu": 1}),
    ] = Field(default_factory=dict)
    """Devices that each pod has for itself, such as GPUs, by the name that the cluster gives
    them."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.cpu_limit and _processors(self.cpu_limit) < _processors(self.cpu):
            yield (
                f"cpu_limit: is {self.cpu_limit}, and {self.cpu} are set aside; write that or more."
            )


def _processors(value: str) -> Decimal:
    """A number of processors as a number."""
    return Decimal(value.rstrip("m")) / (1_000 if value.endswith("m") else 1)


class ServiceAccount(Section):
    """Who the pods are to the cluster and to its cloud."""

    name: Annotated[Name | None, Example("iris")] = None
    """A ServiceAccount that is in the namespace already. Without it the API version has one of its
    own, without permissions."""

    annotations: Annotations = Field(default_factory=dict)
    """Annotations of its own ServiceAccount: by these a cloud gives the pods an identity."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.name and self.annotations:
            yield (
                "annotations: is set beside name, and that ServiceAccount is not ours to annotate;"
                " remove one of the two."
            )


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

    seconds: Annotated[int | None, Field(ge=0, le=86_400), Example(300)] = None
    """How long pods stay on a node that gets the taint, with effect: NoExecute; for ever if left
    out. Pods on a dead node (node.kubernetes.io/unreachable and not-ready) stay for 60 seconds."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.seconds is not None and self.effect != "NoExecute":
            yield "seconds: is set, and only NoExecute ends pods; write effect: NoExecute."


# A node that nobody hears of: Kubernetes itself would wait for five minutes.
DEAD = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
DEAD_SECONDS = 60


def with_dead_nodes(own: tuple[Toleration, ...]) -> tuple[Toleration, ...]:
    """Tolerations, and how long pods stay on a dead node where these don't say so."""
    named = {each.key for each in own}
    missing = (key for key in DEAD if key not in named)
    return (
        *own,
        *(Toleration(key=key, effect="NoExecute", seconds=DEAD_SECONDS) for key in missing),
    )
