"""One API version, as far as every target on AWS knows it."""

from collections.abc import Iterator

from pydantic import Field

from infra.config import ApiVersion
from infra.granted import Granted, PolicyFile
from infra.network import Vpc
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

    def missing(self) -> Iterator[str]:
        """What a deploy needs beside the stack file, and can't use."""
        if self.policy:
            yield from (f"policy: {said}" for said in Granted(self.policy).problems())
