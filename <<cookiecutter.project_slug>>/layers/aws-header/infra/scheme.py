"""The header scheme: one address; clients name an API version in `X-API-Version`."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import Section, VersionName, mapping
from infra.domain import Domain

PLACEHOLDER = ".example.com"


def prefixes(api_version: str) -> tuple[str, ...]:
    """What the paths of an API version start with: nothing, or its name, as in its contract."""
    return ("", f"/{api_version}")


class StackKeys(Section):
    """What this scheme adds to the keys of a stack."""

    domain: Domain
    """Your domain, the address of all API versions."""

    default_version: VersionName
    """Who answers a request without X-API-Version."""


class VersionKeys(Section):
    """No keys of an API version belong to this scheme."""


def problems(raw: Mapping[str, Any], *, deploying: bool) -> Iterator[str]:
    """A default version that answers nothing; a placeholder where something would be made."""
    versions = mapping(raw.get("versions"))
    served = [name for name in versions if mapping(versions[name]).get("state") != "retired"]
    default = raw.get("default_version")
    if served and default is not None and default not in served:
        yield f"default_version: {default} is not served; write {' or '.join(served)}."
    domain = str(mapping(raw.get("domain")).get("name"))
    if deploying and domain.endswith(PLACEHOLDER):
        yield f"domain.name: {domain} is a placeholder; write a domain and a certificate of yours."
