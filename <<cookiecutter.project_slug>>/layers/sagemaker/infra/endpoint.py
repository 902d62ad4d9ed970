"""The endpoint of one API version: what it runs, what it may do, and how a release takes over."""

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.alarms import VARIANT, Alarms, alarms_of
from infra.aws import Stack
from infra.encryption import may_decrypt
from infra.images import Image
from infra.instances import Scaling
from infra.joins import JOINS, LOOKS
from infra.names import endpoint_name
from infra.network import may_join
from infra.roles import granted, make_role
from infra.rollout import deployment
from infra.secrets import may_read
from infra.settings import Version


class ModelEndpoint(pulumi.ComponentResource):
    """An endpoint of SageMaker.

    A new release makes a new model and a new configuration, which never change, and the endpoint
    moves to that: beside the instances of the old one, which take the calls until the new ones
    answer, and again if one of the release's alarms goes off.
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
    ) -> None:
        own_name = endpoint_name(stack.prefix, api_version, version.host)
        self._name = name = f"{stack.prefix}-{api_version}"
        super().__init__("infra:endpoint:ModelEndpoint", name)
        child = pulumi.ResourceOptions(parent=self)
        log_group = aws.cloudwatch.LogGroup(
            name,
            # Where SageMaker writes, whatever we say.
            name=f"/aws/sagemaker/Endpoints/{own_name}",
            retention_in_days=stack.log_retention_days,
            kms_key_id=stack.kms_key,
            opts=child,
        )
        trust = log_group.arn.apply(lambda arn: json.dumps(trust_in(arn)))
        role = make_role(name, trust, stack.role, child)
        policy = aws.iam.RolePolicy(
            name,
            # Of another endpoint another one, so that the old one can go on until it goes.
            name=own_name,
            role=role.name,
            policy=log_group.arn.apply(
                lambda arn: json.dumps(may(arn, image, version, alarms_of(name, version), stack))
            ),
            opts=child,
        )
        policies = [policy, *granted(own_name, role, version, child)]
        # Whatever the endpoint has gone back to must still be there. Pulumi may not have noticed:
        # https://github.com/hashicorp/terraform-provider-aws/issues/48997
        stays = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        model = aws.sagemaker.Model(
            name,
            execution_role_arn=role.arn,
            primary_container={
                "image": version.image(image.repository),
                "model_data_url": version.model_data,
                "environment": version.variables(api_version),
            },
            # It calls nobody, and holds no credentials: SageMaker gets the archive, and its output.
            enable_network_isolation=version.calls_nobody,
            vpc_config={
                "subnets": [*version.vpc.subnets],
                "security_group_ids": [*version.vpc.security_groups],
            }
            if version.vpc
            else None,
            # It is looked for with this role as soon as the model is made.
            opts=pulumi.ResourceOptions.merge(stays, pulumi.ResourceOptions(depends_on=policies)),
        )
        configuration = aws.sagemaker.EndpointConfiguration(
            name,
            production_variants=[_variant(model.name, version)],
            # Of the volumes of instances.
            kms_key_arn=None if version.serverless else stack.kms_key,
            opts=stays,
        )
        alarms = Alarms(name, own_name, configuration.name, version, stack, child)
        endpoint = aws.sagemaker.Endpoint(
            name,
            name=own_name,
            endpoint_config_name=configuration.name,
            deployment_config=None
            if version.serverless
            else deployment(version.rollout, alarms.rollback),
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


def _variant(
    model: pulumi.Output[str], version: Version
) -> aws.sagemaker.EndpointConfigurationProductionVariantArgsDict:
    """The only one of an endpoint: on instances, or where SageMaker starts it."""
    if none := version.serverless:
        return {
            "variant_name": VARIANT,
            "model_name": model,
            "serverless_config": {
                "memory_size_in_mb": none.memory_mb,
                "max_concurrency": none.max_concurrency,
            },
        }
    variant: aws.sagemaker.EndpointConfigurationProductionVariantArgsDict = {
        "variant_name": VARIANT,
        "model_name": model,
        "instance_type": version.instance_type,
        "initial_instance_count": version.initial_instance_count,
    }
    if version.startup_seconds:
        variant["container_startup_health_check_timeout_in_seconds"] = version.startup_seconds
    if version.download_seconds:
        variant["model_data_download_timeout_in_seconds"] = version.download_seconds
    if version.volume_gb:
        variant["volume_size_in_gb"] = version.volume_gb
    return variant


def trust_in(log_group_arn: str) -> dict[str, Any]:
    """Who may take on an endpoint's role: SageMaker, for an account that has this log group.

    https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    """
    account = log_group_arn.split(":")[4]
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def may(
    log_group_arn: str, image: Image, version: Version, alarms: Sequence[str], stack: Stack
) -> dict[str, Any]:
    """All that an endpoint may do beside its owner's policy: pull its image, get its archive, write
    its log and metrics, see the alarms that take a release back, read its secrets, decrypt, and
    join a network.
    """
    _, partition, _, region, account, *_ = log_group_arn.split(":")
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            "Resource": image.arn(partition),
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
    if alarms:
        named = [f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{each}" for each in alarms]
        sees = {"Effect": "Allow", "Action": ["cloudwatch:DescribeAlarms"], "Resource": named}
        statements.insert(3, sees)
    if version.model_data:
        # All in its folder: what was there before is read again when a release is taken back.
        folder = version.model_data.removeprefix("s3://").rpartition("/")[0]
        archives = f"arn:{partition}:s3:::{folder}/*"
        statements.append({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": archives})
    statements += [*may_read(version.secrets), *may_decrypt(stack.kms_key)]
    if version.vpc:
        statements += may_join(log_group_arn, version.vpc, JOINS, LOOKS)
    return {"Version": "2012-10-17", "Statement": statements}
