"""What an account has and API versions may use: keys in KMS, secrets, networks."""

from collections.abc import Sequence

from bootstrap.place import Place
from bootstrap.policy import Statement, allow

# What Lambda asks with the credentials of whoever puts a function into a network:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
LOOKS_FOR_NETWORKS = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")


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
