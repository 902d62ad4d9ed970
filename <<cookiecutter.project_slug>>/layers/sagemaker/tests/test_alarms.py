"""What wakes somebody up and what takes a release back, and what it is set to watch."""

from typing import Any

import pytest

from tests.program import Program
from tests.stacks import TWO, Stacks

TOPIC = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
ENDPOINT = {"EndpointName": "iris-dev-v1-940ff1", "VariantName": "primary"}
# What each alarm looks at, by how its name begins.
CALLS = {"": ENDPOINT, "release-": ENDPOINT | {"EndpointConfigName": "v1-made-up-configuration"}}
# Two bad minutes of three; silence is no failure.
PATIENCE = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 3,
    "datapointsToAlarm": 2,
    "treatMissingData": "notBreaching",
}


def metric(name: str, calls: dict[str, str]) -> dict[str, Any]:
    """A sum over a minute of these calls."""
    named = {"namespace": "AWS/SageMaker", "metricName": name, "dimensions": calls}
    return named | {"period": 60, "stat": "Sum"}


def without_words(inputs: dict[str, Any]) -> dict[str, Any]:
    """An alarm without its name and description."""
    return {key: inputs[key] for key in inputs if key not in ("name", "alarmDescription")}


@pytest.mark.parametrize("kind", CALLS)
def test_failures_and_silence_are_counted_as_a_share_of_the_calls(two: Program, kind: str) -> None:
    alarm = two.one("MetricAlarm", f"v1-{kind}failures").inputs
    assert without_words(alarm) == PATIENCE | {
        "threshold": 1,
        "metricQueries": [
            {
                "id": "percent",
                "expression": "100 * (errors - FILL(refused, 0)) / calls",
                "label": "Calls that failed, in percent.",
                "returnData": True,
            },
            {"id": "errors", "metric": metric("InvocationModelErrors", CALLS[kind])},
            {"id": "refused", "metric": metric("Invocation4XXErrors", CALLS[kind])},
            {"id": "calls", "metric": metric("Invocations", CALLS[kind])},
        ],
    }


@pytest.mark.parametrize("kind", CALLS)
def test_a_version_is_slow_by_its_own_timeout(stacks: Stacks, kind: str) -> None:
    program = stacks.run({"v1": TWO["v1"] | {"timeout_seconds": 5}})
    alarm = program.one("MetricAlarm", f"v1-{kind}slow").inputs
    assert without_words(alarm) == PATIENCE | {
        "threshold": 4_000_000,  # µs
        "namespace": "AWS/SageMaker",
        "metricName": "ModelLatency",
        "dimensions": CALLS[kind],
        "extendedStatistic": "p99",
        "period": 60,
    }


def test_a_release_is_taken_back_for_what_it_does_itself(two: Program) -> None:
    guarded = two.one("Endpoint", "v1").inputs["deploymentConfig"]["autoRollbackConfiguration"]
    configuration = two.one("Endpoint", "v1").inputs["endpointConfigName"]
    for alarm in guarded["alarms"]:
        inputs = two.one("MetricAlarm", alarm["alarmName"]).inputs
        metrics = [each["metric"] for each in inputs.get("metricQueries", []) if "metric" in each]
        for each in metrics or [inputs]:
            assert each["dimensions"]["EndpointConfigName"] == configuration


def test_alarms_watch_the_endpoint_and_the_variant_that_there_are(stacks: Stacks) -> None:
    program = stacks.run({"v1": TWO["v1"] | {"instance_type": "ml.m5.large"}})
    name = program.one("Endpoint").inputs["name"]
    assert program.one("MetricAlarm", "v1-slow").inputs["dimensions"]["EndpointName"] == name
    (variant,) = program.one("EndpointConfiguration").inputs["productionVariants"]
    assert variant["variantName"] == ENDPOINT["VariantName"]


@pytest.mark.parametrize("topic", [None, TOPIC])
def test_whom_they_wake_says_the_stack(stacks: Stacks, topic: str | None) -> None:
    for alarm in stacks.run(alarm_topic=topic).of("MetricAlarm"):
        woken = [topic] if topic and "-release-" not in alarm.name else None
        assert alarm.inputs.get("alarmActions") == alarm.inputs.get("okActions") == woken


def test_no_alarm_comes_too_late_to_take_a_release_back(two: Program) -> None:
    rollout = two.one("Endpoint", "v1").inputs["deploymentConfig"]["blueGreenUpdatePolicy"]
    watched = rollout["trafficRoutingConfiguration"]["waitIntervalInSeconds"]
    for alarm in two.of("MetricAlarm"):
        assert alarm.inputs["evaluationPeriods"] * 60 < watched
