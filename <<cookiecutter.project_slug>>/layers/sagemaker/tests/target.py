"""What this target makes of a stack `dev` of a project `iris`."""

from typing import Any

from tests import fronts, scheme
from tests.documents import api_changes
from tests.stacks import STACK, TWO

# Of endpoints, as the instance type makes them.
NAMES = {"v1": "iris-dev-v1-940ff1", "v2": "iris-dev-v2-940ff1"}
SCALED = {"scaling": {"min_instances": 2, "max_instances": 6}, "initial_instance_count": 3}
# Stacks to look at as a whole, by name.
STACKS: dict[str, dict[str, Any]] = {"scaled": {"versions": TWO | {"v1": TWO["v1"] | SCALED}}}
# Types of what still answers for a version that is retired.
STAYS: tuple[str, ...] = fronts.TYPES
# What each event changes, beside what comes and goes with it.
CHANGES: dict[str, set[str]] = {
    "v3 is added": scheme.SHARED,
    # The configuration and the endpoint follow the name that the new model is given.
    "v2 has a new release": {"Model iris-dev-v2"},
    "v1 is deprecated": api_changes("v1"),
    "v1 is retired": api_changes("v1"),
}
# What no infra/organisation.py may change, by the kind of resource: paths in its inputs.
PROMISED: dict[str, tuple[str, ...]] = {
    "RestApiPut": ("body",),
    "Role": ("assumeRolePolicy",),
    "RolePolicy": ("policy",),
}
# What of it one breaks that takes actions, namespaces, policies and selectors away.
BROKEN = {"Role assumeRolePolicy", "RolePolicy policy"}


def exports(stack: str) -> dict[str, str]:
    """What a stack that serves v1 and v2 says."""
    groups = {f"{v}_log_group": f"/aws/sagemaker/Endpoints/{name}" for v, name in NAMES.items()}
    return fronts.exports() | groups | {f"{v}_endpoint": name for v, name in NAMES.items()}


def parents(stack: str) -> dict[str, str]:
    """Of what each resource of such a stack is a part."""
    expected = fronts.parents()
    for name in (f"iris-dev-{version}" for version in TWO):
        alarms, endpoint = f"infra:alarms:Alarms::{name}", f"infra:endpoint:ModelEndpoint::{name}"
        call = f"infra:invocation:Invocation::{name}-front"
        expected |= {alarms: endpoint, endpoint: STACK, call: STACK}
        for kind in ("failures", "slow", "release-failures", "release-slow"):
            expected[f"aws:cloudwatch/metricAlarm:MetricAlarm::{name}-{kind}"] = alarms
        for kind in ("iam/role:Role", "iam/rolePolicy:RolePolicy"):
            expected |= {f"aws:{kind}::{name}": endpoint, f"aws:{kind}::{name}-front": call}
        for kind in (
            "cloudwatch/logGroup:LogGroup",
            "sagemaker/endpoint:Endpoint",
            "sagemaker/endpointConfiguration:EndpointConfiguration",
            "sagemaker/model:Model",
        ):
            expected[f"aws:{kind}::{name}"] = endpoint
    scaled = "infra:endpoint:ModelEndpoint::iris-dev-v1"
    for kind in ("policy:Policy", "target:Target"):
        expected[f"aws:appautoscaling/{kind}::iris-dev-v1"] = scaled
    return expected
