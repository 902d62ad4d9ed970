"""Alarms and dashboard: what they watch, and that they can fire."""

import json
from typing import Any

import pytest

from tests.program import Program
from tests.stacks import TWO, Stacks

TOPIC = "arn:aws:sns:eu-central-1:123456789012:bad-nights"


@pytest.fixture
def two(stacks: Stacks) -> Program:
    """A stack that serves v1 and v2."""
    return stacks.run(TWO | {"v2": TWO["v2"] | {"timeout_seconds": 5}}, alarm_topic=TOPIC)


def alarm(program: Program, name: str) -> dict[str, Any]:
    return program.one("MetricAlarm", name).inputs


def alias(version: str) -> dict[str, str]:
    """The dimensions of calls through the alias; without `Resource` an alarm sees other calls."""
    return {"FunctionName": f"iris-dev-{version}", "Resource": f"iris-dev-{version}:live"}


def test_every_alarm_wakes_whom_the_topic_names_and_says_when_it_is_over(two: Program) -> None:
    assert len(two.of("MetricAlarm")) == 8
    for each in two.of("MetricAlarm"):
        assert each.inputs["alarmActions"] == each.inputs["okActions"] == [TOPIC]
        assert each.inputs["name"] == each.name
        assert each.inputs["comparisonOperator"] == "GreaterThanThreshold"
        assert (each.inputs["datapointsToAlarm"], each.inputs["evaluationPeriods"]) == (2, 3)
        assert each.inputs["treatMissingData"] == "notBreaching"


def test_without_a_topic_alarms_only_show(stacks: Stacks) -> None:
    for each in stacks.run().of("MetricAlarm"):
        assert not {"alarmActions", "okActions"} & each.inputs.keys()


@pytest.mark.parametrize("version", TWO)
def test_errors_are_a_share_of_the_versions_own_calls(two: Program, version: str) -> None:
    count = f"iris-dev-{version}-failures"
    for kind, namespace, metric, dimensions in (
        ("crashes", "AWS/Lambda", "Errors", {"dimensions": alias(version)}),
        ("failures", "ModelServing", count, {}),
    ):
        inputs = alarm(two, f"{version}-{kind}")
        percent, failed, calls = inputs["metricQueries"]
        assert (percent["expression"], percent["returnData"]) == ("100 * failed / calls", True)
        assert (inputs["threshold"], failed["id"], calls["id"]) == (1, "failed", "calls")
        assert failed["metric"] == {
            "namespace": namespace,
            "metricName": metric,
            "period": 300,
            "stat": "Sum",
            **dimensions,
        }
        assert calls["metric"] == failed["metric"] | {
            "namespace": "AWS/Lambda",
            "metricName": "Invocations",
            "dimensions": alias(version),
        }


def test_failures_are_counted_in_the_log_of_the_stacks_own_function(two: Program) -> None:
    for version in TWO:
        name = f"iris-dev-{version}-failures"
        assert two.one("LogMetricFilter", name).inputs == {
            "name": name,
            "logGroupName": f"/aws/lambda/iris-dev-{version}",
            "pattern": "{ $.status >= 500 }",
            "metricTransformation": {"namespace": "ModelServing", "name": name, "value": "1"},
        }


def test_slow_is_what_comes_near_the_versions_own_timeout(two: Program) -> None:
    for version, limit in (("v1", 8_000), ("v2", 4_000)):
        inputs = alarm(two, f"{version}-slow")
        assert inputs["threshold"] == limit
        assert (inputs["namespace"], inputs["metricName"]) == ("AWS/Lambda", "Duration")
        assert (inputs["dimensions"], inputs["extendedStatistic"]) == (alias(version), "p99")
        assert inputs["period"] == 300


def test_any_call_turned_away_counts(two: Program) -> None:
    inputs = alarm(two, "v1-throttles")
    assert (inputs["namespace"], inputs["metricName"]) == ("AWS/Lambda", "Throttles")
    assert (inputs["dimensions"], inputs["statistic"]) == (alias("v1"), "Sum")
    assert (inputs["threshold"], inputs["period"]) == (0, 300)


def test_a_version_that_is_stopped_on_purpose_turns_calls_away_in_silence(stacks: Stacks) -> None:
    program = stacks.run({"v1": TWO["v1"] | {"reserved_concurrency": 0}})
    assert [each.name for each in program.of("MetricAlarm")] == [
        f"iris-dev-v1-{kind}" for kind in ("crashes", "failures", "slow")
    ]


def test_the_dashboard_has_a_row_for_each_version(two: Program) -> None:
    inputs = two.one("Dashboard", "iris-dev").inputs
    widgets = json.loads(inputs["dashboardBody"])["widgets"]
    assert inputs["dashboardName"] == "iris-dev"
    assert [(each["x"], each["y"]) for each in widgets] == [
        (x, y) for y in (0, 6) for x in (0, 6, 12, 18)
    ]
    for each, version in zip(widgets, ["v1"] * 4 + ["v2"] * 4, strict=True):
        assert each["properties"]["title"].startswith(f"{version}: ")
        assert each["properties"]["region"] == "eu-central-1"
        for metric in each["properties"]["metrics"]:
            named = dict(zip(metric[2:-1:2], metric[3:-1:2], strict=True))
            assert named == alias(version) or metric[1] == f"iris-dev-{version}-failures"
