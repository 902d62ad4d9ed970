"""The front that the program registers, whatever answers behind it."""

import re

import pytest

from tests import scheme
from tests.documents import added, body
from tests.program import Program
from tests.stacks import DEPRECATED, THREE, TWO, Stacks


def test_an_api_is_regional_and_refuses_a_document_that_aws_doubts(two: Program) -> None:
    for api in two.of("RestApi"):
        assert {key: api.inputs[key] for key in api.inputs if key != "body"} == {
            "name": api.name,
            "failOnWarnings": True,
            "endpointConfiguration": {"types": "REGIONAL"},
        }


@pytest.mark.parametrize("protect", [True, False])
def test_protected_is_what_carries_the_url_and_nothing_else(stacks: Stacks, protect: bool) -> None:
    program = stacks.run(protect=protect)
    protected = {each.kind for each in program.resources if each.protect}
    assert protected == (scheme.PROTECTED if protect else set())


def test_a_changed_document_is_deployed(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED, "v2": TWO["v2"]})
    old, new = two.of("Deployment")[0], after.of("Deployment")[0]
    assert old.inputs["triggers"] != new.inputs["triggers"]
    assert old.inputs["triggers"] == stacks.run().of("Deployment")[0].inputs["triggers"]


def test_without_a_key_everybody_is_warned_at_every_run(stacks: Stacks, two: Program) -> None:
    program = stacks.run(auth="none")
    assert program.warnings == [
        "auth is none: whoever knows the URL can call the model at your expense."
    ]
    assert "api_key_name" not in program.exports
    assert two.warnings == []


def test_the_key_opens_the_stages_of_this_stack_and_no_other(two: Program) -> None:
    apis = dict.fromkeys(map(scheme.api, TWO))
    assert two.one("UsagePlan").inputs["apiStages"] == [
        {"apiId": f"{api}-RestApi-id", "stage": "live"} for api in apis
    ]


def test_the_accounts_logging_stays_when_the_stack_goes(stacks: Stacks, two: Program) -> None:
    program = stacks.run(manage_account_logging=True)
    further = [each for key, each in program.by_id().items() if key not in two.by_id()]
    kept = {each.kind for each in further if "retainOnDelete" in each.options}
    assert kept == {"Role", "RolePolicyAttachment", "Account"}


def test_who_signs_needs_no_key(stacks: Stacks) -> None:
    program = stacks.run(auth="iam")
    assert program.warnings == []
    assert body(program)["paths"]["/v1/predict"]["post"]["security"] == [{"iam": []}]


def test_adding_a_version_only_adds_to_the_documents_of_the_others(
    stacks: Stacks, two: Program
) -> None:
    three = stacks.run(THREE)
    for version in TWO:
        for place in added(body(two, version), body(three, version)):
            assert "/v3" in place or "documentation" in place


def test_of_a_retired_version_the_front_keeps_only_an_answer(stacks: Stacks) -> None:
    after = stacks.run(TWO | {"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}})
    assert {*body(after)["paths"]} & {"/v1", "/v1/{proxy+}", "/v1/predict", "/predict"} == {
        "/v1",
        "/v1/{proxy+}",
    }


def test_names_fit_their_limits_for_the_longest_project_and_stack(stacks: Stacks) -> None:
    program = stacks.run({"v999": {"release": "1.0.0"}}, "s" * 16, "i" * 32)
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, and IAM's for roles
    limits = {"LogGroup": 512, "LogMetricFilter": 512, "MetricAlarm": 255}
    limits |= {"ApiKey": 128, "RestApi": 128}
    for resource in program.resources:
        name = resource.inputs.get("name", "")
        assert len(name) <= limits.get(resource.kind, 64)
        assert re.fullmatch(r"[\w/-]*", name)
