"""What this target makes of a stack `dev` of a project `iris`."""

from typing import Any

from infra.scheme import prefixes
from tests import fronts, scheme
from tests.documents import api_changes
from tests.stacks import STACK, TWO

# Stacks to look at as a whole, by name.
STACKS: dict[str, dict[str, Any]] = {"functions": {}}
# Types of what still answers for a version that is retired.
STAYS: tuple[str, ...] = fronts.TYPES
# What each event changes, beside what comes and goes with it.
CHANGES: dict[str, set[str]] = {
    "v3 is added": scheme.SHARED | {"Dashboard iris-dev"},
    # The function publishes another version, and the alias follows it.
    "v2 has a new release": {"Function iris-dev-v2"},
    "v1 is deprecated": {"Function iris-dev-v1"} | api_changes("v1"),
    "v1 is retired": {"Dashboard iris-dev"} | api_changes("v1"),
}
# What no infra/organisation.py may change, by the kind of resource: paths in its inputs.
PROMISED: dict[str, tuple[str, ...]] = {
    "Alias": ("functionVersion",),
    "Permission": ("action", "principal", "sourceArn"),
    "RestApiPut": ("body",),
    "Role": ("assumeRolePolicy",),
    "RolePolicy": ("policy",),
}
# What of it one breaks that takes actions, namespaces, policies and selectors away.
BROKEN = {"Permission action", "Role assumeRolePolicy", "RolePolicy policy"}


def exports(stack: str) -> dict[str, str]:
    """What a stack that serves v1 and v2 says."""
    expected = fronts.exports()
    for version in TWO:
        name = f"iris-dev-{version}"
        expected |= {f"{version}_function": name, f"{version}_log_group": f"/aws/lambda/{name}"}
    return expected


def parents(stack: str) -> dict[str, str]:
    """Of what each resource of such a stack is a part."""
    dashboard = "infra:dashboard:Dashboard::iris-dev"
    expected = fronts.parents() | {dashboard: STACK}
    expected["aws:cloudwatch/dashboard:Dashboard::iris-dev"] = dashboard
    for name in (f"iris-dev-{version}" for version in TWO):
        alarms, function = f"infra:alarms:Alarms::{name}", f"infra:function:ModelFunction::{name}"
        expected |= {alarms: STACK, function: STACK}
        expected[f"aws:cloudwatch/logMetricFilter:LogMetricFilter::{name}-failures"] = alarms
        for kind in ("crashes", "failures", "slow", "throttles"):
            expected[f"aws:cloudwatch/metricAlarm:MetricAlarm::{name}-{kind}"] = alarms
        for kind in (
            "cloudwatch/logGroup:LogGroup",
            "iam/role:Role",
            "iam/rolePolicy:RolePolicy",
            "lambda/alias:Alias",
            "lambda/function:Function",
        ):
            expected[f"aws:{kind}::{name}"] = function
        for prefix in prefixes(name.removeprefix("iris-dev-")):
            route = f"live-POST{prefix.replace('/', '-')}-predict"
            expected[f"aws:lambda/permission:Permission::{name}-{route}"] = function
    return expected
