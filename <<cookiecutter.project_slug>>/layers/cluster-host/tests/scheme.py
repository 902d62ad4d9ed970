"""What the host scheme makes of a stack `dev` of a project `iris`."""

import re
from typing import Any

EXPOSURES = ("gateway", "ingress", "load_balancer", "none")


def keys(versions: Any) -> dict[str, Any]:
    """The keys that a stack needs, a host name for each version among them."""
    complete = {
        name: {"host": host(name)} | own
        if isinstance(own, dict) and re.fullmatch("v[0-9]+", name)
        else own
        for name, own in versions.items()
    }
    return {"versions": complete} if versions else {}


def host(version: str) -> str:
    """The host name of a version."""
    return f"{version}.iris.example.org"


def path(version: str) -> str:
    """What the paths of a version start with."""
    return ""


def matches(version: str) -> list[dict[str, Any]]:
    """Which requests the route of a version takes."""
    return [{"path": {"type": "PathPrefix", "value": "/"}}]
