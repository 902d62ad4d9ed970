"""What every target on AWS makes of a stack `dev` of a project `iris`: its front."""

from tests import scheme
from tests.stacks import STACK, TWO

TYPES = ("aws:apigateway", "infra:api:")


def exports() -> dict[str, str]:
    """What the front of a stack that serves v1 and v2 says."""
    expected = scheme.EXPORTS | {"api_key_id": "iris-dev-ApiKey-id"}
    for version in TWO:
        base = scheme.base_url(version)
        expected |= {f"{version}_base_url": base, f"{version}_url": f"{base}/predict"}
    return expected


def parents() -> dict[str, str]:
    """Of what each resource of such a front is a part."""
    front, key = "infra:front:Front::iris-dev", "infra:access:Key::iris-dev"
    expected = {front: STACK, key: front} | dict.fromkeys(scheme.FRONT, front)
    for kind in ("apiKey:ApiKey", "usagePlan:UsagePlan", "usagePlanKey:UsagePlanKey"):
        expected[f"aws:apigateway/{kind}::iris-dev"] = key
    for name in map(scheme.api, TWO):
        expected[f"infra:api:Api::{name}"] = front
        for kind in (
            "deployment:Deployment",
            "methodSettings:MethodSettings",
            "restApi:RestApi",
            "restApiPut:RestApiPut",
            "stage:Stage",
        ):
            expected[f"aws:apigateway/{kind}::{name}"] = f"infra:api:Api::{name}"
        alarm = f"aws:cloudwatch/metricAlarm:MetricAlarm::{name}-front-failures"
        expected[alarm] = f"infra:api:Api::{name}"
    return expected
