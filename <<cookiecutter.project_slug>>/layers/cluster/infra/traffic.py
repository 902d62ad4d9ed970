"""Who reaches the pods, and whom they reach, where a cluster enforces NetworkPolicies."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, override

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt
from infra.names import NamespaceName

# Whose pods send what clients ask for.
CALLERS = {
    "gateway": "the namespace of the Gateway's proxies",
    "ingress": "the Ingress controller's namespace",
    "none": "the namespaces of those who may",
}
# Keys that a NetworkPolicy alone heeds.
OF_A_POLICY = ("allow_from", "allow_blocks", "allow_ports", "call")


def _block(value: str) -> str:
    try:
        ipaddress.ip_network(value if "/" in value else "")
    except ValueError:
        raise ValueError(
            f"{spelt(value)} is no block of addresses; write one such as 10.0.0.0/8"
        ) from None
    return value


type Block = Annotated[str, AfterValidator(_block)]
type Port = Annotated[int, Field(ge=1, le=65_535)]


class Call(Section):
    """Whom the pods may call, beside the names of the cluster."""

    block: Annotated[Block | None, Example("10.0.0.0/8")] = None
    """A block of addresses."""

    namespace: Annotated[NamespaceName | None, Example("istio-system")] = None
    """A namespace of the cluster."""

    ports: Annotated[tuple[Port, ...], Field(examples=[[443]]), Example([443])]
    """The TCP ports there."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.block and self.namespace:
            yield "namespace: is set beside block; make them two entries."
        if not (self.block or self.namespace):
            yield "block: is missing, and so is namespace; add one of the two."
        if not self.ports:
            yield "ports: is empty; list the TCP ports, such as 443."


class Network(Section):
    """Who reaches the pods, and whom they reach."""

    enforce: bool = True
    """Whether there is a NetworkPolicy. With false anybody in the cluster reaches the pods, or
    whoever another policy of the namespace lets in."""

    allow_from: Annotated[tuple[NamespaceName, ...] | None, Example(["gateways"])] = None
    """Namespaces whose pods may ask for predictions; by default the Gateway's, where allow_blocks
    is not set. If the Gateway's proxies run in another namespace, list that one."""

    allow_blocks: Annotated[tuple[Block, ...], Example(["10.0.0.0/8"])] = ()
    """Blocks of addresses that may ask for predictions: those of a load balancer that is outside
    of the cluster, as with an ALB or the Gateways of a cloud."""

    allow_ports: Annotated[tuple[Port, ...], Example([15008])] = ()
    """TCP ports of the pods that anybody may reach: a service mesh's own, by which it brings what
    it has let in."""

    call: Annotated[tuple[Call, ...], Example([{"block": "0.0.0.0/0", "ports": [443]}])] = ()
    """Whom the pods may call beside the names of the cluster (DNS): what the model asks, a mesh's
    control plane, a cloud that gives identities."""

    metrics_from: Annotated[tuple[NamespaceName, ...], Example(["monitoring"])] = ()
    """Namespaces whose pods may read the metrics. Where it lists one, the pods are annotated for a
    Prometheus that looks for them."""

    @override
    def between_keys(self) -> Iterator[str]:
        for key in OF_A_POLICY:
            if not self.enforce and getattr(self, key):
                yield f"{key}: is set, and enforce is false; remove one of the two."


def problems(expose: str, network: Mapping[str, Any]) -> Iterator[str]:
    """Callers that nobody lets in, or that nothing could tell apart."""
    allowed = network.get("allow_from")
    whose = CALLERS.get(expose)
    nobody = allowed == [] or (allowed is None and expose != "gateway")
    if whose and nobody and not network.get("allow_blocks") and network.get("enforce") is not False:
        said = "is missing" if allowed is None else "is empty"
        yield f"network.allow_from: {said}, so nobody may call; list {whose}."
    if expose == "load_balancer" and allowed:
        yield (
            "network.allow_from: is set, and a load balancer's packets come from anywhere;"
            " remove it."
        )
