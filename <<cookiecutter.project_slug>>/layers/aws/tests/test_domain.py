"""A domain of the owner's: its records in Route 53, and AWS's own address of an API."""

from typing import Any

from infra.settings import Settings
from tests import scheme
from tests.documents import body
from tests.program import Program
from tests.stacks import TWO, Stacks

DOMAIN = {
    "name": "api.example.org",
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/of-the-domain",
}
ZONE = "Z0123456789ABCDEFGHIJ"
CLOSED = [
    {
        "url": "/",
        "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True},
    }
]


def at_a_domain(stacks: Stacks, **keys: Any) -> Program:
    """A stack whose v1 is at a domain: of its own, or of the stack."""
    domain = DOMAIN | keys
    if "domain" in Settings.model_fields:
        return stacks.run(domain=domain)
    return stacks.run(TWO | {"v1": TWO["v1"] | {"domain": domain}})


def test_the_records_are_made_where_the_zone_is_named(stacks: Stacks) -> None:
    program = at_a_domain(stacks, hosted_zone_id=ZONE)
    records = program.of("Record")
    assert [each.inputs for each in records] == [
        {
            "zoneId": ZONE,
            "name": "api.example.org",
            "type": kind,
            "allowOverwrite": True,
            "aliases": [
                {
                    "name": "target-of-api.example.org",
                    "zoneId": "zone-of-api.example.org",
                    "evaluateTargetHealth": False,
                }
            ],
        }
        for kind in ("A", "AAAA")
    ]
    endpoint = program.one("DomainName").inputs["endpointConfiguration"]
    assert endpoint == {"types": "REGIONAL", "ipAddressType": "dualstack"}


def test_without_a_zone_the_records_are_the_owners(stacks: Stacks) -> None:
    program = at_a_domain(stacks)
    assert program.of("Record") == []
    assert program.one("DomainName").inputs["endpointConfiguration"] == {"types": "REGIONAL"}


def test_only_the_domain_is_called_where_it_is_said_so(stacks: Stacks) -> None:
    assert "servers" not in body(at_a_domain(stacks))
    closed = at_a_domain(stacks, only=True)
    assert body(closed)["servers"] == CLOSED
    same = scheme.base_url("v2") == scheme.base_url("v1")  # the domain is of the stack
    shared = same or scheme.api("v1") == scheme.api("v2")
    assert ("servers" in body(closed, "v2")) is shared
