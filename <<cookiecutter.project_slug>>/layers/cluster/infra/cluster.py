"""What a stack on a cluster can say in its config, and what is wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, override

from pydantic import Field

from infra import clients, exposure, images, scheme
from infra.clients import Clients, HeaderName
from infra.config import Example, Section
from infra.exposure import Exposure, Gateway, Ingress, LoadBalancer
from infra.given import Given
from infra.images import Image
from infra.metadata import Annotations, Labels
from infra.metrics import Metrics
from infra.names import NAMESPACE, NamespaceName
from infra.problems import mapping
from infra.scheme import StackKeys
from infra.stack import StackSettings
from infra.traffic import Network
from infra.version import Version

# Stands in the stack files until somebody writes their own.
PLACEHOLDER_CONTEXT = "placeholder"
# What a cloud may take to make a load balancer.
LOAD_BALANCER_SECONDS = 600
MEANINGS = " ".join(f"{name}: {meaning}." for name, meaning in scheme.EXPOSURES.items())


class Namespace(Section):
    """Where everything of the stack stands."""

    name: Annotated[NamespaceName, Example("iris")]
    """The namespace's name; the project's other stacks need another one."""

    create: bool = True
    """Whether the stack makes the namespace, and deletes it with all that is in it."""

    labels: Annotated[Labels, Example({"istio-injection": "enabled"})] = Field(default_factory=dict)
    """Labels of the namespace alone, beside those of the stack."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.labels and not self.create:
            yield (
                "labels: is set, and create is false: that namespace is not ours to label; remove"
                " one of the two."
            )


class StackConfig(StackKeys):
    """What the API versions of a stack share."""

    image: Annotated[Image, Field(examples=[{"repository": "ghcr.io/you/iris"}])]
    """Where the images are, of all API versions and releases."""

    expose: Annotated[
        Exposure,
        Field(
            description=f"What clients call. {MEANINGS}",
            # Not those that the scheme can't tell API versions apart by.
            json_schema_extra={"enum": [*scheme.EXPOSURES]},
        ),
    ] = "gateway"

    gateway: Annotated[
        Gateway | None, Field(examples=[{"name": "public", "namespace": "gateways"}])
    ] = None
    """The Gateway that routes attach to. It is needed with expose: gateway, and refused otherwise.
    The Gateway itself says what TLS it has, and from which namespaces it takes routes."""

    gateways: tuple[Gateway, ...] = ()
    """Several Gateways that routes attach to, in place of gateway; the exported URLs start as the
    first one's."""

    ingress: Annotated[Ingress | None, Field(examples=[{"class_name": "nginx"}])] = None
    """The Ingress controller. It is needed with expose: ingress, and refused otherwise."""

    load_balancer: Annotated[LoadBalancer, Example({"internal": True})] = LoadBalancer()
    """The load balancer of each API version, with expose: load_balancer."""

    namespace: Annotated[Namespace | None, Field(examples=[{"name": "iris"}])] = None
    """Where everything of the stack stands; by default a namespace of its own, named after project
    and stack, such as iris-dev."""

    network: Annotated[Network, Example({"metrics_from": ["monitoring"]})] = Network()
    """Who reaches the pods, and whom they reach."""

    metrics: Metrics = Metrics()
    """Who is told of the metrics of the pods."""

    client_header: Annotated[HeaderName | None, Example("X-Client")] = None
    """The header by which clients name themselves, for `make callers` and the log. Nothing is
    checked by it: whoever calls may write any name."""

    clients: Annotated[Clients, Example(["acme", "beta"])] = ()
    """The clients that metrics and log tell apart by client_header; whoever writes another name is
    other, and who writes none is none."""

    labels: Labels = Field(default_factory=dict)
    """Labels of every object and pod of the stack. None of them is part of what finds the pods."""

    annotations: Annotations = Field(default_factory=dict)
    """Annotations of every object and pod of the stack."""


@dataclass(frozen=True)
class Stack:
    """What the resources of one API version may know beside that version."""

    project: str
    name: str
    config: StackConfig

    @property
    def namespace(self) -> Namespace:
        """Where everything stands."""
        return self.config.namespace or Namespace(name=self.own_namespace(self.project, self.name))

    @property
    def front_seconds(self) -> int:
        """How long the address of a new API version may take."""
        return LOAD_BALANCER_SECONDS if self.config.expose == "load_balancer" else 0

    def labels(self, version: Version) -> dict[str, str]:
        """What people label an API version with."""
        return {**self.config.labels, **version.labels}

    def annotations(self, version: Version) -> dict[str, str]:
        """What people annotate an API version with."""
        return {**self.config.annotations, **version.annotations}

    @staticmethod
    def own_namespace(project: str, stack: str) -> str:
        """The name of a namespace of the stack's own."""
        return f"{project}-{stack}".lower()

    @property
    def allow_from(self) -> tuple[str, ...]:
        """The namespaces whose pods may ask for predictions."""
        if self.config.network.allow_from is not None:
            return self.config.network.allow_from
        if self.config.network.allow_blocks or not self.config.network.enforce:
            return ()
        return tuple(dict.fromkeys(each.namespace for each in self.gateways))

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """The Gateways that routes attach to."""
        return self.config.gateways or ((self.config.gateway,) if self.config.gateway else ())


class ClusterSettings[V: Version](StackSettings[V], StackConfig):
    """The config of a stack on a cluster."""

    @property
    def stack(self) -> Stack:
        """What a component of one API version is handed beside that version."""
        shared = {name: getattr(self, name) for name in StackConfig.model_fields}
        config = StackConfig.model_construct(**shared)
        return Stack(self._given.project, self._given.stack, config)

    @classmethod
    @override
    def own_problems(cls, given: Given) -> Iterator[str]:
        yield from super().own_problems(given)
        yield from exposure.problems(given)
        yield from images.problems(given)
        yield from clients.problems(given)
        yield from _unread(given)
        if given.deploying and given.config.get("kubernetes:context") == PLACEHOLDER_CONTEXT:
            yield (
                "kubernetes:context: is a placeholder; write the cluster's, as `kubectl config"
                " get-contexts` lists it."
            )
        own = Stack.own_namespace(given.project, given.stack)
        if given.raw.get("namespace") is None and not re.fullmatch(NAMESPACE, own):
            yield f"namespace: is missing, and {own} can't be one; add its name."


def _unread(given: Given) -> Iterator[str]:
    """Metrics for a Prometheus that nobody lets in."""
    network, metrics = mapping(given.raw.get("network")), mapping(given.raw.get("metrics"))
    monitored = metrics.get("pod_monitor") is not None or True in (
        metrics.get("rules"),
        metrics.get("dashboard"),
    )
    if monitored and not network.get("metrics_from") and network.get("enforce") is not False:
        yield (
            "network.metrics_from: is missing, so nobody may read the metrics; list the namespace"
            " of Prometheus."
        )
