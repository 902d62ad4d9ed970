"""The front: API Gateway, which answers on the public URL."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.function import ModelFunction
from infra.openapi import document
from infra.settings import Settings

STAGE = "live"


class Front(pulumi.ComponentResource):
    """One REST API for all API versions, told apart by path.

    Its document belongs to the API as a whole; a changed document makes a new deployment, and
    the stage moves to it at once.
    """

    base_urls: Mapping[str, pulumi.Output[str]]
    api_key_name: pulumi.Output[str] | None

    def __init__(
        self,
        functions: Mapping[str, ModelFunction],
        settings: Settings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = settings.stack.prefix
        super().__init__("infra:front:Front", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        guarded = pulumi.ResourceOptions(parent=self, protect=settings.protect)

        invoke_arns = {version: function.invoke_arn for version, function in functions.items()}
        body = pulumi.Output.all(**invoke_arns).apply(lambda arns: _body(name, settings, arns))
        api = aws.apigateway.RestApi(
            name,
            name=name,
            body=body,
            fail_on_warnings=True,
            endpoint_configuration={"types": "REGIONAL"},
            opts=guarded,
        )
        permissions = [
            function.allow(api.execution_arn, f"{STAGE}/POST/{version}/predict")
            for version, function in functions.items()
        ]
        deployment = aws.apigateway.Deployment(
            name,
            rest_api=api.id,
            triggers={"body": body.apply(_digest)},
            # A new API version answers from its first moment on.
            opts=pulumi.ResourceOptions(parent=self, depends_on=permissions),
        )
        stage = aws.apigateway.Stage(
            name, rest_api=api.id, deployment=deployment.id, stage_name=STAGE, opts=guarded
        )
        aws.apigateway.MethodSettings(
            name,
            rest_api=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_rate_limit": settings.throttle.rate,
                "throttling_burst_limit": settings.throttle.burst,
            },
            opts=child,
        )
        self.api_key_name = None
        if settings.auth == "api_key":
            self.api_key_name = self._require_key(name, api, stage)
        else:
            pulumi.warn("auth is none: whoever knows the URL can call the model at your expense.")
        self.base_urls = {
            version: pulumi.Output.concat(stage.invoke_url, "/", version) for version in functions
        }
        self.register_outputs({"base_urls": self.base_urls})

    def _require_key(
        self, name: str, api: aws.apigateway.RestApi, stage: aws.apigateway.Stage
    ) -> pulumi.Output[str]:
        """Make a key that this API takes, and give its name; AWS alone keeps its value."""
        child = pulumi.ResourceOptions(parent=self)
        key = aws.apigateway.ApiKey(name, name=name, opts=child)
        plan = aws.apigateway.UsagePlan(
            name,
            name=name,
            api_stages=[{"api_id": api.id, "stage": stage.stage_name}],
            opts=child,
        )
        aws.apigateway.UsagePlanKey(
            name, key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=child
        )
        return key.name


def _body(name: str, settings: Settings, invoke_arns: Mapping[str, str]) -> str:
    contracts = {
        version: Path("contracts", f"{version}.json").read_text(encoding="utf-8")
        for version in invoke_arns
    }
    described = document(name, settings.versions, contracts, invoke_arns, settings.auth)
    return json.dumps(described, sort_keys=True)


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
