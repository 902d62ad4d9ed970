"""What clients call: the front of a stack."""

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import Field

from infra import scheme, traffic
from infra.config import Example, Section
from infra.given import Given
from infra.metadata import Annotations
from infra.names import ClassName, Name, NamespaceName
from infra.problems import mapping
from infra.traffic import Block

type Exposure = Literal["gateway", "ingress", "load_balancer", "none"]

# What an exposure of this name needs, as it is written, and the key for several of it.
NEEDED = {"gateway": "{name: public, namespace: gateways}", "ingress": "{class_name: nginx}"}
MORE = {"gateway": "gateways"}
# Keys that say more of an exposure, and are refused with another.
KEYS = {
    "gateway": "gateway",
    "gateways": "gateway",
    "ingress": "ingress",
    "load_balancer": "load_balancer",
}
# What keeps a load balancer inside: on AWS by either of its controllers, on Azure, on Google Cloud.
INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "Internal",
}


class Gateway(Section):
    """The Gateway that routes hang on. TLS, and from where it takes routes, is its business."""

    name: Annotated[Name, Field(examples=["public"])]
    """The Gateway's name."""

    namespace: Annotated[NamespaceName, Field(examples=["gateways"])]
    """The Gateway's namespace."""

    listener: Annotated[Name | None, Example("websecure")] = None
    """The listener that routes attach to; without this key, all listeners, one without TLS too."""

    https: bool = True
    """Whether clients reach the Gateway with https: the exported URLs start so."""


class Ingress(Section):
    """The Ingress controller."""

    class_name: Annotated[Name, Field(examples=["nginx"])]
    """The name of the controller's IngressClass."""

    tls_secret: Annotated[Name | None, Example("iris-tls")] = None
    """The Secret in the namespace with the certificate of the host names; without one, clients
    use http."""

    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the Ingress, by which its controller is told more."""


class LoadBalancer(Section):
    """The load balancer of each API version."""

    internal: bool = False
    """Whether only the cloud's own network reaches it, on AWS, Azure and Google Cloud; otherwise it
    is open to everybody, without TLS."""

    annotations: Annotations = Field(default_factory=dict)
    """Annotations of the Service, by which a cloud sets up its load balancer."""

    class_: Annotated[ClassName | None, Example("service.k8s.aws/nlb"), Field(alias="class")] = None
    """Which controller makes it; the cloud's own if left out. It can't be changed later."""

    source_ranges: Annotated[tuple[Block, ...], Example(["10.0.0.0/8"])] = ()
    """Addresses that the load balancer takes requests from; all if left out. Not every cloud's
    heeds it."""

    @property
    def is_public(self) -> bool:
        """Whether anybody reaches it, as far as this project knows."""
        return not (self.internal or self.source_ranges)

    @property
    def all_annotations(self) -> dict[str, str]:
        """Those of people, and before them those that make it internal."""
        return (INTERNAL if self.internal else {}) | self.annotations


def problems(given: Given) -> Iterator[str]:
    """What the chosen exposure needs, and what another one would need."""
    expose = given.raw.get("expose", "gateway")
    if expose not in get_args(Exposure.__value__):
        return
    if expose not in scheme.EXPOSURES:
        *others, last = scheme.EXPOSURES
        yield (
            f"expose: is {expose}, which can't tell API versions apart by {scheme.NAME}; write"
            f" {', '.join(others)} or {last}."
        )
    for kind, example in NEEDED.items():
        if expose == kind and not any(given.raw.get(key) for key in (kind, MORE.get(kind, ""))):
            yield f"{kind}: is missing, and expose is {kind}; add one such as {example}."
    for kind, exposure in KEYS.items():
        if expose != exposure and given.raw.get(kind):
            yield f"{kind}: is set, and expose is {expose}; remove it, or write expose: {exposure}."
    if given.raw.get("gateway") and given.raw.get("gateways"):
        yield "gateways: is set beside gateway; put both into gateways, and remove gateway."
    yield from traffic.problems(expose, mapping(given.raw.get("network")))
