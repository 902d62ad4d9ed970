"""The header scheme: one domain, from which X-API-Version leads to the API of a version."""

import pulumi
import pytest

from infra.problems import Problems
from infra.settings import Settings
from tests import scheme
from tests.program import run
from tests.stacks import DEPRECATED, TWO, Stacks, config

PLACEHOLDER = "arn:aws:acm:eu-central-1:000000000000:certificate/placeholder"


def test_the_header_leads_to_the_version_that_it_names(stacks: Stacks) -> None:
    program = stacks.run({"v2": TWO["v2"], "v10": {"release": "10.0.0"}})
    assert [each.inputs for each in program.of("RoutingRule")] == [
        {
            "domainName": scheme.DOMAIN,
            "priority": priority,
            "conditions": [
                {"matchHeaders": {"anyOf": {"header": "X-API-Version", "valueGlob": version}}}
            ],
            "actions": [
                {"invokeApi": {"apiId": f"iris-dev-{version}-RestApi-id", "stage": "live"}}
            ],
        }
        for version, priority in (("v10", 10_000), ("v2", 2_000))
    ]


def test_the_default_version_answers_what_names_none(stacks: Stacks) -> None:
    program = stacks.run(default_version="v1")
    assert program.one("BasePathMapping").inputs == {
        "domainName": scheme.DOMAIN,
        "restApi": "iris-dev-v1-RestApi-id",
        "stageName": "live",
    }
    domain = program.one("DomainName").inputs
    assert domain["routingMode"] == "ROUTING_RULE_THEN_BASE_PATH_MAPPING"
    assert domain["securityPolicy"] == "TLS_1_2"


def test_a_retired_version_still_has_its_rule(stacks: Stacks) -> None:
    program = stacks.run(TWO | {"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}})
    assert [each.name for each in program.of("RoutingRule")] == ["iris-dev-v1", "iris-dev-v2"]


@pytest.mark.parametrize("key", ["domain", "default_version"])
def test_a_missing_key_is_told(stacks: Stacks, key: str) -> None:
    stacks.make("iris", TWO)
    given = {k: v for k, v in config("iris", TWO).items() if k != f"iris:{key}"}
    with pytest.raises(Problems, match=f"^{key}: is missing; add "):
        Settings.read("iris", "dev", given)


def test_a_placeholder_is_good_for_tests_and_refused_where_something_would_be_made(
    stacks: Stacks,
) -> None:
    stacks.make("iris", TWO)
    given = config("iris", TWO, domain=scheme.keys(TWO)["domain"] | {"name": "iris.example.com"})
    assert Settings.read("iris", "dev", given).domain.name == "iris.example.com"
    with pytest.raises(Problems, match=r"^domain.name: iris.example.com is a placeholder; write "):
        Settings.read("iris", "dev", given, deploying=True)
    own = {"name": "api.example.org", "certificate_arn": PLACEHOLDER}
    with pytest.raises(Problems, match=r"^domain.certificate_arn: arn:.* is a placeholder; write "):
        Settings.read("iris", "dev", config("iris", TWO, domain=own), deploying=True)


@pytest.mark.parametrize("preview", [True, False])
def test_no_run_takes_a_placeholder(stacks: Stacks, *, preview: bool) -> None:
    stacks.make("iris", TWO)
    own = config("iris", TWO, domain=scheme.keys(TWO)["domain"] | {"name": "iris.example.com"})
    with pytest.raises(pulumi.RunError, match=r"\ndomain.name: iris.example.com is a placeholder"):
        run("iris", "dev", own, preview=preview)


def test_a_stack_may_have_only_retired_versions(stacks: Stacks) -> None:
    retired = {"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}}
    assert stacks.run(retired).one("BasePathMapping").inputs["restApi"] == "iris-dev-v1-RestApi-id"
