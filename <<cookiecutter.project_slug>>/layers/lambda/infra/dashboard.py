"""What a stack does, at a glance: a row of graphs for each API version."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.alarms import NAMESPACE, failures_of
from infra.aws import Stack
from infra.function import ALIAS, ModelFunction

WIDTH, HEIGHT = 6, 6


class Dashboard(pulumi.ComponentResource):
    """One dashboard in CloudWatch."""

    def __init__(self, functions: Mapping[str, ModelFunction], stack: Stack) -> None:
        super().__init__("infra:dashboard:Dashboard", stack.prefix)
        arns = {version: function.arn for version, function in functions.items()}
        aws.cloudwatch.Dashboard(
            stack.prefix,
            dashboard_name=stack.prefix,
            dashboard_body=pulumi.Output.all(**arns).apply(
                # Without functions Pulumi resolves to an empty list.
                lambda known: json.dumps(body(stack.prefix, known or {}), sort_keys=True)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def body(prefix: str, arns: Mapping[str, str]) -> dict[str, Any]:
    """The dashboard of functions by API version, in the notation of CloudWatch."""
    rows = [
        {
            "type": "metric",
            "x": column * WIDTH,
            "y": row * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": graph | {"region": arn.split(":")[3], "period": 60},
        }
        for row, (version, arn) in enumerate(arns.items())
        for column, graph in enumerate(_graphs(version, f"{prefix}-{version}"))
    ]
    nothing = {"type": "text", "properties": {"markdown": "No API version is served."}}
    return {"widgets": rows or [nothing]}


def _graphs(version: str, function: str) -> list[dict[str, Any]]:
    alias = ["FunctionName", function, "Resource", f"{function}:{ALIAS}"]

    def graph(title: str, *metrics: list[Any]) -> dict[str, Any]:
        return {"title": f"{version}: {title}", "metrics": [*metrics]}

    def calls(metric: str, statistic: str) -> list[Any]:
        return ["AWS/Lambda", metric, *alias, {"stat": statistic}]

    failures = [NAMESPACE, failures_of(function), {"stat": "Sum", "label": "answered with 500"}]
    return [
        graph("calls", calls("Invocations", "Sum")),
        graph("errors", calls("Errors", "Sum"), failures),
        graph("milliseconds", calls("Duration", "p50"), calls("Duration", "p99")),
        graph("concurrency", calls("ConcurrentExecutions", "Maximum"), calls("Throttles", "Sum")),
    ]
