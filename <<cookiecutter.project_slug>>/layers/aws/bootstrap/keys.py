"""The key that encrypts the secrets of one stack, in Pulumi's state and in its config."""

import pulumi
import pulumi_aws as aws

from bootstrap.place import Place
from bootstrap.policy import allow, of, policy

# What Pulumi does with it: https://www.pulumi.com/docs/iac/concepts/secrets/
USES = ("kms:Encrypt", "kms:Decrypt", "kms:DescribeKey")


class StackKey(pulumi.ComponentResource):
    """A key in KMS that the role of its stack may use, and whom the account's policies let."""

    arn: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(self, stack: str, place: Place, role_arn: pulumi.Output[str]) -> None:
        name = f"{place.project}-{stack}"
        super().__init__("bootstrap:keys:StackKey", name)
        # Without it nobody can read the stack's secrets any more.
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        key = aws.kms.Key(
            name,
            description=f"Secrets of the stack {stack} of {place.project}.",
            enable_key_rotation=True,
            policy=role_arn.apply(lambda arn: key_policy(place, arn)),
            opts=kept,
        )
        alias = aws.kms.Alias(name, name=f"alias/{name}", target_key_id=key.key_id, opts=kept)
        self.arn = key.arn
        self.url = pulumi.Output.concat("awskms://", alias.name, f"?region={place.region}")
        self.register_outputs({"arn": self.arn})


def key_policy(place: Place, role_arn: str) -> str:
    """Who may use a key: the role of its stack. Policies of the account decide on all others.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    account = {"AWS": place.of_account("iam", "root")}
    return policy(
        [
            # Of this key, that is: its policy is about no other.
            of(allow(["kms:*"], "*"), account),
            of(allow(USES, "*"), {"AWS": role_arn}),
        ]
    )
