"""What a dashboard shows of one endpoint.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from typing import Any

from infra.alarms import NAMESPACE, VARIANT


def graphs(endpoint: str) -> dict[str, list[list[Any]]]:
    """The metrics of each graph, by its title, in the notation of CloudWatch."""
    variant = ["EndpointName", endpoint, "VariantName", VARIANT]

    def calls(metric: str, statistic: str) -> list[Any]:
        return [NAMESPACE, metric, *variant, {"stat": statistic}]

    def used(metric: str) -> list[Any]:
        return ["/aws/sagemaker/Endpoints", metric, *variant, {"stat": "Maximum"}]

    return {
        "calls": [calls("Invocations", "Sum")],
        "errors": [calls(f"Invocation{kind}Errors", "Sum") for kind in ("4XX", "5XX")],
        "microseconds": [calls("ModelLatency", "p50"), calls("ModelLatency", "p99")],
        "percent in use": [used("CPUUtilization"), used("MemoryUtilization")],
    }
