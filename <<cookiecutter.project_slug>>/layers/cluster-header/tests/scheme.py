"""What the header scheme makes of a stack `dev` of a project `iris`."""

from typing import Any

from infra.problems import mapping

HOST = "iris.example.org"
EXPOSURES = ("gateway", "none")
EVERYTHING = {"path": {"type": "PathPrefix", "value": "/"}}


def keys(versions: Any) -> dict[str, Any]:
    """The keys that a stack needs beside its versions."""
    served = [name for name in versions if mapping(versions[name]).get("state") != "retired"]
    default = "v2" if "v2" in served else [*served, "v1"][0]
    return {"host": HOST, "default_version": default}


def host(version: str) -> str:
    """The host name of a version."""
    return HOST


def path(version: str) -> str:
    """What the paths of a version start with."""
    return ""


def matches(version: str) -> list[dict[str, Any]]:
    """Which requests the route of a version takes, where v2 is the default."""
    header = {"type": "Exact", "name": "X-API-Version", "value": version}
    named = {"path": {"type": "PathPrefix", "value": f"/{version}"}}
    own = [EVERYTHING | {"headers": [header]}, named]
    return [*own, EVERYTHING] if version == "v2" else own
