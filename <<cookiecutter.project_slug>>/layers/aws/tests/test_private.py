"""APIs that are called through VPC endpoints alone."""

from typing import Any

import pytest

from infra.scheme import StackKeys
from tests import scheme
from tests.documents import body
from tests.program import Program
from tests.stacks import TWO, Stacks

ENDPOINTS = ["vpce-0a1b2c3d4e5f60718", "vpce-8192a3b4"]
PRIVATE: dict[str, Any] = {"vpc_endpoints": ENDPOINTS}
# Where the scheme needs a domain, nothing can be private: tests/wrong/private.yaml.
REQUIRED = {name for name, key in StackKeys.model_fields.items() if key.is_required()}
pytestmark = pytest.mark.skipif("domain" in REQUIRED, reason="the scheme needs a domain")


def test_every_api_is_private_and_each_import_says_so_again(stacks: Stacks) -> None:
    program = stacks.run(private=PRIVATE)
    for api in program.of("RestApi"):
        assert api.inputs["endpointConfiguration"] == {
            "types": "PRIVATE",
            "ipAddressType": "dualstack",
            "vpcEndpointIds": ENDPOINTS,
        }
    for version in TWO:
        document = body(program, version)
        assert document["servers"] == [
            {
                "url": "/",
                "x-amazon-apigateway-endpoint-configuration": {"vpcEndpointIds": ENDPOINTS},
            }
        ]


def test_who_comes_another_way_is_denied(stacks: Stacks, two: Program) -> None:
    policy = body(stacks.run(private=PRIVATE))["x-amazon-apigateway-policy"]
    every = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    others = {"StringNotEquals": {"aws:SourceVpce": ENDPOINTS}}
    assert policy["Statement"] == [
        {"Effect": "Deny", **every, "Condition": others},
        {"Effect": "Allow", **every},
    ]
    assert "x-amazon-apigateway-policy" not in body(two)


def test_what_is_exported_is_an_address_by_the_first_endpoint(stacks: Stacks) -> None:
    exports = stacks.run(private=PRIVATE).exports
    for version in TWO:
        named = f"https://{scheme.api(version)}-RestApi-id"
        own = scheme.base_url(version).replace(named, f"{named}-{ENDPOINTS[0]}")
        assert exports[f"{version}_base_url"] == own


def test_a_web_acl_may_stand_before_what_is_private(stacks: Stacks) -> None:
    acl = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/iris/01234567-89ab"
    program = stacks.run(private=PRIVATE, web_acl=acl)
    assert len(program.of("WebAclAssociation")) == len(program.of("Stage"))
