"""The host scheme: each API version has an address of its own."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from infra import domain
from infra.config import Section
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
    """No keys of a stack belong to this scheme."""


class VersionKeys(Section):
    """What this scheme adds to the keys of an API version."""

    domain: Annotated[Domain | None, Field(examples=[EXAMPLE])] = None
    """A domain of yours for this API version; without one, API Gateway makes up its address. Its
    target is exported as v1_dns_target, for v1, and its zone as v1_dns_zone_id. Moving a domain to
    another API version takes two deploys: one without it, one with it at its new place."""


def problems(given: Given) -> Iterator[str]:
    """A domain that two API versions would share, or that can't be made."""
    owners: dict[str, str] = {}
    for version, keys in mapping(given.raw.get("versions")).items():
        own = mapping(keys).get("domain")
        yield from domain.problems(given, f"versions.{version}.domain", own)
        name = mapping(own).get("name")
        if isinstance(name, str) and owners.setdefault(name, version) != version:
            yield f"versions.{version}.domain.name: {name} is {owners[name]}'s; write another one."
