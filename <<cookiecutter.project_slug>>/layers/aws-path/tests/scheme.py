"""What the path scheme makes of a stack `dev` of a project `iris`."""

from typing import Any

# What changes when an API version is added: what all of them share.
SHARED = {"RestApiPut iris-dev", "Deployment iris-dev"}
# Resources of the front beside its APIs and its key, by type and name.
FRONT: set[str] = set()
EXPORTS: dict[str, str] = {}
# What carries the public URL.
PROTECTED = {"RestApi", "Stage"}


def keys(versions: Any) -> dict[str, Any]:
    """The keys that a stack needs beside its versions: none."""
    return {}


def api(version: str) -> str:
    """The name of the API that serves a version."""
    return "iris-dev"


def base_url(version: str) -> str:
    """Where a version is served."""
    return f"https://iris-dev-RestApi-id.execute-api.eu-central-1.amazonaws.com/live/{version}"
