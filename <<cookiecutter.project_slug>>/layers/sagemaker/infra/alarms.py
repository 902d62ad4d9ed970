"""What wakes somebody up, and what takes a bad release back: alarms for each API version."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.settings import Version

NAMESPACE = "AWS/SageMaker"
# The only one of an endpoint, and never another name: alarms and scaling refer to it.
VARIANT = "primary"
# Two bad minutes of three: one slow start is no alarm, and a rollout waits longer than that.
PERIOD_SECONDS, BAD_PERIODS, PERIODS = 60, 2, 3
OVER, FAILED_PERCENT = "GreaterThanThreshold", 1
# Of the version's own timeout.
SLOW_PERCENT = 80

type Calls = Mapping[str, pulumi.Input[str]]


def alarms_of(name: str, version: Version) -> list[str]:
    """The names of the alarms that take a release of an API version back; none without instances,
    which SageMaker takes back for no alarm.
    """
    return [] if version.serverless else [f"{name}-release-failures", f"{name}-release-slow"]


class Alarms(pulumi.ComponentResource):
    """Alarms for one API version, which fails or is slow: a pair for people, one for SageMaker.

    People learn of the endpoint, whichever release answers. SageMaker takes a release back for
    what that does itself: what the old one does may be why it comes.
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    """

    rollback: list[pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        endpoint: str,
        configuration: pulumi.Output[str],
        version: Version,
        stack: Stack,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("infra:alarms:Alarms", name, None, opts)
        # Without both an alarm sees nothing, ever.
        calls = {"EndpointName": endpoint, "VariantName": VARIANT}
        release = {**calls, "EndpointConfigName": configuration}
        slow_from = version.timeout_seconds * 10_000 * SLOW_PERCENT  # in µs
        topic = stack.alarm_topic
        self._alarm(f"{name}-failures", "Calls that failed.", _failures(calls), topic)
        self._alarm(f"{name}-slow", "Calls near their timeout.", _slow(calls, slow_from), topic)
        self.rollback = []
        if names := alarms_of(name, version):
            failures, slow = names
            said = "Calls that the release failed."
            self.rollback = [
                self._alarm(failures, said, _failures_of_a_release(release)),
                self._alarm(slow, "Calls near their timeout.", _slow(release, slow_from)),
            ]
        self.register_outputs({})

    def _alarm(
        self,
        name: str,
        description: str,
        args: aws.cloudwatch.MetricAlarmArgs,
        topic: str | None = None,
    ) -> pulumi.Output[str]:
        args.name, args.alarm_description = name, description
        args.datapoints_to_alarm, args.treat_missing_data = BAD_PERIODS, "notBreaching"
        args.alarm_actions = args.ok_actions = [topic] if topic else None
        child = pulumi.ResourceOptions(parent=self)
        return aws.cloudwatch.MetricAlarm(name, args, opts=child).name


def _failures(calls: Calls) -> aws.cloudwatch.MetricAlarmArgs:
    """Calls that were not answered, or with 500 and more, as a share of all."""
    # The client's own faults are among the errors, and silence is no status.
    metrics = {"errors": "InvocationModelErrors", "refused": "Invocation4XXErrors"}
    return _share("(FILL(errors, 0) - FILL(refused, 0))", metrics, calls)


def _failures_of_a_release(calls: Calls) -> aws.cloudwatch.MetricAlarmArgs:
    """Calls that were answered with 500 and more, as a share of all.

    AWS counts by configuration what its guide shows, which has no InvocationModelErrors.
    """
    return _share("FILL(errors, 0)", {"errors": "Invocation5XXErrors"}, calls)


def _share(failed: str, metrics: Mapping[str, str], calls: Calls) -> aws.cloudwatch.MetricAlarmArgs:
    """An expression over metrics, by their ids, in percent of all calls.

    A metric that nothing was counted for is missing, and with it all that is computed from it.
    """
    return aws.cloudwatch.MetricAlarmArgs(
        comparison_operator=OVER,
        evaluation_periods=PERIODS,
        threshold=FAILED_PERCENT,
        metric_queries=[
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id="percent",
                expression=f"IF(calls > 0, 100 * {failed} / calls, 0)",
                label="Calls that failed, in percent.",
                return_data=True,
            ),
            *(_sum(query, metric, calls) for query, metric in metrics.items()),
            _sum("calls", "Invocations", calls),
        ],
    )


def _slow(calls: Calls, microseconds: int) -> aws.cloudwatch.MetricAlarmArgs:
    """One call in a hundred takes longer than this."""
    return aws.cloudwatch.MetricAlarmArgs(
        comparison_operator=OVER,
        evaluation_periods=PERIODS,
        threshold=microseconds,
        namespace=NAMESPACE,
        metric_name="ModelLatency",
        dimensions={**calls},
        extended_statistic="p99",
        period=PERIOD_SECONDS,
    )


def _sum(query: str, metric: str, calls: Calls) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=NAMESPACE,
            metric_name=metric,
            dimensions={**calls},
            period=PERIOD_SECONDS,
            stat="Sum",
        ),
    )
