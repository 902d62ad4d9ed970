"""The function of one API version: what it runs, what it may do, and who may call it."""

import json
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.code import Code
from infra.encryption import may_decrypt
from infra.joins import JOINS, LOOKS
from infra.network import may_join
from infra.pages import told
from infra.roles import granted, make_role, trusted_by
from infra.secrets import may_read
from infra.settings import Version

ALIAS = "live"
# The most that API Gateway waits.
FRONT_TIMEOUT_MS = 29_000


class ModelFunction(pulumi.ComponentResource):
    """A published function behind the alias `live`.

    A new release publishes a version and then moves the alias: calls go to the old one until the
    new one is ready, and none is dropped.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    alias: pulumi.Output[str]
    log_group: pulumi.Output[str]
    integration: pulumi.Output[dict[str, Any]]

    def __init__(self, api_version: str, version: Version, code: Code, stack: Stack) -> None:
        self._name = name = f"{stack.prefix}-{api_version}"
        super().__init__("infra:function:ModelFunction", name)
        child = pulumi.ResourceOptions(parent=self)

        log_group = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/lambda/{name}",
            retention_in_days=stack.log_retention_days,
            kms_key_id=stack.kms_key,
            opts=child,
        )
        trust = trusted_by("lambda.amazonaws.com")
        role = make_role(name, trust, stack.role, child)
        policy = aws.iam.RolePolicy(
            name,
            name="writes",
            role=role.name,
            policy=log_group.arn.apply(lambda arn: json.dumps(_may(arn, name, version, stack))),
            opts=child,
        )
        policies = [policy, *granted(name, role, version, child)]
        self._function = aws.lambda_.Function(
            name,
            name=name,
            role=role.arn,
            **code.inputs,
            handler="serving.lambda_handler.handler",
            runtime=f"python{code.python}",
            architectures=[version.architecture],
            memory_size=version.memory_mb,
            timeout=version.timeout_seconds,
            reserved_concurrent_executions=version.reserved_concurrency,
            environment={"variables": version.environment(api_version) | told(stack.cors)},
            kms_key_arn=stack.kms_key,
            source_kms_key_arn=stack.kms_key,
            vpc_config={
                "subnet_ids": [*version.vpc.subnets],
                "security_group_ids": [*version.vpc.security_groups],
            }
            if version.vpc
            else None,
            snap_start={"apply_on": "PublishedVersions"} if version.snap_start else None,
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            # Said even where it is off: AWS keeps what is not said.
            tracing_config={"mode": "Active" if stack.tracing else "PassThrough"},
            publish=True,
            # A call before the policy would write no log.
            opts=pulumi.ResourceOptions(parent=self, depends_on=policies),
        )
        self._alias = aws.lambda_.Alias(
            name,
            name=ALIAS,
            function_name=self._function.name,
            function_version=self._function.version,
            opts=child,
        )
        if version.provisioned_concurrency:
            aws.lambda_.ProvisionedConcurrencyConfig(
                name,
                function_name=self._function.name,
                qualifier=self._alias.name,
                provisioned_concurrent_executions=version.provisioned_concurrency,
                opts=child,
            )
        self.name, self.arn = self._function.name, self._function.arn
        self.alias = pulumi.Output.concat(self._function.name, ":", self._alias.name)
        self.log_group = log_group.name
        self.integration = self._alias.invoke_arn.apply(_integration)
        self.register_outputs({"name": self.name, "log_group": self.log_group})

    def allow(
        self, execution_arn: pulumi.Output[str], routes: Sequence[str]
    ) -> Sequence[pulumi.Resource]:
        """Let an API call this function, for these routes only: `live/POST/v1/predict`."""
        return [
            aws.lambda_.Permission(
                f"{self._name}-{route.replace('/', '-')}",
                action="lambda:InvokeFunction",
                principal="apigateway.amazonaws.com",
                function=self._function.name,
                qualifier=self._alias.name,
                source_arn=pulumi.Output.concat(execution_arn, "/", route),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for route in routes
        ]


def _may(log_group_arn: str, name: str, version: Version, stack: Stack) -> dict[str, Any]:
    """All that a function may do beside its owner's policy: write to the streams of its own log
    group, and traces; read its secrets; decrypt; and have Lambda connect it to a network.
    """
    statements: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn}:*",
        }
    ]
    if stack.tracing:
        actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        # X-Ray knows no resources that these could be bound to.
        statements.append({"Effect": "Allow", "Action": actions, "Resource": "*"})
    statements += [*may_read(version.secrets), *may_decrypt(stack.kms_key)]
    if version.vpc:
        statements += may_join(log_group_arn, version.vpc, JOINS, LOOKS)
        # Lambda does that, and never the function's own code:
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        _, partition, _, region, account, *_ = log_group_arn.split(":")
        own = f"arn:{partition}:lambda:{region}:{account}:function:{name}"
        itself = {"ArnEquals": {"lambda:SourceFunctionArn": own}}
        deny = {"Effect": "Deny", "Action": [*JOINS, *LOOKS], "Resource": "*"}
        statements.append(deny | {"Condition": itself})
    return {"Version": "2012-10-17", "Statement": statements}


def _integration(invoke_arn: str) -> dict[str, Any]:
    """How an API's document says that this function answers, through its alias."""
    return {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": invoke_arn,
        "timeoutInMillis": FRONT_TIMEOUT_MS,
    }
