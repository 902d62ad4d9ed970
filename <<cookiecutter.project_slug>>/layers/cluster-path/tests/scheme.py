"""What the path scheme makes of a stack `dev` of a project `iris`."""

from typing import Any

HOST = "iris.example.org"
EXPOSURES = ("gateway", "ingress", "none")


def keys(versions: Any) -> dict[str, Any]:
    """The keys that a stack needs beside its versions."""
    return {"host": HOST}


def host(version: str) -> str:
    """The host name of a version."""
    return HOST


def path(version: str) -> str:
    """What the paths of a version start with."""
    return f"/{version}"


def matches(version: str) -> list[dict[str, Any]]:
    """Which requests the route of a version takes, where v2 is the default."""
    return [{"path": {"type": "PathPrefix", "value": f"/{version}"}}]
