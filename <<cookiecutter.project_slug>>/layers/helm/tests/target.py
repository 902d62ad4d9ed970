"""What this target makes of a stack `dev` of a project `iris`."""

from typing import Any

from tests.exposures import EXPOSURES, NAMESPACE, urls
from tests.program import Program
from tests.stacks import STACK, TWO

# Stacks to look at as a whole, by name.
STACKS = EXPOSURES
# How many objects of an API version Pulumi waits for.
WAITING = 1
# Types of what still answers for a version that is retired.
STAYS: tuple[str, ...] = ()
# What each event changes, beside what comes and goes with it.
CHANGES: dict[str, set[str]] = {
    "v3 is added": set(),
    "v2 has a new release": {"Release iris-v2"},
    "v1 is deprecated": {"Release iris-v1"},
    "v1 is retired": set(),
}
# What no infra/organisation.py may change, by the kind of resource: paths in its inputs.
PROMISED: dict[str, tuple[str, ...]] = {"Release": ("name", "namespace")}
# What of it one breaks that takes actions, namespaces, policies and selectors away.
BROKEN = {"Release namespace"}


def exports(stack: str) -> dict[str, str]:
    """What a stack that serves v1 and v2 says."""
    expected = urls(stack, "lb.example.com")
    for version in TWO:
        expected |= {
            f"{version}_helm_release": f"iris-{version}",
            f"{version}_status": "deployed",
            f"{version}_chart_version": "0.1.0",
            f"{version}_service": f"iris-{version}",
        }
    return expected


def parents(stack: str) -> dict[str, str]:
    """Of what each resource of such a stack is a part."""
    expected = {NAMESPACE: STACK}
    for version in TWO:
        component = f"infra:release:ModelRelease::iris-{version}"
        expected |= {component: STACK, f"kubernetes:helm.sh/v3:Release::iris-{version}": component}
    return expected


def patience(program: Program) -> list[int]:
    """For how many seconds Helm waits for v1."""
    return [program.one("Release", "v1").inputs["timeout"]]


def tls(program: Program) -> list[Any]:
    """What values say of TLS."""
    values = [each.inputs["values"] for each in program.of("Release")]
    fronts = [each.get(front, {}) for each in values for front in ("gateway", "ingress")]
    return [each[key] for each in fronts for key in ("https", "tlsSecret") if each.get(key)]
