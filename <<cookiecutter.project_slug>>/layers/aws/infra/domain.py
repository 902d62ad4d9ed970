"""A domain of the owner's, as it stands in a stack file."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator

from infra.config import Example, Section, spelt
from infra.given import Given
from infra.problems import mapping
from infra.region import problems as in_region

CERTIFICATE = r"arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate/[\w-]+"
PLACEHOLDERS = {"name": ".example.com", "certificate_arn": ":000000000000:"}
EXAMPLE = {"name": "api.example.org", "certificate_arn": "arn:aws:acm:…"}


def _name(value: str) -> str:
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    if not re.fullmatch(rf"({label}\.)+([a-z]{{2,63}}|xn--{label})", value):
        raise ValueError(f"{spelt(value)} is not a domain; write one such as api.example.org")
    return value


def _certificate(value: str) -> str:
    if not re.fullmatch(CERTIFICATE, value):
        raise ValueError(
            f"{spelt(value)} is not a certificate; write the ARN that ACM shows for it"
        )
    return value


def _zone(value: str) -> str:
    if not re.fullmatch(r"Z[A-Z0-9]{1,31}", value):
        remedy = "write its id in Route 53, such as Z0123456789ABCDEFGHIJ"
        raise ValueError(f"{spelt(value)} is not a hosted zone; {remedy}")
    return value


type HostedZone = Annotated[str, AfterValidator(_zone), Example("Z0123456789ABCDEFGHIJ")]


class Domain(Section):
    """A domain that clients call."""

    name: Annotated[str, AfterValidator(_name), Example("api.example.org")]
    """The domain. Without hosted_zone_id, point it at the exported target yourself: in your DNS
    with a CNAME record, in Route 53 with an alias to the target and its exported zone id."""

    certificate_arn: Annotated[
        str,
        AfterValidator(_certificate),
        Example("arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d"),
    ]
    """The ARN of its certificate in ACM, in the region of the stack."""

    hosted_zone_id: HostedZone | None = None
    """The id of the hosted zone in Route 53 that has the domain. The stack then makes the records
    A and AAAA there, in place of yours if there are some, and AWS answers at IPv6 too. Delete a
    CNAME of yours first."""

    only: bool = False
    """Whether AWS's own address of the API is closed. With true clients can call the domain
    alone: write it when the domain answers, not in the deploy that makes it."""


def problems(given: Given, place: str, domain: Any) -> Iterator[str]:
    """Placeholders where something would be made; a certificate that AWS would not find there."""
    keys = mapping(domain)
    for key, placeholder in PLACEHOLDERS.items():
        if given.deploying and placeholder in str(keys.get(key)):
            yield f"{place}.{key}: {keys[key]} is a placeholder; write your own."
    if found := re.fullmatch(CERTIFICATE, str(keys.get("certificate_arn"))):
        yield from in_region(given, f"{place}.certificate_arn", found[1])
