"""What the role of previews may do: read what a preview reads, and no secrets.

Whoever can push to a branch of the repository can take on this role: that is the job of a pull
request. So it forbids what it must not read, whatever else the role is ever given.
"""

from collections.abc import Sequence

from bootstrap.permissions import may_preview_own
from bootstrap.policy import Statement, allow, deny, deny_elsewhere
from bootstrap.settings import Settings
from bootstrap.storage import may_read_releases, may_read_state

SECRETS = (
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)


def may_preview(settings: Settings, keys: Sequence[str]) -> list[Statement]:
    """All that the role may do. keys: the ARNs of those by which it may read secrets."""
    place = settings.place
    gateway = f"arn:{place.partition}:apigateway:{place.region}::"
    return [
        *may_read_state(place, "*"),
        *may_read_releases(place, settings.releases),
        *may_preview_own(settings),
        *([allow(["kms:Decrypt"], keys)] if keys else []),
        deny_elsewhere(["kms:Decrypt"], keys),
        deny(["apigateway:GET"], [f"{gateway}/apikeys", f"{gateway}/apikeys/*"]),
        deny(SECRETS, "*"),
    ]
