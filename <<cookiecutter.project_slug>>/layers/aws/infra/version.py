"""One API version, as far as every target on AWS knows it."""

from pydantic import Field

from infra.config import ApiVersion
from infra.variables import Env


class AwsVersion(ApiVersion):
    """One API version on AWS."""

    env: Env = Field(default_factory=dict)
    """Environment variables, beside the project's own. AWS shows them to whoever may read the
    configuration, so no secret belongs here."""
