"""The host scheme: each API version has a host name, or an address, of its own."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from infra import hostname
from infra.config import VERSION_NAME, Section
from infra.given import Given
from infra.hostname import Hostname, Hostnames, hosts_of, named
from infra.problems import mapping

NAME = "host"
# What clients can call under this scheme, and what each means.
EXPOSURES = {
    "gateway": "a Gateway that is in the cluster",
    "ingress": "an Ingress controller that is in the cluster",
    "load_balancer": "a load balancer for each API version, open to everybody and without TLS",
    "none": "nothing outside the cluster; its pods call",
}


class StackKeys(Section):
    """No keys of a stack belong to this scheme."""


class VersionKeys(Section):
    """What this scheme adds to the keys of an API version."""

    host: Annotated[Hostname | None, Field(examples=["v1.iris.example.org"])] = None
    """The host name of this API version. It is needed where expose is gateway or ingress."""

    hosts: Hostnames = ()
    """Several host names of this API version, in place of host; the first is the one that the
    program exports."""


def problems(given: Given) -> Iterator[str]:
    """API versions without a host name, or with one that another has."""
    needed = given.raw.get("expose", "gateway") in ("gateway", "ingress")
    owners: dict[str, str] = {}
    for version, keys in mapping(given.raw.get("versions")).items():
        own = mapping(keys)
        if not own or not re.fullmatch(VERSION_NAME, version):
            continue
        yield from hostname.problems(own, f"versions.{version}.")
        if needed and own.get("state") != "retired" and not (own.get("host") or own.get("hosts")):
            example = f"{version}.iris.example.org"
            yield f"versions.{version}.host: is missing; add its host name, such as {example}."
        key = "hosts" if own.get("hosts") else "host"
        for name in named(own):
            if owners.setdefault(name, version) != version:
                yield f"versions.{version}.{key}: {name} is {owners[name]}'s; write another one."


def hosts(_stack: StackKeys, version: VersionKeys) -> tuple[str, ...]:
    """The host names of an API version."""
    return hosts_of(version.host, version.hosts)


def path(_api_version: str) -> str:
    """What the paths of an API version start with."""
    return "/"


def matches(_api_version: str, _stack: StackKeys) -> list[dict[str, Any]]:
    """The requests that an HTTPRoute takes: all of its host name."""
    return [{"path": {"type": "PathPrefix", "value": "/"}}]
