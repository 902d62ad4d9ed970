"""One API version, as far as every target on AWS knows it."""

from collections.abc import Iterator
from typing import override

from pydantic import Field

from infra.config import ApiVersion
from infra.granted import Granted, PolicyFile
from infra.network import Vpc
from infra.secrets import Secrets, told
from infra.variables import Env


class AwsVersion(ApiVersion):
    """One API version on AWS."""

    env: Env = Field(default_factory=dict)
    """Environment variables, beside the project's own. AWS shows them to whoever may read the
    configuration, so no secret belongs here."""

    vpc: Vpc | None = None
    """The network of yours that this API version is in. It then calls only whom that lets it."""

    policy: PolicyFile | None = None
    """A policy of IAM in a file of this project: what your code may do in AWS. Each statement names
    its actions and its resources."""

    secrets: Secrets = Field(default_factory=dict)
    """Environment variables whose values come from Secrets Manager at the start, each by the ARN of
    its secret. What is rotated is read anew by the next start."""

    @property
    def added(self) -> dict[str, str]:
        """What stands in the environment beside what every target says there."""
        return self.env | told(self.secrets)

    @override
    def between_keys(self) -> Iterator[str]:
        yield from super().between_keys()
        for name in self.env.keys() & self.secrets.keys():
            yield f"env.{name}: is among secrets too; remove one of the two."

    def missing(self) -> Iterator[str]:
        """What a deploy needs beside the stack file, and can't use."""
        if self.policy:
            yield from (f"policy: {said}" for said in Granted(self.policy).problems())
