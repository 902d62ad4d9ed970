"""The names of endpoints, which are known before there is one."""

import hashlib


def endpoint_name(prefix: str, api_version: str, instance_type: str) -> str:
    """The name of an API version's endpoint; its alarms, made first, refer to it.

    Another instance type makes another name. An endpoint that is scaled can't change it, and a
    new one can take over from the old.
    """
    digest = hashlib.sha256(instance_type.encode()).hexdigest()
    return f"{prefix}-{api_version}-{digest[:6]}"
