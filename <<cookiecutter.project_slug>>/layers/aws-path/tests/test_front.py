"""The path scheme: one address for all API versions, which may be a domain of the owner's."""

from tests.documents import body
from tests.program import Program, changed
from tests.stacks import Stacks

DOMAIN = {
    "name": "api.example.org",
    "certificate_arn": "arn:aws:acm:eu-central-1:123456789012:certificate/of-the-domain",
}


def test_a_domain_serves_all_versions_each_under_its_path(stacks: Stacks, two: Program) -> None:
    program = stacks.run(domain=DOMAIN, protect=True)
    assert program.one("DomainName").inputs == {
        "domainName": "api.example.org",
        "regionalCertificateArn": DOMAIN["certificate_arn"],
        "endpointConfiguration": {"types": "REGIONAL"},
        "securityPolicy": "TLS_1_2",
    }
    assert program.one("BasePathMapping").inputs == {
        "domainName": "api.example.org",
        "restApi": "iris-dev-RestApi-id",
        "stageName": "live",
    }
    assert program.one("DomainName").protect
    for version in ("v1", "v2"):
        base_url = f"https://api.example.org/{version}"
        assert program.exports[f"{version}_base_url"] == base_url
        assert program.exports[f"{version}_url"] == f"{base_url}/predict"
    assert program.exports["dns_target"] == "target-of-api.example.org"
    assert program.exports["dns_zone_id"] == "zone-of-api.example.org"
    assert "dns_target" not in two.exports


def test_a_domain_changes_nothing_of_what_there_is(stacks: Stacks, two: Program) -> None:
    program = stacks.run(domain=DOMAIN)
    assert changed(two, program) == set()
    assert body(program) == body(two)
