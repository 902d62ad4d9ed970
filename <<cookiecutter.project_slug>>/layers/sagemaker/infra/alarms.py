"""What wakes somebody up, and takes a bad release back: alarms for each API version."""

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.endpoint import VARIANT, endpoint_name
from infra.settings import Version

NAMESPACE = "AWS/SageMaker"
# Two bad minutes of three: one slow start is no alarm, and a rollout waits longer than that.
PERIOD_SECONDS, BAD_PERIODS, PERIODS = 60, 2, 3
FAILED_PERCENT = 1
# Of the version's own timeout.
SLOW_PERCENT = 80


class Alarms(pulumi.ComponentResource):
    """Alarms for one API version: it fails, it is slow. Made before its endpoint, which names them.

    What SageMaker counts as failed are the container's answers of 500 and more, and its silence.
    """

    all: list[aws.cloudwatch.MetricAlarm]

    def __init__(self, api_version: str, version: Version, stack: Stack) -> None:
        self._name, self._topic = f"{stack.prefix}-{api_version}", stack.alarm_topic
        super().__init__("infra:alarms:Alarms", self._name)
        endpoint = endpoint_name(api_version, version, stack)
        # Without both an alarm sees nothing, ever.
        self._calls = {"EndpointName": endpoint, "VariantName": VARIANT}
        failures = aws.cloudwatch.MetricAlarmArgs(
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=PERIODS,
            threshold=FAILED_PERCENT,
            metric_queries=[
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id="percent",
                    expression="100 * failed / calls",
                    label="Calls that failed, in percent.",
                    return_data=True,
                ),
                self._sum("failed", "Invocation5XXErrors"),
                self._sum("calls", "Invocations"),
            ],
        )
        slow = aws.cloudwatch.MetricAlarmArgs(
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=PERIODS,
            threshold=version.timeout_seconds * 10_000 * SLOW_PERCENT,  # in µs
            namespace=NAMESPACE,
            metric_name="ModelLatency",
            dimensions=self._calls,
            extended_statistic="p99",
            period=PERIOD_SECONDS,
        )
        self.all = [
            self._alarm("failures", "Calls answered with 500, or not at all.", failures),
            self._alarm(
                "slow", f"One call in a hundred takes over {SLOW_PERCENT} % of its timeout.", slow
            ),
        ]
        self.register_outputs({})

    def _sum(self, query: str, metric: str) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
        return aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=query,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=NAMESPACE,
                metric_name=metric,
                dimensions=self._calls,
                period=PERIOD_SECONDS,
                stat="Sum",
            ),
        )

    def _alarm(
        self, kind: str, description: str, args: aws.cloudwatch.MetricAlarmArgs
    ) -> aws.cloudwatch.MetricAlarm:
        name = f"{self._name}-{kind}"
        args.name, args.alarm_description = name, description
        args.datapoints_to_alarm, args.treat_missing_data = BAD_PERIODS, "notBreaching"
        args.alarm_actions = args.ok_actions = [self._topic] if self._topic else None
        return aws.cloudwatch.MetricAlarm(name, args, opts=pulumi.ResourceOptions(parent=self))
