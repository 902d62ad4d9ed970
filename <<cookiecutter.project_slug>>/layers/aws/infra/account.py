"""The account's part in the logs of API Gateway: one role per region, for all APIs there."""

import pulumi
import pulumi_aws as aws

from infra.roles import RoleKeys, trusted_by

POLICY = "arn:{}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


class AccountLogging(pulumi.ComponentResource):
    """The role by which API Gateway writes logs, set for the account.

    It stays when the stack goes: without it every other API of the region would fall silent.
    """

    def __init__(self, name: str, role_keys: RoleKeys, opts: pulumi.ResourceOptions) -> None:
        super().__init__("infra:account:AccountLogging", name, None, opts)
        stays = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        role = aws.iam.Role(
            name,
            # Of no fixed name: the one that an earlier stack left behind may still be there.
            name_prefix="apigateway-logs-",
            assume_role_policy=trusted_by("apigateway.amazonaws.com"),
            permissions_boundary=role_keys.boundary,
            path=role_keys.path,
            opts=stays,
        )
        attached = aws.iam.RolePolicyAttachment(
            name, role=role.name, policy_arn=role.arn.apply(_policy), opts=stays
        )
        aws.apigateway.Account(
            name,
            cloudwatch_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True, depends_on=[attached]),
        )
        self.register_outputs({})


def _policy(role_arn: str) -> str:
    """AWS's own policy for this, in the partition of the role: China and GovCloud have others."""
    return POLICY.format(role_arn.split(":")[1])


def account_logging(
    name: str, managed: bool, role_keys: RoleKeys, opts: pulumi.ResourceOptions
) -> AccountLogging | None:
    """The account's role where this stack is to manage it."""
    return AccountLogging(name, role_keys, opts) if managed else None
