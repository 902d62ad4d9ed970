"""A REST API on its stage: what it answers, and how much it takes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pulumi
import pulumi_aws as aws

from infra.account import AccountLogging
from infra.config import ApiVersion
from infra.cors import shared
from infra.front_alarm import watch
from infra.logs import access_log, execution_log
from infra.openapi import document
from infra.reach import address, endpoint, reach
from infra.scheme import prefixes
from infra.settings import Settings
from infra.sign_in import let_judge
from infra.web_acl import guard

STAGE = "live"


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

    A changed document is imported, then deployed, and the stage moves to it at once. An import that
    AWS refuses is tried again by the next deploy; until one succeeds, the stage stays as it is.
    closed: it has no address of AWS's, so that it is called at a domain alone.
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
        *,
        closed: bool,
    ) -> None:
        super().__init__("infra:api:Api", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        guarded = pulumi.ResourceOptions(parent=self, protect=settings.protect)
        own = {version: backends[version] for version in versions if version in backends}
        integrations = {version: backend.integration for version, backend in own.items()}
        body = pulumi.Output.all(**integrations).apply(
            lambda resolved: json.dumps(
                shared(
                    document(name, versions, settings.contracts, resolved, settings.auth)
                    | reach(closed=closed, private=settings.private),
                    settings.cors,
                ),
                sort_keys=True,
            )
        )
        api = aws.apigateway.RestApi(
            name,
            # Neither is reset by an import: the document's title is the same. All else that an
            # import resets is for the document to say, since nothing here would set it again.
            name=name,
            endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(
                **endpoint(settings.private)
            ),
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
        permissions += let_judge(name, settings.auth, api.execution_arn, child)
        days, key = settings.log_retention_days, settings.kms_key
        before = list[pulumi.Resource]()
        if logging:
            before = [logging, execution_log(name, api.id, STAGE, days, key, child)]
        stage = aws.apigateway.Stage(
            name,
            rest_api=api.id,
            deployment=self._deployment(name, api.id, body, permissions).id,
            stage_name=STAGE,
            xray_tracing_enabled=settings.tracing,
            access_log_settings=access_log(name, days, key, settings.auth, child)
            if settings.logs_requests
            else None,
            opts=pulumi.ResourceOptions.merge(guarded, pulumi.ResourceOptions(depends_on=before)),
        )
        guard(name, stage.arn, settings.web_acl, child)
        aws.apigateway.MethodSettings(
            name,
            rest_api=api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_rate_limit": settings.throttle.rate,
                "throttling_burst_limit": settings.throttle.burst,
                # Said even where it is off: AWS keeps what is not said.
                "logging_level": "ERROR" if logging else "OFF",
            },
            opts=child,
        )
        watch(name, api.name, stage.stage_name, settings.alarm_topic, child)
        self.id, self.stage = api.id, stage.stage_name
        self.url = stage.invoke_url.apply(lambda url: address(url, settings.private))
        self.register_outputs({"url": self.url})

    def _deployment(
        self,
        name: str,
        api: pulumi.Output[str],
        body: pulumi.Output[str],
        permissions: Sequence[pulumi.Resource],
    ) -> aws.apigateway.Deployment:
        """What the stage shows: the document, once AWS has imported it.

        The import is a resource that is made anew whenever the document changes. Were the document
        an input of the API, Pulumi would take a refused one for imported:
        https://github.com/pulumi/pulumi/issues/21458
        """
        triggers = {"body": body.apply(_digest)}
        imported = aws.apigateway.RestApiPut(
            name,
            rest_api_id=api,
            body=body,
            fail_on_warnings=True,
            triggers=triggers,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.apigateway.Deployment(
            name,
            rest_api=api,
            triggers=triggers,
            # A new API version answers from its first moment on.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[imported, *permissions]),
        )


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
