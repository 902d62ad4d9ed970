"""Who may call the APIs of a stack."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from infra.api import Api
from infra.openapi import Auth


def restrict(
    name: str, auth: Auth, apis: Sequence[Api], opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Output[str]]:
    """Make what the callers need whom `auth` lets in, and return what to export of it."""
    if auth == "api_key":
        return {"api_key_id": Key(name, apis, opts).id}
    if auth == "none":
        pulumi.warn("auth is none: whoever knows the URL can call the model at your expense.")
    return {}


class Key(pulumi.ComponentResource):
    """An API key with its usage plan. Its value is in AWS and, encrypted, in Pulumi's state."""

    id: pulumi.Output[str]

    def __init__(self, name: str, apis: Sequence[Api], opts: pulumi.ResourceOptions) -> None:
        super().__init__("infra:access:Key", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = aws.apigateway.ApiKey(name, name=name, opts=child)
        plan = aws.apigateway.UsagePlan(
            name,
            name=name,
            api_stages=[{"api_id": api.id, "stage": api.stage} for api in apis],
            opts=child,
        )
        aws.apigateway.UsagePlanKey(
            name, key_id=key.id, key_type="API_KEY", usage_plan_id=plan.id, opts=child
        )
        self.id = key.id
        self.register_outputs({"id": self.id})
