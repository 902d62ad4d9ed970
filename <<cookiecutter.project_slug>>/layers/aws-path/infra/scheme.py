"""The path scheme: clients name an API version in the path, `/v1/predict`."""

from collections.abc import Iterator

from infra.config import Section
from infra.given import Given


def prefixes(api_version: str) -> tuple[str, ...]:
    """What the paths of an API version start with."""
    return (f"/{api_version}",)


def api_name(prefix: str, _api_version: str) -> str:
    """The name of the one API of a stack. prefix: the stack's."""
    return prefix


class StackKeys(Section):
    """No keys of a stack belong to this scheme."""


class VersionKeys(Section):
    """No keys of an API version belong to this scheme."""


def problems(_given: Given) -> Iterator[str]:
    """No rules between keys, no problems."""
    yield from ()
