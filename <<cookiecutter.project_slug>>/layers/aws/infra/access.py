"""Who may call the APIs of a stack."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.api import Api
from infra.clients import Client, named
from infra.settings import Settings


def restrict(
    name: str, settings: Settings, apis: Sequence[Api], opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Output[Any]]:
    """Make what the callers need whom `auth` lets in, and return what to export of it."""
    exports = dict[str, pulumi.Output[Any]]()
    if settings.auth == "none":
        pulumi.warn("auth is none: whoever knows the URL can call the model at your expense.")
    if settings.auth == "api_key":
        if settings.default_key:
            exports["api_key_id"] = Key(name, apis, opts).id
        ids = {
            client: ClientKeys(named(name, client), own, apis, opts).ids
            for client, own in settings.clients.items()
        }
        if ids:
            exports["client_key_ids"] = pulumi.Output.from_input(ids)
    return exports


class Key(pulumi.ComponentResource):
    """An API key with its usage plan. Its value is in AWS and, encrypted, in Pulumi's state."""

    id: pulumi.Output[str]

    def __init__(self, name: str, apis: Sequence[Api], opts: pulumi.ResourceOptions) -> None:
        super().__init__("infra:access:Key", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = aws.apigateway.ApiKey(name, name=name, opts=child)
        plan = aws.apigateway.UsagePlan(name, name=name, api_stages=_stages(apis), opts=child)
        _admit(name, key, plan, child)
        self.id = key.id
        self.register_outputs({"id": self.id})


class ClientKeys(pulumi.ComponentResource):
    """The keys of one client, and the usage plan that limits each of them."""

    ids: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, client: Client, apis: Sequence[Api], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("infra:access:ClientKeys", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        limits, quota = client.rate is not None, client.quota_per_day
        plan = aws.apigateway.UsagePlan(
            name,
            name=name,
            api_stages=_stages(apis),
            throttle_settings={"rate_limit": client.rate, "burst_limit": client.burst}
            if limits
            else None,
            quota_settings={"limit": quota, "period": "DAY"} if quota else None,
            opts=child,
        )
        self.ids = {}
        for own in client.keys:
            key = aws.apigateway.ApiKey(f"{name}_{own}", name=f"{name}_{own}", opts=child)
            _admit(f"{name}_{own}", key, plan, child)
            self.ids[own] = key.id
        self.register_outputs({"ids": self.ids})


def _stages(apis: Sequence[Api]) -> list[aws.apigateway.UsagePlanApiStageArgs]:
    return [aws.apigateway.UsagePlanApiStageArgs(api_id=api.id, stage=api.stage) for api in apis]


def _admit(
    name: str,
    key: aws.apigateway.ApiKey,
    plan: aws.apigateway.UsagePlan,
    opts: pulumi.ResourceOptions,
) -> None:
    """Let a key open what a usage plan names."""
    aws.apigateway.UsagePlanKey(
        name, key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=opts
    )
