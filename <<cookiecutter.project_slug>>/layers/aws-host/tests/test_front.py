"""The host scheme: a domain of the owner's for an API version, where one is given."""

from tests.stacks import DEPRECATED, TWO, Stacks

DOMAIN = {
    "name": "v1.example.org",
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/of-the-domain",
}
WITH_DOMAIN = {"v1": TWO["v1"] | {"domain": DOMAIN}, "v2": TWO["v2"]}


def test_a_version_with_a_domain_is_served_there(stacks: Stacks) -> None:
    program = stacks.run(WITH_DOMAIN, protect=True)
    assert program.one("DomainName").inputs == {
        "domainName": "v1.example.org",
        "regionalCertificateArn": DOMAIN["certificate_arn"],
        "endpointConfiguration": {"types": "REGIONAL"},
        "securityPolicy": "TLS_1_2",
    }
    assert program.one("BasePathMapping").inputs == {
        "domainName": "v1.example.org",
        "restApi": "iris-dev-v1-RestApi-id",
        "stageName": "live",
    }
    assert program.one("DomainName").protect
    assert program.exports["v1_url"] == "https://v1.example.org/predict"
    assert program.exports["v1_dns_target"] == "target-of-v1.example.org"
    assert program.exports["v1_dns_zone_id"] == "zone-of-v1.example.org"
    assert program.exports["v2_base_url"].endswith(".amazonaws.com/live")
    assert "v2_dns_target" not in program.exports


def test_a_retired_version_keeps_its_domain_to_say_so(stacks: Stacks) -> None:
    retired = WITH_DOMAIN["v1"] | DEPRECATED | {"state": "retired"}
    program = stacks.run(WITH_DOMAIN | {"v1": retired})
    assert program.exports["v1_dns_target"] == "target-of-v1.example.org"
    assert program.exports["v1_base_url"] == "https://v1.example.org"
    assert "v1_url" not in program.exports
