"""Where clients reach an API version."""

from typing import Any

import pulumi

from infra import scheme
from infra.cluster import Stack
from infra.version import Version


def base_url(
    api_version: str,
    version: Version,
    stack: Stack,
    service: pulumi.Input[str],
    status: pulumi.Output[Any],
) -> pulumi.Output[str]:
    """The address that `/predict` is appended to.

    service: its name. status: of that Service, for a load balancer.
    """
    config = stack.config
    host = next(iter(scheme.hosts(config, version)), None)
    if stack.gateways:
        protocol = "https" if stack.gateways[0].https else "http"
        front = pulumi.Output.from_input(f"{protocol}://{host}")
    elif config.ingress:
        protocol = "https" if config.ingress.tls_secret else "http"
        front = pulumi.Output.from_input(f"{protocol}://{host}")
    elif config.expose == "load_balancer":
        if config.load_balancer.is_public:
            pulumi.log.warn(
                f"{api_version}: its load balancer is open to everybody, without TLS. To close it,"
                " set load_balancer.internal or load_balancer.source_ranges."
            )
        front = status.apply(_address)
    else:
        front = pulumi.Output.concat("http://", service, ".", stack.namespace.name, ".svc")
    return pulumi.Output.concat(front, scheme.path(api_version).rstrip("/"))


def _address(status: Any) -> str:
    """Where the load balancer of a Service listens."""
    entry = status.load_balancer.ingress[0]
    return f"http://{entry.hostname or entry.ip}"
