"""The logs of an API: a line for each request, and what API Gateway itself says of errors."""

import json

import pulumi
import pulumi_aws as aws

from infra.sign_in import Auth, SignIn

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "error": "$context.error.responseType",
    # What the service behind said, such as 429 where Lambda had no room for a call.
    "integration_status": "$context.integrationStatus",
    "integration_error": "$context.integration.error",
    "milliseconds": "$context.responseLatency",
    "key_id": "$context.identity.apiKeyId",
    "caller": "$context.identity.caller",
    "user": "$context.identity.userArn",
}


def access_log(
    name: str, days: int, kms_key: str | None, auth: Auth, opts: pulumi.ResourceOptions
) -> aws.apigateway.StageAccessLogSettingsArgs:
    """A line per request, of those too that reach no model. days: how long it is kept."""
    subject = {"subject": auth.subject} if isinstance(auth, SignIn) else {}
    group = aws.cloudwatch.LogGroup(
        f"{name}-access",
        name=f"/aws/apigateway/{name}",
        retention_in_days=days,
        kms_key_id=kms_key,
        opts=opts,
    )
    return aws.apigateway.StageAccessLogSettingsArgs(
        destination_arn=group.arn, format=json.dumps(ACCESS_LOG | subject)
    )


def execution_log(
    name: str,
    api: pulumi.Output[str],
    stage: str,
    days: int,
    kms_key: str | None,
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.LogGroup:
    """What API Gateway says of errors. days: how long it is kept.

    API Gateway chooses the name, and makes the group itself where it is missing: it then keeps it
    for ever, also when the stack goes.
    """
    return aws.cloudwatch.LogGroup(
        f"{name}-execution",
        name=pulumi.Output.concat("API-Gateway-Execution-Logs_", api, "/", stage),
        retention_in_days=days,
        kms_key_id=kms_key,
        opts=opts,
    )
