"""From where an API can be called: from everywhere, at a domain alone, or from a network alone."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, override

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt
from infra.given import Given
from infra.openapi import Document
from infra.problems import mapping
from infra.scheme import StackKeys

CONFIGURATION = "x-amazon-apigateway-endpoint-configuration"
EXAMPLE = ["vpce-0a1b2c3d4e5f60718"]


def _vpc_endpoint(value: str) -> str:
    if not re.fullmatch(r"vpce-[0-9a-f]{8,17}", value):
        raise ValueError(f"{spelt(value)} is not a VPC endpoint; write one such as {EXAMPLE[0]}")
    return value


class Private(Section):
    """The network from which alone the APIs are called."""

    vpc_endpoints: Annotated[
        tuple[Annotated[str, AfterValidator(_vpc_endpoint)], ...],
        Field(examples=[EXAMPLE]),
        Example(EXAMPLE),
    ]
    """The ids of VPC endpoints for execute-api, in the region of the stack. Calls through them are
    let in, and no others. What is exported is the address by the first."""

    @override
    def between_keys(self) -> Iterator[str]:
        if not self.vpc_endpoints:
            yield "vpc_endpoints: is empty; list at least one."


def problems(given: Given) -> Iterator[str]:
    """A domain of APIs that only a network reaches: one that is public leads to no private API.

    And signatures, where a private API's policy has to let in what is not signed, 404, 410 and
    OPTIONS, but then lets in all who sign.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-routing-mode.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-custom-domains.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    if not given.raw.get("private"):
        return
    if given.raw.get("auth") == "iam":
        yield "private: is set, and auth is iam; write another auth, or remove private."
    key = StackKeys.model_fields.get("domain")
    if key and key.is_required():
        yield "private: is set, and the domain that the stack needs is public; remove it."
        return
    versions = mapping(given.raw.get("versions"))
    own = [f"versions.{name}." for name, keys in versions.items() if mapping(keys).get("domain")]
    for place in [*([""] if given.raw.get("domain") else []), *own]:
        yield f"private: is set beside {place}domain, which is public; remove one of the two."


def endpoint(private: Private | None) -> dict[str, Any]:
    """Of which type an API is: an import leaves that alone."""
    if private is None:
        return {"types": "REGIONAL"}
    # A private API has both, and the provider refuses what an API had that was public:
    # https://github.com/hashicorp/terraform-provider-aws/issues/48356
    return {
        "types": "PRIVATE",
        "ip_address_type": "dualstack",
        "vpc_endpoint_ids": [*private.vpc_endpoints],
    }


def address(url: str, private: Private | None) -> str:
    """Where the stage of an API is called: by a VPC endpoint at a name of AWS's that is for both.

    It leads to the endpoint with private DNS and without:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
    """
    api, dot, rest = url.removeprefix("https://").partition(".")
    return f"https://{api}-{private.vpc_endpoints[0]}{dot}{rest}" if private else url


def reach(*, closed: bool, private: Private | None) -> Document:
    """Further keys of a document; none where it is called from everywhere, at AWS's own address.

    An import takes back what a document does not say, so it has to say so each time:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-endpoint-configuration.html
    """
    said: Document = {"disableExecuteApiEndpoint": True} if closed else {}
    more: Document = {}
    if private:
        said |= {"vpcEndpointIds": [*private.vpc_endpoints]}
        more = {"x-amazon-apigateway-policy": _policy(private)}
    # Where OpenAPI 3 has it; an import ignores the path of a server.
    return more | ({"servers": [{"url": "/", CONFIGURATION: said}]} if said else {})


def _policy(private: Private) -> Document:
    """Who may call: whoever comes through these VPC endpoints, if `auth` lets them in too."""
    every = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    others = {"StringNotEquals": {"aws:SourceVpce": [*private.vpc_endpoints]}}
    denied = {"Effect": "Deny", **every, "Condition": others}
    return {"Version": "2012-10-17", "Statement": [denied, {"Effect": "Allow", **every}]}
