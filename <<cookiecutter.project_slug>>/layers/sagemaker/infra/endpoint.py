"""The endpoint of one API version: what it runs, what it may do, and how a release takes over."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.roles import trusted_by
from infra.rollout import deployment
from infra.settings import Image, Scaling, Version

# The only one of an endpoint, and never another name: alarms and scaling refer to it.
VARIANT = "primary"


def endpoint_name(api_version: str, version: Version, stack: Stack) -> str:
    """The name, known before the endpoint is there: its alarms are made first.

    Another instance type makes another name. An endpoint that is scaled can't change it, and a
    new one can take over from the old.
    """
    digest = hashlib.sha256(version.instance_type.encode()).hexdigest()
    return f"{stack.prefix}-{api_version}-{digest[:6]}"


class ModelEndpoint(pulumi.ComponentResource):
    """An endpoint of SageMaker.

    A new release makes a new model and a new configuration, which never change, and the endpoint
    moves to that: beside the instances of the old one, which take the calls until the new ones
    answer, and again if one of `alarms` goes off.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    log_group: pulumi.Output[str]

    def __init__(
        self,
        api_version: str,
        version: Version,
        stack: Stack,
        image: Image,
        alarms: Sequence[aws.cloudwatch.MetricAlarm],
    ) -> None:
        own_name = endpoint_name(api_version, version, stack)
        self._name = name = f"{stack.prefix}-{api_version}"
        super().__init__("infra:endpoint:ModelEndpoint", name)
        child = pulumi.ResourceOptions(parent=self)
        log_group = aws.cloudwatch.LogGroup(
            name,
            # Where SageMaker writes, whatever we say.
            name=f"/aws/sagemaker/Endpoints/{own_name}",
            retention_in_days=stack.log_retention_days,
            opts=child,
        )
        trust = trusted_by("sagemaker.amazonaws.com")
        role = aws.iam.Role(name, name=name, assume_role_policy=trust, opts=child)
        policy = aws.iam.RolePolicy(
            name,
            name="runs",
            role=role.name,
            policy=log_group.arn.apply(
                lambda arn: json.dumps(may(arn, image.arn(arn.split(":")[1]), version.model_data))
            ),
            opts=child,
        )
        # Whatever the endpoint has gone back to must still be there. Pulumi may not have noticed:
        # https://github.com/hashicorp/terraform-provider-aws/issues/48997
        stays = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        model = aws.sagemaker.Model(
            name,
            execution_role_arn=role.arn,
            primary_container={
                "image": version.image(image.repository),
                "model_data_url": version.model_data,
                "environment": version.identity(api_version),
            },
            # It calls nobody, and holds no credentials: SageMaker gets the archive, and its output.
            enable_network_isolation=True,
            # It is looked for with this role as soon as the model is made.
            opts=pulumi.ResourceOptions.merge(stays, pulumi.ResourceOptions(depends_on=[policy])),
        )
        configuration = aws.sagemaker.EndpointConfiguration(
            name,
            production_variants=[
                {
                    "variant_name": VARIANT,
                    "model_name": model.name,
                    "instance_type": version.instance_type,
                    "initial_instance_count": version.initial_instance_count,
                }
            ],
            opts=stays,
        )
        endpoint = aws.sagemaker.Endpoint(
            name,
            name=own_name,
            endpoint_config_name=configuration.name,
            deployment_config=deployment(version.rollout, [alarm.name for alarm in alarms]),
            opts=child,
        )
        if version.scaling:
            self._scale(own_name, endpoint, version.scaling)
        self.name, self.arn, self.log_group = endpoint.name, endpoint.arn, log_group.name
        self.register_outputs({"name": self.name, "log_group": self.log_group})

    def _scale(self, name: str, endpoint: aws.sagemaker.Endpoint, scaling: Scaling) -> None:
        """Follow the calls with the number of instances."""
        child = pulumi.ResourceOptions(parent=self)
        target = aws.appautoscaling.Target(
            self._name,
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=pulumi.Output.concat("endpoint/", endpoint.name, "/variant/", VARIANT),
            min_capacity=scaling.min_instances,
            max_capacity=scaling.max_instances,
            opts=child,
        )
        aws.appautoscaling.Policy(
            self._name,
            name=name,
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "target_value": scaling.invocations_per_instance,
                "predefined_metric_specification": {
                    "predefined_metric_type": "SageMakerVariantInvocationsPerInstance"
                },
            },
            opts=child,
        )


def may(log_group_arn: str, repository_arn: str, model_data: str | None) -> dict[str, Any]:
    """All that an endpoint may do: pull its image, get its archive, write its log and metrics."""
    partition = log_group_arn.split(":")[1]
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            "Resource": repository_arn,
        },
        # A token is of no repository.
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            "Resource": [log_group_arn, f"{log_group_arn}:*"],
        },
        # CloudWatch knows no resources that this could be bound to.
        {
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricData"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "cloudwatch:namespace": ["/aws/sagemaker/Endpoints", "AWS/SageMaker"]
                }
            },
        },
    ]
    if model_data:
        archive = f"arn:{partition}:s3:::{model_data.removeprefix('s3://')}"
        statements.append({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": archive})
    return {"Version": "2012-10-17", "Statement": statements}
