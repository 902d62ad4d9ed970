"""The names of endpoints, which are known before there is one."""

import hashlib

# What an endpoint without instances runs on, in place of their type.
SERVERLESS = "serverless"


def endpoint_name(prefix: str, api_version: str, host: str) -> str:
    """The name of an API version's endpoint; its alarms, made first, refer to it.

    host: the type of its instances, or that it has none. Another one makes another name. An
    endpoint that is scaled can't change it, and a new one can take over from the old.
    """
    digest = hashlib.sha256(host.encode()).hexdigest()
    return f"{prefix}-{api_version}-{digest[:6]}"
