"""What an account has and stacks may use: keys in KMS, secrets, networks, zones, web ACLs."""

from collections.abc import Sequence

from bootstrap.place import Place
from bootstrap.policy import Statement, allow
from bootstrap.settings import Settings

# What Lambda asks with the credentials of whoever puts a function into a network:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
LOOKS_FOR_NETWORKS = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")

# About web ACL and stage, of which the latter takes apigateway:SetWebACL too:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html
GUARDS = (
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACL",
    "wafv2:GetWebACLForResource",
)


def may_use(settings: Settings) -> list[Statement]:
    """What a deploy does with what the settings name of the account: no role can do it else."""
    place = settings.place
    stages = f"arn:{place.partition}:apigateway:{place.region}::/restapis/*/stages/*"
    guards = [allow(GUARDS, [*settings.web_acls, stages])] if settings.web_acls else []
    return [
        *guards,
        *_may_let_judge(settings.authorizers),
        *_may_name(place, settings.hosted_zones),
    ]


def _may_let_judge(functions: Sequence[str]) -> list[Statement]:
    """To let API Gateway, and nobody else, call these functions."""
    called = [each for function in functions for each in (function, f"{function}:*")]
    by_it = {"StringEquals": {"lambda:Principal": "apigateway.amazonaws.com"}}
    if not called:
        return []
    return [
        allow(["lambda:AddPermission"], called, by_it),
        allow(["lambda:GetPolicy", "lambda:RemovePermission"], called),
    ]


def _may_name(place: Place, hosted_zones: Sequence[str]) -> list[Statement]:
    """To make records of domains, in these zones."""
    zones = [f"arn:{place.partition}:route53:::hostedzone/{each}" for each in hosted_zones]
    kinds = {"route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA"]}
    if not zones:
        return []
    return [
        allow(["route53:ChangeResourceRecordSets"], zones, {"ForAllValues:StringEquals": kinds}),
        allow(["route53:GetHostedZone", "route53:ListResourceRecordSets"], zones),
        # Whether a change is done: AWS makes its id up.
        allow(["route53:GetChange"], f"arn:{place.partition}:route53:::change/*"),
    ]


def may_decrypt(place: Place, services: Sequence[str]) -> Statement:
    """To have services decrypt: the policy of a key decides whether it may be used at all.

    Pulumi asks KMS itself, so no secret of a stack is read so.
    """
    asking = [f"{service}.{place.region}.amazonaws.com*" for service in services]
    return allow(
        ["kms:Decrypt"], place.arn("kms", "key/*"), {"StringLike": {"kms:ViaService": asking}}
    )


def may_read_secrets(place: Place) -> Statement:
    """To read secrets whose names start with the project's and a slash."""
    own = place.arn("secretsmanager", f"secret:{place.project}/*")
    return allow(["secretsmanager:GetSecretValue"], own)


def may_join(place: Place, joins: Sequence[str], looks: Sequence[str]) -> list[Statement]:
    """To have a service put something into a network, as infra/network.py says it."""
    # They list what there is.
    used = [
        place.arn("ec2", f"{kind}/*") for kind in ("network-interface", "security-group", "subnet")
    ]
    return [allow(joins, used), allow(looks, "*")]
