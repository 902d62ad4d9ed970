"""What a dashboard shows of one function."""

from typing import Any

from infra.alarms import NAMESPACE, failures_of
from infra.function import ALIAS


def graphs(function: str) -> dict[str, list[list[Any]]]:
    """The metrics of each graph, by its title, in the notation of CloudWatch."""
    alias = ["FunctionName", function, "Resource", f"{function}:{ALIAS}"]

    def calls(metric: str, statistic: str) -> list[Any]:
        return ["AWS/Lambda", metric, *alias, {"stat": statistic}]

    failures = [NAMESPACE, failures_of(function), {"stat": "Sum", "label": "answered with 500"}]
    return {
        "calls": [calls("Invocations", "Sum")],
        "errors": [calls("Errors", "Sum"), failures],
        "milliseconds": [calls("Duration", "p50"), calls("Duration", "p99")],
        "concurrency": [calls("ConcurrentExecutions", "Maximum"), calls("Throttles", "Sum")],
    }
