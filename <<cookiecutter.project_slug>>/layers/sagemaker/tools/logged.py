"""Where the calls of an API version are logged."""

import re

from infra import scheme
from infra.settings import Settings
from tools.refused import Refused


def lines(settings: Settings, version: str) -> tuple[str, str, tuple[str, ...]]:
    """The log group, the condition that a prediction's line in it meets, and its fields for
    clients. A server in SageMaker does not know who called; API Gateway does.

    Raises:
        Refused: nothing logs them.
    """
    if settings.front == "none":
        raise Refused("front is none: nothing logs who invokes the endpoint.")
    if not settings.logs_requests:
        raise Refused("no request is logged; write access_logs: true into the stack file, deploy.")
    paths = "|".join(re.escape(prefix) for prefix in scheme.prefixes(version))
    pattern = rf"({paths})/predict$".replace("/", r"\/")
    group = f"/aws/apigateway/{scheme.api_name(settings.stack.prefix, version)}"
    # Neither what browsers ask before a call, nor who was not let in.
    having = f'method = "POST" and status not like /^40[13]$/ and path like /{pattern}/'
    return group, having, ("key_id", "user", "subject")
