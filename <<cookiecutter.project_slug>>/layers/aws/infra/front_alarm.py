"""What wakes somebody up where an API fails, whatever stands behind it."""

import pulumi
import pulumi_aws as aws

# Two bad periods of three, as the alarms of an API version.
PERIOD_SECONDS, BAD_PERIODS, PERIODS = 300, 2, 3
FAILED_SHARE = 0.01


def watch(
    name: str,
    api: pulumi.Output[str],
    stage: pulumi.Output[str],
    topic: str | None,
    opts: pulumi.ResourceOptions,
) -> None:
    """An alarm on the answers of 5xx of an API, by its name, on its stage.

    It sees what no model does: a permission that is lost, a role that is wrong, calls that are
    turned away. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
    """
    actions = [topic] if topic else None
    aws.cloudwatch.MetricAlarm(
        f"{name}-front-failures",
        name=f"{name}-front-failures",
        alarm_description="Requests that API Gateway answered with 5xx, whoever failed.",
        namespace="AWS/ApiGateway",
        metric_name="5XXError",
        # Without both an alarm sees nothing, or other stages too.
        dimensions={"ApiName": api, "Stage": stage},
        statistic="Average",  # the share of all requests
        period=PERIOD_SECONDS,
        evaluation_periods=PERIODS,
        datapoints_to_alarm=BAD_PERIODS,
        comparison_operator="GreaterThanThreshold",
        threshold=FAILED_SHARE,
        treat_missing_data="notBreaching",
        alarm_actions=actions,
        ok_actions=actions,
        opts=opts,
    )
