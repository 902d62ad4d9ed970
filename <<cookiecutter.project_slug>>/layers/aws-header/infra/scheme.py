"""The header scheme: one address; clients name an API version in `X-API-Version`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from infra import domain
from infra.config import Section, VersionName
from infra.domain import EXAMPLE, Domain
from infra.given import Given
from infra.problems import mapping


def prefixes(api_version: str) -> tuple[str, ...]:
    """What the paths of an API version start with: nothing, or its name, as in its contract."""
    return ("", f"/{api_version}")


def api_name(prefix: str, api_version: str) -> str:
    """The name of the API that an API version has of its own. prefix: the stack's."""
    return f"{prefix}-{api_version}"


class StackKeys(Section):
    """What this scheme adds to the keys of a stack."""

    domain: Annotated[Domain, Field(examples=[EXAMPLE])]
    """Your domain, the address of all API versions. Its target is exported as dns_target, the
    target's zone as dns_zone_id."""

    default_version: Annotated[VersionName, Field(examples=["v1"])]
    """The API version that answers a request without X-API-Version."""


class VersionKeys(Section):
    """No keys of an API version belong to this scheme."""


def problems(given: Given) -> Iterator[str]:
    """A default version that answers nothing; placeholders where something would be made."""
    versions = mapping(given.raw.get("versions"))
    served = [name for name in versions if mapping(versions[name]).get("state") != "retired"]
    known = served or [*versions]
    default = given.raw.get("default_version")
    if known and isinstance(default, str) and default not in known:
        yield f"default_version: {default} is not served; write {' or '.join(known)}."
    yield from domain.problems(given, "domain", given.raw.get("domain"))
