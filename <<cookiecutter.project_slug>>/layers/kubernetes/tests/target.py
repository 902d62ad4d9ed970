"""What this target makes of a stack `dev` of a project `iris`."""

from typing import Any

from tests.exposures import EXPOSURES, NAMESPACE, urls
from tests.program import Program
from tests.stacks import STACK, TWO

# Stacks to look at as a whole, by name.
STACKS = EXPOSURES
# How many objects of an API version Pulumi waits for.
WAITING = 2
# Types of what still answers for a version that is retired.
STAYS: tuple[str, ...] = ()
# What each event changes, beside what comes and goes with it.
CHANGES: dict[str, set[str]] = {
    "v3 is added": set(),
    "v2 has a new release": {"Deployment iris-v2"},
    "v1 is deprecated": {"Deployment iris-v1"},
    "v1 is retired": set(),
}
# What no infra/organisation.py may change, by the kind of resource: paths in its inputs.
PROMISED: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector", "spec.strategy", "spec.template.spec.securityContext"),
    "HTTPRoute": ("spec",),
    "NetworkPolicy": ("spec",),
    "PodDisruptionBudget": ("spec.selector",),
    "Service": ("spec.selector",),
}
# What of it one breaks that takes actions, namespaces, policies and selectors away.
BROKEN = {"Deployment spec.selector", "PodDisruptionBudget spec.selector", "Service spec.selector"}
# The front of each exposure.
FRONTS = {
    "gateway": "gateway.networking.k8s.io/v1:HTTPRoute",
    "ingress": "networking.k8s.io/v1:Ingress",
}


def exports(stack: str) -> dict[str, str]:
    """What a stack that serves v1 and v2 says."""
    expected = urls(stack, "iris-{}.lb.example.com")
    for version in TWO:
        name = f"iris-{version}"
        expected |= {f"{version}_deployment": name, f"{version}_service": name}
    return expected


def parents(stack: str) -> dict[str, str]:
    """Of what each resource of such a stack is a part."""
    expected = {NAMESPACE: STACK}
    for name in (f"iris-{version}" for version in TWO):
        service, route = f"infra:service:ModelService::{name}", f"infra:route:Route::{name}"
        expected |= {service: STACK, route: STACK}
        for kind in (
            "apps/v1:Deployment",
            "core/v1:Service",
            "core/v1:ServiceAccount",
            "networking.k8s.io/v1:NetworkPolicy",
            "policy/v1:PodDisruptionBudget",
        ):
            expected[f"kubernetes:{kind}::{name}"] = service
        if stack in FRONTS:
            expected[f"kubernetes:{FRONTS[stack]}::{name}"] = route
    return expected


def patience(program: Program) -> list[int]:
    """For how many seconds Pulumi waits for v1: for its pods, and for its Service."""
    waited = [program.one(kind, "v1").inputs["metadata"] for kind in ("Deployment", "Service")]
    texts = [each["annotations"]["pulumi.com/timeoutSeconds"] for each in waited]
    return [int(text, base=10) for text in texts]  # which takes nothing but text


def tls(program: Program) -> list[Any]:
    """What Ingresses say of TLS."""
    return [tls for each in program.of("Ingress") for tls in each.inputs["spec"]["tls"]]
