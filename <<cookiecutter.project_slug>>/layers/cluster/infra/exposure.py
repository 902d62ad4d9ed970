"""What clients call, and who reaches the pods."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from infra import scheme
from infra.config import Example, Section
from infra.given import Given
from infra.names import Name, NamespaceName
from infra.problems import mapping

type Exposure = Literal["gateway", "ingress", "load_balancer", "none"]

# What an exposure of this name needs, as it is written.
NEEDED = {"gateway": "{name: public, namespace: gateways}", "ingress": "{class_name: nginx}"}
# Whose pods send what clients ask for.
CALLERS = {
    "gateway": "the namespace of the Gateway's proxies",
    "ingress": "the Ingress controller's namespace",
    "none": "the namespaces of those who may",
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


class Network(Section):
    """Who reaches the pods, by namespace."""

    allow_from: Annotated[tuple[NamespaceName, ...] | None, Example(["gateways"])] = None
    """Namespaces whose pods may ask for predictions; by default the Gateway's. If the Gateway's
    proxies run in another namespace, list that one."""

    metrics_from: Annotated[tuple[NamespaceName, ...], Example(["monitoring"])] = ()
    """Namespaces whose pods may read the metrics."""


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
        if expose == kind and given.raw.get(kind) is None:
            yield f"{kind}: is missing, and expose is {kind}; add one such as {example}."
        if expose != kind and given.raw.get(kind) is not None:
            yield f"{kind}: is set, and expose is {expose}; remove it, or write expose: {kind}."
    yield from _callers(expose, mapping(given.raw.get("network")))


def _callers(expose: Exposure, network: Mapping[str, Any]) -> Iterator[str]:
    """Callers that nobody lets in, or that nothing could tell apart."""
    allowed = network.get("allow_from")
    whose = CALLERS.get(expose)
    if whose and (allowed == [] or (allowed is None and expose != "gateway")):
        said = "is missing" if allowed is None else "is empty"
        yield f"network.allow_from: {said}, so nobody may call; list {whose}."
    if expose == "load_balancer" and allowed:
        yield (
            "network.allow_from: is set, and a load balancer's packets come from anywhere;"
            " remove it."
        )
