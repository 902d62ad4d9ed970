"""The roles of a stack: who may take one on, and what a platform wants of each."""

import json
import re
from typing import Annotated

import pulumi
import pulumi_aws as aws
from pydantic import AfterValidator

from infra.config import Example, Section, spelt
from infra.granted import Granted
from infra.version import AwsVersion

EXAMPLE_BOUNDARY = "arn:aws:iam::123456789012:policy/iris-boundary"


def _boundary(value: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+", value):
        raise ValueError(f"{spelt(value)} is not a policy of IAM; write its ARN")
    return value


def _path(value: str) -> str:
    if not re.fullmatch(r"/|/([\w+=,.@-]+/)+", value) or len(value) > 512:
        raise ValueError(f"{spelt(value)} is not the path of a role; write one such as /models/")
    return value


type BoundaryArn = Annotated[str, AfterValidator(_boundary), Example(EXAMPLE_BOUNDARY)]
type RolePath = Annotated[str, AfterValidator(_path), Example("/models/")]


class RoleKeys(Section):
    """What every role has that a stack makes."""

    boundary: BoundaryArn | None = None
    """The ARN of the permissions boundary: a policy that no role can go beyond. `make bootstrap`
    makes one, and its deploy roles can make no role without it."""

    path: RolePath | None = None
    """The path of the roles. Set it before the first deploy: a role can't move to another one."""


def make_role(
    name: str, trust: pulumi.Input[str], keys: RoleKeys, opts: pulumi.ResourceOptions
) -> aws.iam.Role:
    """A role of this name that those may take on whom `trust` names."""
    return aws.iam.Role(
        name,
        name=name,
        assume_role_policy=trust,
        permissions_boundary=keys.boundary,
        path=keys.path,
        opts=opts,
    )


def granted(
    name: str, role: aws.iam.Role, version: AwsVersion, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The owner's policy of an API version, as a part of its role, if there is one."""
    if not version.policy:
        return []
    own = f"{name}-own"
    text = Granted(version.policy).text
    return [aws.iam.RolePolicy(own, name=own, role=role.name, policy=text, opts=opts)]


def trusted_by(service: str) -> str:
    """The policy of a role that one service of AWS may take on.

    It has no condition on `aws:SourceAccount`: AWS documents it neither for Lambda nor for API
    Gateway, and a service that left it out would lose its role. It can't act for another account:
    a role is only ever handed to resources of its own (`iam:PassRole`).
    """
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": service},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
