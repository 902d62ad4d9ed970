"""A web ACL of the account's, which sees each request before the front does."""

import re
from collections.abc import Iterator
from typing import Annotated

import pulumi
import pulumi_aws as aws
from pydantic import AfterValidator

from infra import placeholder
from infra.config import Example, spelt
from infra.given import Given
from infra.region import problems as in_region

EXAMPLE = (
    "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/iris/"
    "01234567-89ab-cdef-0123-456789abcdef"
)
ARN = r"arn:aws[a-z-]*:wafv2:([a-z0-9-]+):(\d{12}):(\w+)/webacl/[\w-]+/[0-9a-f-]+"


def _web_acl(value: str) -> str:
    found = re.fullmatch(ARN, value)
    if not found:
        raise ValueError(f"{spelt(value)} is not a web ACL of AWS WAF; write its ARN")
    if found[3] != "regional":
        remedy = "write the ARN of one whose scope is REGIONAL"
        raise ValueError(f"{spelt(value)} is for CloudFront alone; {remedy}")
    return value


type WebAcl = Annotated[str, AfterValidator(_web_acl), Example(EXAMPLE)]


def problems(given: Given) -> Iterator[str]:
    """A web ACL that the stack's APIs can't have, or that is nobody's."""
    if found := re.fullmatch(ARN, str(given.raw.get("web_acl"))):
        region, account, _ = found.groups()
        yield from in_region(given, "web_acl", region)
        if given.deploying and account == placeholder.ACCOUNT:
            yield f"web_acl: {found[0]} has a placeholder for an account; write your own."


def guard(
    name: str, stage: pulumi.Output[str], web_acl: str | None, opts: pulumi.ResourceOptions
) -> None:
    """Have a web ACL, if there is one, see what comes to a stage. stage: its ARN."""
    if web_acl:
        # Made anew, the old one goes first: it is deleted by its stage alone, which would take the
        # new one off. https://docs.aws.amazon.com/waf/latest/APIReference/API_DisassociateWebACL.html
        first = pulumi.ResourceOptions(delete_before_replace=True)
        aws.wafv2.WebAclAssociation(
            name,
            resource_arn=stage,
            web_acl_arn=web_acl,
            opts=pulumi.ResourceOptions.merge(opts, first),
        )
