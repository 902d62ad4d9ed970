"""The roles by which workflows deploy a stack, and show what a deploy would change."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from bootstrap.deploying import may_deploy
from bootstrap.github import trusted_by_environment
from bootstrap.keys import StackKey
from bootstrap.owned import may_use
from bootstrap.policy import policy
from bootstrap.previewing import may_preview
from bootstrap.settings import Settings


class DeployRole(pulumi.ComponentResource):
    """A role that deploys one stack and can change nothing else.

    Jobs of the stack's environment on GitHub take it on.
    """

    arn: pulumi.Output[str]

    def __init__(self, stack: str, settings: Settings, issuer: pulumi.Input[str]) -> None:
        name = settings.place.deploy_role(stack)
        super().__init__("bootstrap:roles:DeployRole", name)
        child = pulumi.ResourceOptions(parent=self)
        role = _role(name, settings, issuer, stack, child)
        aws.iam.RolePolicy(
            name,
            name="deploys",
            role=role.name,
            policy=policy(may_deploy(stack, settings)),
            opts=child,
        )
        if used := may_use(settings):
            # Not inline too: all of that has 10,240 characters at most together.
            own = aws.iam.Policy(
                f"{name}-uses", name=f"{name}-uses", policy=policy(used), opts=child
            )
            aws.iam.RolePolicyAttachment(
                f"{name}-uses", role=role.name, policy_arn=own.arn, opts=child
            )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})


def preview_role(
    settings: Settings, issuer: pulumi.Input[str], keys: Mapping[str, StackKey]
) -> pulumi.Output[str]:
    """The ARN of a role that reads what a preview reads, of all stacks, and no secrets but those
    of the stacks that the settings name.
    """
    name = settings.place.preview_role
    readable = [keys[stack].arn for stack in settings.previewed]
    role = _role(name, settings, issuer, "preview", None)
    aws.iam.RolePolicy(
        name,
        name="previews",
        role=role.name,
        policy=pulumi.Output.all(*readable).apply(lambda arns: policy(may_preview(settings, arns))),
        opts=pulumi.ResourceOptions(parent=role),
    )
    return role.arn


def _role(
    name: str,
    settings: Settings,
    issuer: pulumi.Input[str],
    environment: str,
    opts: pulumi.ResourceOptions | None,
) -> aws.iam.Role:
    repository = settings.repository
    return aws.iam.Role(
        name,
        name=name,
        assume_role_policy=pulumi.Output.from_input(issuer).apply(
            lambda arn: trusted_by_environment(arn, repository, environment)
        ),
        opts=opts,
    )
