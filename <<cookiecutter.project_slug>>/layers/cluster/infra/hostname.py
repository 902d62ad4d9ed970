"""A host name, as it stands in a stack file."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import AfterValidator

from infra.config import Example, spelt


def _hostname(value: str) -> str:
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    address = re.fullmatch(r"[0-9.]+", value)
    if address or len(value) > 253 or not re.fullmatch(rf"{label}(\.{label})*", value):
        raise ValueError(f"{spelt(value)} is not a host name; write one such as iris.example.org")
    return value


type Hostname = Annotated[str, AfterValidator(_hostname)]
type Hostnames = Annotated[
    tuple[Hostname, ...], Example(["iris.example.org", "iris.internal.example.org"])
]


def hosts_of(host: str | None, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """The host names of which one or several were written; the first is the one to tell."""
    return hosts or ((host,) if host else ())


def named(keys: Mapping[str, Any]) -> list[str]:
    """The host names in keys of which nothing is known to be right."""
    several = keys.get("hosts")
    listed = cast("list[Any]", several) if isinstance(several, list) else []
    return [each for each in (keys.get("host"), *listed) if isinstance(each, str)]


def problems(keys: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Host names that are written in two ways, or twice."""
    if keys.get("host") and keys.get("hosts"):
        yield f"{place}hosts: is set beside host; put both into hosts, and remove host."
        return
    names = named(keys)
    for again in sorted({name for name in names if names.count(name) > 1}):
        yield f"{place}hosts: {again} stands there twice; remove one."
