"""What wakes somebody up and takes a release back, and what it is set to watch."""

from typing import Any

import pytest

from tests.program import Program
from tests.stacks import TWO, Stacks

TOPIC = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
CALLS = {"EndpointName": "iris-dev-v1-940ff1", "VariantName": "primary"}
# Two bad minutes of three; silence is no failure.
PATIENCE = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 3,
    "datapointsToAlarm": 2,
    "treatMissingData": "notBreaching",
}


def metric(name: str) -> dict[str, Any]:
    """A sum over a minute of the calls of one endpoint."""
    named = {"namespace": "AWS/SageMaker", "metricName": name, "dimensions": CALLS}
    return named | {"period": 60, "stat": "Sum"}


def test_failures_are_counted_as_a_share_of_the_calls(two: Program) -> None:
    assert two.one("MetricAlarm", "v1-failures").inputs == PATIENCE | {
        "name": "iris-dev-v1-failures",
        "alarmDescription": "Calls answered with 500, or not at all.",
        "threshold": 1,
        "metricQueries": [
            {
                "id": "percent",
                "expression": "100 * failed / calls",
                "label": "Calls that failed, in percent.",
                "returnData": True,
            },
            {"id": "failed", "metric": metric("Invocation5XXErrors")},
            {"id": "calls", "metric": metric("Invocations")},
        ],
    }


def test_a_version_is_slow_by_its_own_timeout(stacks: Stacks) -> None:
    program = stacks.run({"v1": TWO["v1"] | {"timeout_seconds": 5}})
    assert program.one("MetricAlarm", "v1-slow").inputs == PATIENCE | {
        "name": "iris-dev-v1-slow",
        "alarmDescription": "One call in a hundred takes over 80 % of its timeout.",
        "threshold": 4_000_000,  # µs
        "namespace": "AWS/SageMaker",
        "metricName": "ModelLatency",
        "dimensions": CALLS,
        "extendedStatistic": "p99",
        "period": 60,
    }


def test_alarms_watch_the_endpoint_that_there_is(stacks: Stacks) -> None:
    program = stacks.run({"v1": TWO["v1"] | {"instance_type": "ml.m5.large"}})
    name = program.one("Endpoint").inputs["name"]
    assert program.one("MetricAlarm", "slow").inputs["dimensions"]["EndpointName"] == name
    (variant,) = program.one("EndpointConfiguration").inputs["productionVariants"]
    assert variant["variantName"] == CALLS["VariantName"]


@pytest.mark.parametrize("topic", [None, TOPIC])
def test_whom_they_wake_says_the_stack(stacks: Stacks, topic: str | None) -> None:
    for alarm in stacks.run(alarm_topic=topic).of("MetricAlarm"):
        for key in ("alarmActions", "okActions"):
            assert alarm.inputs.get(key) == ([topic] if topic else None)


def test_no_alarm_comes_too_late_to_take_a_release_back(two: Program) -> None:
    rollout = two.one("Endpoint", "v1").inputs["deploymentConfig"]["blueGreenUpdatePolicy"]
    watched = rollout["trafficRoutingConfiguration"]["waitIntervalInSeconds"]
    for alarm in two.of("MetricAlarm"):
        assert alarm.inputs["evaluationPeriods"] * 60 < watched
