"""What a stack needs beside the keys of its scheme, for each exposure that the scheme allows."""

from typing import Any

from tests import scheme
from tests.program import Program
from tests.stacks import TWO, Stacks

NAMESPACE = "kubernetes:core/v1:Namespace::iris-dev"
_KEYS: dict[str, dict[str, Any]] = {
    "gateway": {},
    "ingress": {
        "gateway": None,
        "ingress": {"class_name": "nginx", "tls_secret": "iris-tls"},
        "network": {"allow_from": ["ingress"]},
    },
    "load_balancer": {"gateway": None},
    "none": {"gateway": None, "network": {"allow_from": ["team-a", "team-b"]}},
}
EXPOSURES: dict[str, dict[str, Any]] = {
    name: {"expose": name} | _KEYS[name] for name in scheme.EXPOSURES
}
# The keys of a front whose requests are not encrypted.
WITHOUT_TLS: dict[str, dict[str, Any]] = {
    "gateway": {"gateway": {"name": "public", "namespace": "gateways", "https": False}},
    "ingress": {"ingress": {"class_name": "nginx"}},
}


def exposed(stacks: Stacks, expose: str, **keys: Any) -> Program:
    """A stack that serves v1 and v2 this way."""
    return stacks.run(**EXPOSURES[expose] | keys)


def urls(expose: str, balancer: str) -> dict[str, str]:
    """What such a stack exports of its namespace and front. `balancer`: {} is an API version."""
    expected = {"namespace": "iris-dev"}
    for version in TWO:
        match expose:
            case "load_balancer":
                base = f"http://{balancer.format(version)}"
            case "none":
                base = f"http://iris-{version}.iris-dev.svc{scheme.path(version)}"
            case _:
                base = f"https://{scheme.host(version)}{scheme.path(version)}"
        expected |= {f"{version}_base_url": base, f"{version}_url": f"{base}/predict"}
    return expected
