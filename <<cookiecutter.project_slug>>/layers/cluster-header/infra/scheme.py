"""The header scheme: one host name; clients name an API version in `X-API-Version`."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from infra import hostname
from infra.config import Section, VersionName
from infra.given import Given
from infra.hostname import Hostname, Hostnames, hosts_of
from infra.problems import mapping

NAME = "header"
# What clients can call under this scheme, and what each means.
EXPOSURES = {
    "gateway": "a Gateway that is in the cluster",
    "none": "nothing outside the cluster; its pods call",
}


class StackKeys(Section):
    """What this scheme adds to the keys of a stack."""

    host: Annotated[Hostname | None, Field(examples=["iris.example.org"])] = None
    """The host name of all API versions. It is needed unless expose is none."""

    hosts: Hostnames = ()
    """Several host names of all API versions, in place of host; the first is the one that the
    program exports."""

    default_version: Annotated[VersionName, Field(examples=["v1"])]
    """The API version that answers a request without X-API-Version. Deploy one first, and make it
    the default in the next deploy."""


class VersionKeys(Section):
    """No keys of an API version belong to this scheme."""


def problems(given: Given) -> Iterator[str]:
    """A front without a host name; a default version that answers nothing."""
    yield from hostname.problems(given.raw)
    if given.raw.get("expose") != "none" and not (given.raw.get("host") or given.raw.get("hosts")):
        yield "host: is missing; add the host name of the front, such as iris.example.org."
    versions = mapping(given.raw.get("versions"))
    served = [name for name in versions if mapping(versions[name]).get("state") != "retired"]
    known = served or [*versions]
    default = given.raw.get("default_version")
    if known and isinstance(default, str) and default not in known:
        yield f"default_version: {default} is not served; write {' or '.join(known)}."


def hosts(stack: StackKeys, _version: VersionKeys) -> tuple[str, ...]:
    """The host names of an API version."""
    return hosts_of(stack.host, stack.hosts)


def path(_api_version: str) -> str:
    """What the paths of an API version start with."""
    return "/"


def matches(api_version: str, stack: StackKeys) -> list[dict[str, Any]]:
    """The requests that an HTTPRoute takes.

    Its name in the path does too, as in its contract. There is no match for an absent header: the
    default version's last one takes whatever no other route does, unknown versions too, and its
    app answers those 404.
    """
    everything = {"path": {"type": "PathPrefix", "value": "/"}}
    header = {"type": "Exact", "name": "X-API-Version", "value": api_version}
    named = {"path": {"type": "PathPrefix", "value": f"/{api_version}"}}
    own = [{**everything, "headers": [header]}, named]
    return [*own, everything] if api_version == stack.default_version else own
