"""What a stack does, at a glance: a row of graphs for each API version."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.function import ModelFunction
from infra.settings import Stack

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
                lambda known: json.dumps(body(stack.project, known), sort_keys=True)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def body(project: str, arns: Mapping[str, str]) -> dict[str, Any]:
    """The dashboard of functions by API version, in the notation of CloudWatch."""
    return {
        "widgets": [
            {
                "type": "metric",
                "x": column * WIDTH,
                "y": row * HEIGHT,
                "width": WIDTH,
                "height": HEIGHT,
                "properties": graph | {"region": arn.split(":")[3], "period": 60},
            }
            for row, (version, arn) in enumerate(arns.items())
            for column, graph in enumerate(_graphs(project, version, arn.rpartition(":")[2]))
        ]
    }


def _graphs(project: str, version: str, function: str) -> list[dict[str, Any]]:
    alias = ["FunctionName", function, "Resource", f"{function}:live"]
    app = ["service", project, "api_version", version]

    def graph(title: str, *metrics: list[Any]) -> dict[str, Any]:
        return {"title": f"{version}: {title}", "metrics": [*metrics]}

    def of_lambda(metric: str, stat: str) -> list[Any]:
        return ["AWS/Lambda", metric, *alias, {"stat": stat}]

    return [
        graph(
            "calls",
            of_lambda("Invocations", "Sum"),
            ["ModelServing", "Instances", *app, {"stat": "Sum"}],
        ),
        graph(
            "errors",
            of_lambda("Errors", "Sum"),
            ["ModelServing", "ServerErrors", *app, {"stat": "Sum"}],
        ),
        graph("milliseconds", *(of_lambda("Duration", stat) for stat in ("p50", "p99"))),
        graph(
            "concurrency",
            of_lambda("ConcurrentExecutions", "Maximum"),
            of_lambda("Throttles", "Sum"),
        ),
    ]
