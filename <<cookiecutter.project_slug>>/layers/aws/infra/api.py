"""A REST API on its stage: what it answers, and how much it takes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pulumi
import pulumi_aws as aws

from infra.account import AccountLogging
from infra.config import ApiVersion
from infra.openapi import document
from infra.scheme import prefixes
from infra.settings import Settings

STAGE = "live"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "error": "$context.error.responseType",
    "integration_error": "$context.integration.error",
    "milliseconds": "$context.responseLatency",
}


class Backend(Protocol):
    """What answers the predictions of one API version."""

    @property
    def integration(self) -> pulumi.Output[dict[str, Any]]:
        """How an API's document says that this answers."""
        ...

    def allow(
        self, execution_arn: pulumi.Output[str], routes: Sequence[str], /
    ) -> Sequence[pulumi.Resource]:
        """What lets an API call this, for its own routes only: `live/POST/v1/predict`."""
        ...


class Api(pulumi.ComponentResource):
    """A REST API made of one document, on the stage `live`.

    A changed document makes a new deployment, and the stage moves to it at once.
    """

    id: pulumi.Output[str]
    stage: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        versions: Mapping[str, ApiVersion],
        backends: Mapping[str, Backend],
        settings: Settings,
        logging: AccountLogging | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("infra:api:Api", name, None, opts)
        guarded = pulumi.ResourceOptions(parent=self, protect=settings.protect)
        needs = pulumi.ResourceOptions(depends_on=[logging] if logging else [])
        own = {version: backends[version] for version in versions if version in backends}
        integrations = {version: backend.integration for version, backend in own.items()}
        body = pulumi.Output.all(**integrations).apply(
            lambda resolved: json.dumps(
                document(name, versions, settings.contracts, resolved, settings.auth),
                sort_keys=True,
            )
        )
        api = aws.apigateway.RestApi(
            name,
            name=name,
            body=body,
            fail_on_warnings=True,
            endpoint_configuration={"types": "REGIONAL"},
            opts=guarded,
        )
        permissions = [
            permission
            for version, backend in own.items()
            for permission in backend.allow(
                api.execution_arn,
                [f"{STAGE}/POST{prefix}/predict" for prefix in prefixes(version)],
            )
        ]
        deployment = aws.apigateway.Deployment(
            name,
            rest_api=api.id,
            triggers={"body": body.apply(_digest)},
            # A new API version answers from its first moment on.
            opts=pulumi.ResourceOptions(parent=self, depends_on=permissions),
        )
        stage = aws.apigateway.Stage(
            name,
            rest_api=api.id,
            deployment=deployment.id,
            stage_name=STAGE,
            xray_tracing_enabled=settings.tracing,
            access_log_settings=self._access_log(name, settings) if logging else None,
            opts=pulumi.ResourceOptions.merge(guarded, needs),
        )
        aws.apigateway.MethodSettings(
            name,
            rest_api=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_rate_limit": settings.throttle.rate,
                "throttling_burst_limit": settings.throttle.burst,
                "logging_level": "ERROR" if logging else None,
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id, self.stage, self.url = api.id, stage.stage_name, stage.invoke_url
        self.register_outputs({"url": self.url})

    def _access_log(
        self, name: str, settings: Settings
    ) -> aws.apigateway.StageAccessLogSettingsArgs:
        """A line per request, of those too that reach no model."""
        group = aws.cloudwatch.LogGroup(
            f"{name}-access",
            name=f"/aws/apigateway/{name}",
            retention_in_days=settings.log_retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.apigateway.StageAccessLogSettingsArgs(
            destination_arn=group.arn, format=json.dumps(ACCESS_LOG)
        )


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
