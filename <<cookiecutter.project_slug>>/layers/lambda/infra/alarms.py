"""What wakes somebody up: alarms for each API version, from its own settings alone."""

import pulumi
import pulumi_aws as aws

from infra.function import ModelFunction
from infra.settings import Stack, Version

type Dimensions = dict[str, pulumi.Input[str]]

MINUTE = 60
# Two bad minutes of three: one slow start is no alarm.
BAD_MINUTES, MINUTES = 2, 3
FAILED_PERCENT = 1
# Of the version's own timeout.
SLOW_PERCENT = 80


class Alarms(pulumi.ComponentResource):
    """Alarms for one API version: it crashes, it fails, it is slow, calls are turned away.

    What Lambda counts as an error is a crash or a call out of time; what the app answers with 500
    it counts itself, in the metrics of its log.
    """

    def __init__(
        self, api_version: str, version: Version, function: ModelFunction, stack: Stack
    ) -> None:
        self._name, self._topic = f"{stack.prefix}-{api_version}", stack.alarm_topic
        super().__init__("infra:alarms:Alarms", self._name)
        calls: Dimensions = {"FunctionName": function.name, "Resource": function.alias}
        answers: Dimensions = {"service": stack.project, "api_version": api_version}
        self._share(
            "crashes",
            "Calls that crashed or ran out of time.",
            "AWS/Lambda",
            "Errors",
            calls,
            calls,
        )
        self._share(
            "failures", "Calls answered with 500.", "ModelServing", "ServerErrors", answers, calls
        )
        slow_ms = version.timeout_seconds * 10 * SLOW_PERCENT
        self._alarm(
            "slow",
            f"One call in a hundred takes over {SLOW_PERCENT} % of its timeout.",
            aws.cloudwatch.MetricAlarmArgs(
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=MINUTES,
                threshold=slow_ms,
                namespace="AWS/Lambda",
                metric_name="Duration",
                dimensions=calls,
                extended_statistic="p99",
                period=MINUTE,
            ),
        )
        self._alarm(
            "throttles",
            "Calls turned away: reserved_concurrency, or the account's, is used up.",
            aws.cloudwatch.MetricAlarmArgs(
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=MINUTES,
                threshold=0,
                namespace="AWS/Lambda",
                metric_name="Throttles",
                dimensions=calls,
                statistic="Sum",
                period=MINUTE,
            ),
        )
        self.register_outputs({})

    def _share(
        self,
        kind: str,
        description: str,
        namespace: str,
        metric: str,
        dimensions: Dimensions,
        calls: Dimensions,
    ) -> None:
        """An alarm on a metric as a share of all calls: few errors of few calls count too."""
        self._alarm(
            kind,
            description,
            aws.cloudwatch.MetricAlarmArgs(
                comparison_operator="GreaterThanThreshold",
                evaluation_periods=MINUTES,
                threshold=FAILED_PERCENT,
                metric_queries=[
                    aws.cloudwatch.MetricAlarmMetricQueryArgs(
                        id="percent",
                        expression="100 * failed / calls",
                        label=description,
                        return_data=True,
                    ),
                    _sum("failed", namespace, metric, dimensions),
                    _sum("calls", "AWS/Lambda", "Invocations", calls),
                ],
            ),
        )

    def _alarm(self, kind: str, description: str, args: aws.cloudwatch.MetricAlarmArgs) -> None:
        name = f"{self._name}-{kind}"
        args.name, args.alarm_description = name, description
        args.datapoints_to_alarm, args.treat_missing_data = BAD_MINUTES, "notBreaching"
        args.alarm_actions = args.ok_actions = [self._topic] if self._topic else None
        aws.cloudwatch.MetricAlarm(name, args, opts=pulumi.ResourceOptions(parent=self))


def _sum(
    query: str, namespace: str, metric: str, dimensions: Dimensions
) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            period=MINUTE,
            stat="Sum",
        ),
    )
