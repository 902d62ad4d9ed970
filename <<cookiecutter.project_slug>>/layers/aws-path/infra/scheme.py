"""The path scheme: clients name an API version in the path, `/v1/predict`."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from infra import domain
from infra.config import Section
from infra.domain import EXAMPLE, Domain
from infra.given import Given


def prefixes(api_version: str) -> tuple[str, ...]:
    """What the paths of an API version start with."""
    return (f"/{api_version}",)


def api_name(prefix: str, _api_version: str) -> str:
    """The name of the one API of a stack. prefix: the stack's."""
    return prefix


class StackKeys(Section):
    """What this scheme adds to the keys of a stack."""

    domain: Annotated[Domain | None, Field(examples=[EXAMPLE])] = None
    """A domain of yours, as https://api.example.org/v1; without one, API Gateway makes up the
    address. Its target is exported as dns_target, the target's zone as dns_zone_id."""


class VersionKeys(Section):
    """No keys of an API version belong to this scheme."""


def problems(given: Given) -> Iterator[str]:
    """What is wrong with the domain."""
    yield from domain.problems(given, "domain", given.raw.get("domain"))
