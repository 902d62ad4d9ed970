"""A network of the account: its subnets and security groups, and what it takes to be in it."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, override

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt

EXAMPLE_SUBNETS = ["subnet-0a1b2c3d4e5f60718", "subnet-8192a3b4c5d6e7f80"]
EXAMPLE_GROUPS = ["sg-0123456789abcdef0"]
# https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html
MOST_SUBNETS, MOST_GROUPS = 16, 5


def _subnet(value: str) -> str:
    if not re.fullmatch(r"subnet-[0-9a-f]{8,17}", value):
        raise ValueError(f"{spelt(value)} is not a subnet; write one such as {EXAMPLE_SUBNETS[0]}")
    return value


def _group(value: str) -> str:
    if not re.fullmatch(r"sg-[0-9a-f]{8,17}", value):
        remedy = f"write one such as {EXAMPLE_GROUPS[0]}"
        raise ValueError(f"{spelt(value)} is not a security group; {remedy}")
    return value


class Vpc(Section):
    """Where in a network of the account an API version is."""

    subnets: Annotated[
        tuple[Annotated[str, AfterValidator(_subnet)], ...],
        Field(examples=[EXAMPLE_SUBNETS]),
        Example(EXAMPLE_SUBNETS),
    ]
    """Private subnets of one VPC, in several availability zones."""

    security_groups: Annotated[
        tuple[Annotated[str, AfterValidator(_group)], ...],
        Field(examples=[EXAMPLE_GROUPS]),
        Example(EXAMPLE_GROUPS),
    ]
    """Security groups of that VPC. They decide whom the model may call."""

    @override
    def between_keys(self) -> Iterator[str]:
        for key, several, most in (
            ("subnets", self.subnets, MOST_SUBNETS),
            ("security_groups", self.security_groups, MOST_GROUPS),
        ):
            if not 1 <= len(several) <= most:
                yield f"{key}: has {len(several)}; write 1 to {most}."


def may_join(
    log_group_arn: str, vpc: Vpc, joins: Sequence[str], looks: Sequence[str]
) -> list[dict[str, Any]]:
    """What a service does in EC2 with a role, to put something into a network.

    AWS makes the names of interfaces up, and a service refuses a role that names some of them:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    _, partition, _, region, account, *_ = log_group_arn.split(":")
    used = [
        "network-interface/*",
        *(f"security-group/{each}" for each in vpc.security_groups),
        *(f"subnet/{each}" for each in vpc.subnets),
    ]
    resources = [f"arn:{partition}:ec2:{region}:{account}:{each}" for each in used]
    return [
        {"Effect": "Allow", "Action": [*joins], "Resource": resources},
        # They list what there is.
        {"Effect": "Allow", "Action": [*looks], "Resource": "*"},
    ]
