"""What a stack does, at a glance: a row of graphs for each API version."""

import json
import re
from collections.abc import Mapping
from typing import Any, Protocol

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.graphs import graphs

WIDTH, HEIGHT = 6, 6


class Measured(Protocol):
    """What CloudWatch measures of one API version."""

    arn: pulumi.Output[str]


class Dashboard(pulumi.ComponentResource):
    """One dashboard in CloudWatch."""

    def __init__(self, measured: Mapping[str, Measured], stack: Stack) -> None:
        super().__init__("infra:dashboard:Dashboard", stack.prefix)
        arns = {version: each.arn for version, each in measured.items()}
        aws.cloudwatch.Dashboard(
            stack.prefix,
            dashboard_name=stack.prefix,
            dashboard_body=pulumi.Output.all(**arns).apply(
                # Without any Pulumi resolves to an empty list.
                lambda known: json.dumps(body(known or {}), sort_keys=True)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def body(arns: Mapping[str, str]) -> dict[str, Any]:
    """The dashboard of functions or endpoints by API version, in the notation of CloudWatch."""
    rows = [
        {
            "type": "metric",
            "x": column * WIDTH,
            "y": row * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": {
                "title": f"{version}: {title}",
                "metrics": metrics,
                "region": arn.split(":")[3],
                "period": 60,
            },
        }
        for row, (version, arn) in enumerate(arns.items())
        for column, (title, metrics) in enumerate(graphs(re.split("[:/]", arn)[-1]).items())
    ]
    nothing = {"type": "text", "properties": {"markdown": "No API version is served."}}
    return {"widgets": rows or [nothing]}
