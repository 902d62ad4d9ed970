"""What wakes somebody up: alarms for each API version, from its own settings alone."""

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.function import ModelFunction
from infra.settings import Version

type Dimensions = dict[str, pulumi.Input[str]]

NAMESPACE = "ModelServing"
# Two bad periods of three: one slow start is no alarm, one call in five minutes can be one.
PERIOD_SECONDS, BAD_PERIODS, PERIODS = 300, 2, 3
FAILED_PERCENT = 1
# Of the version's own timeout.
SLOW_PERCENT = 80


def failures_of(function: str) -> str:
    """The metric that counts a function's answers of 500, in one stack alone."""
    return f"{function}-failures"


class Alarms(pulumi.ComponentResource):
    """Alarms for one API version: it crashes, it fails, it is slow, calls are turned away.

    What Lambda counts as an error is a crash or a call out of time; answers of 500 are counted in
    the log. (The app's own metric of them has service and API version, but not the stack.)
    """

    def __init__(
        self, api_version: str, version: Version, function: ModelFunction, stack: Stack
    ) -> None:
        self._name, self._topic = f"{stack.prefix}-{api_version}", stack.alarm_topic
        super().__init__("infra:alarms:Alarms", self._name)
        self._calls: Dimensions = {"FunctionName": function.name, "Resource": function.alias}
        failures = failures_of(self._name)
        aws.cloudwatch.LogMetricFilter(
            failures,
            name=failures,
            log_group_name=function.log_group,
            pattern="{ $.status >= 500 }",
            metric_transformation={"namespace": NAMESPACE, "name": failures, "value": "1"},
            opts=pulumi.ResourceOptions(parent=self),
        )
        crashed = _sum("failed", "AWS/Lambda", "Errors", self._calls)
        self._share("crashes", "Calls that crashed or ran out of time.", crashed)
        failed = _sum("failed", NAMESPACE, failures, None)
        self._share("failures", "Calls answered with 500.", failed)
        self._metric(
            "slow",
            f"One call in a hundred takes over {SLOW_PERCENT} % of its timeout.",
            "Duration",
            version.timeout_seconds * 10 * SLOW_PERCENT,  # in ms
            percentile="p99",
        )
        if version.reserved_concurrency != 0:  # which turns every call away on purpose
            self._metric(
                "throttles",
                "Calls turned away: reserved_concurrency, or the account's, is used up.",
                "Throttles",
                0,
                statistic="Sum",
            )
        self.register_outputs({})

    def _metric(
        self,
        kind: str,
        description: str,
        metric: str,
        threshold: int,
        *,
        statistic: str | None = None,
        percentile: str | None = None,
    ) -> None:
        """An alarm on a metric of Lambda's own."""
        self._alarm(
            kind,
            description,
            aws.cloudwatch.MetricAlarmArgs(
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=PERIODS,
                threshold=threshold,
                namespace="AWS/Lambda",
                metric_name=metric,
                dimensions=self._calls,
                statistic=statistic,
                extended_statistic=percentile,
                period=PERIOD_SECONDS,
            ),
        )

    def _share(
        self, kind: str, description: str, failed: aws.cloudwatch.MetricAlarmMetricQueryArgs
    ) -> None:
        """An alarm on what failed as a share of all calls."""
        self._alarm(
            kind,
            description,
            aws.cloudwatch.MetricAlarmArgs(
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=PERIODS,
                threshold=FAILED_PERCENT,
                metric_queries=[
                    aws.cloudwatch.MetricAlarmMetricQueryArgs(
                        id="percent",
                        expression="100 * failed / calls",
                        label=description,
                        return_data=True,
                    ),
                    failed,
                    _sum("calls", "AWS/Lambda", "Invocations", self._calls),
                ],
            ),
        )

    def _alarm(self, kind: str, description: str, args: aws.cloudwatch.MetricAlarmArgs) -> None:
        name = f"{self._name}-{kind}"
        args.name, args.alarm_description = name, description
        args.datapoints_to_alarm, args.treat_missing_data = BAD_PERIODS, "notBreaching"
        args.alarm_actions = args.ok_actions = [self._topic] if self._topic else None
        aws.cloudwatch.MetricAlarm(name, args, opts=pulumi.ResourceOptions(parent=self))


def _sum(
    query: str, namespace: str, metric: str, dimensions: Dimensions | None
) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            period=PERIOD_SECONDS,
            stat="Sum",
        ),
    )
