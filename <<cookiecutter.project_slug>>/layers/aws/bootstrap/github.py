"""How GitHub says which workflow asks, and whom a role believes."""

import pulumi
import pulumi_aws as aws

from bootstrap.place import ISSUER
from bootstrap.policy import policy
from bootstrap.settings import Settings

AUDIENCE = "sts.amazonaws.com"


def provider(settings: Settings) -> pulumi.Input[str]:
    """The ARN of the account's OIDC provider, which is made unless the settings name one.

    It stays when bootstrap goes: other projects of the account may have come to rely on it.
    """
    if settings.oidc_provider:
        return settings.oidc_provider
    return aws.iam.OpenIdConnectProvider(
        "github",
        url=f"https://{ISSUER}",
        client_id_lists=[AUDIENCE],
        opts=pulumi.ResourceOptions(retain_on_delete=True),
    ).arn


def trusted_by_environment(provider_arn: str, repository: str, environment: str) -> str:
    """The policy of a role that only jobs in one environment of one repository may take on.

    On GitHub the environment has rules: who approves, and from which branch.
    https://docs.github.com/en/actions/reference/security/oidc
    """
    said = {"aud": AUDIENCE, "sub": f"repo:{repository}:environment:{environment}"}
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider_arn},
        "Condition": {"StringEquals": {f"{ISSUER}:{claim}": said[claim] for claim in said}},
    }
    return policy([statement])
