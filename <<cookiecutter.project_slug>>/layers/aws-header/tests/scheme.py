"""What the header scheme makes of a stack `dev` of a project `iris`."""

from typing import Any

from infra.problems import mapping

DOMAIN = "iris.example.org"
# What changes when an API version is added: what all of them share.
SHARED = {"UsagePlan iris-dev"}
# Resources of the front beside its APIs and its key, by type and name.
FRONT = {
    "aws:apigateway/domainName:DomainName::iris-dev",
    "aws:apigateway/basePathMapping:BasePathMapping::iris-dev",
    "aws:apigatewayv2/routingRule:RoutingRule::iris-dev-v1",
    "aws:apigatewayv2/routingRule:RoutingRule::iris-dev-v2",
}
EXPORTS = {
    "dns_target": "target-of-iris.example.org",
    "dns_zone_id": "zone-of-iris.example.org",
}
# What carries the public URL.
PROTECTED = {"RestApi", "Stage", "DomainName"}


def keys(versions: Any) -> dict[str, Any]:
    """The keys that a stack needs beside its versions."""
    served = [name for name in versions if mapping(versions[name]).get("state") != "retired"]
    certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/of-the-domain"
    return {
        "default_version": "v2" if "v2" in served else [*served, "v1"][0],
        "domain": {"name": DOMAIN, "certificate_arn": certificate},
    }


def api(version: str) -> str:
    """The name of the API that serves a version."""
    return f"iris-dev-{version}"


def base_url(version: str) -> str:
    """Where a version is served."""
    return f"https://{DOMAIN}"
