"""The path scheme: clients name an API version in the path, `/v1/predict`."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from infra import hostname
from infra.config import Section
from infra.given import Given
from infra.hostname import Hostname, Hostnames, hosts_of

NAME = "path"
# What clients can call under this scheme, and what each means.
EXPOSURES = {
    "gateway": "a Gateway that is in the cluster",
    "ingress": "an Ingress controller that is in the cluster",
    "none": "nothing outside the cluster; its pods call",
}


class StackKeys(Section):
    """What this scheme adds to the keys of a stack."""

    host: Annotated[Hostname | None, Field(examples=["iris.example.org"])] = None
    """The host name of all API versions. It is needed unless expose is none."""

    hosts: Hostnames = ()
    """Several host names of all API versions, in place of host; the first is the one that the
    program exports."""


class VersionKeys(Section):
    """No keys of an API version belong to this scheme."""


def problems(given: Given) -> Iterator[str]:
    """A front without a host name."""
    yield from hostname.problems(given.raw)
    if given.raw.get("expose") != "none" and not (given.raw.get("host") or given.raw.get("hosts")):
        yield "host: is missing; add the host name of the front, such as iris.example.org."


def hosts(stack: StackKeys, _version: VersionKeys) -> tuple[str, ...]:
    """The host names of an API version."""
    return hosts_of(stack.host, stack.hosts)


def path(api_version: str) -> str:
    """What the paths of an API version start with: whole segments, so /v1 is no part of /v10."""
    return f"/{api_version}"


def matches(api_version: str, _stack: StackKeys) -> list[dict[str, Any]]:
    """The requests that an HTTPRoute takes."""
    return [{"path": {"type": "PathPrefix", "value": path(api_version)}}]
