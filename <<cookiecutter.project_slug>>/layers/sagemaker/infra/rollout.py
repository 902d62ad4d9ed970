"""How an endpoint moves to another configuration, and what takes it back.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from infra.instances import UPDATE_SECONDS, WATCHED_SECONDS, Rollout


def deployment(
    rollout: Rollout, alarms: Sequence[pulumi.Input[str]]
) -> aws.sagemaker.EndpointDeploymentConfigArgsDict:
    """What `rollout` means to SageMaker; `alarms`: the names of those that take it back."""
    back: aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationArgsDict = {
        "alarms": [{"alarm_name": alarm} for alarm in alarms]
    }
    if rolling := rollout.rolling:
        return {
            "auto_rollback_configuration": back,
            "rolling_update_policy": {
                "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": rolling.percent},
                "wait_interval_in_seconds": rolling.wait_seconds,
                "maximum_execution_timeout_in_seconds": UPDATE_SECONDS,
            },
        }
    canary = rollout.canary
    seconds = canary.wait_seconds if canary else WATCHED_SECONDS
    return {
        "auto_rollback_configuration": back,
        "blue_green_update_policy": {
            "traffic_routing_configuration": {
                "type": "CANARY",
                "canary_size": {"type": "CAPACITY_PERCENT", "value": canary.percent},
                "wait_interval_in_seconds": seconds,
            }
            if canary
            else {"type": "ALL_AT_ONCE", "wait_interval_in_seconds": seconds},
            # All calls go to the new instances by now; the old ones are kept as long again.
            "termination_wait_in_seconds": seconds,
            "maximum_execution_timeout_in_seconds": UPDATE_SECONDS,
        },
    }
