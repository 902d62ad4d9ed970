"""What no role of a stack can go beyond, whatever a deploy writes into its policy."""

import pulumi
import pulumi_aws as aws

from bootstrap.permissions import may_ever
from bootstrap.policy import policy
from bootstrap.settings import Settings


def boundary(settings: Settings) -> pulumi.Input[str]:
    """The ARN of the permissions boundary, which is made unless the settings name one."""
    if settings.boundary:
        return settings.boundary
    name = settings.place.boundary
    return aws.iam.Policy(
        name,
        name=name,
        description=f"What no role of a stack of {settings.place.project} can go beyond.",
        policy=policy(may_ever(settings)),
        # Roles of stacks refer to it.
        opts=pulumi.ResourceOptions(protect=True),
    ).arn
