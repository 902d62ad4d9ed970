"""The front that the program registers, whatever answers behind it."""

import hashlib
import json
import re
from typing import Any

import pytest

from tests import scheme
from tests.documents import added, body
from tests.program import OUTPUTS, Program
from tests.stacks import DEPRECATED, THREE, TWO, Stacks


def test_an_api_itself_says_nothing_that_an_import_would_reset(two: Program) -> None:
    for api in two.of("RestApi"):
        assert api.inputs == {"name": api.name, "endpointConfiguration": {"types": "REGIONAL"}}
    for put in two.of("RestApiPut"):
        assert json.loads(put.inputs["body"])["info"]["title"] == put.name


def test_an_import_is_made_anew_with_its_document_and_refused_where_aws_doubts(
    two: Program,
) -> None:
    deployments = {each.name: each.inputs["triggers"] for each in two.of("Deployment")}
    for put in two.of("RestApiPut"):
        triggers = {"body": hashlib.sha256(put.inputs["body"].encode()).hexdigest()}
        assert {key: put.inputs[key] for key in put.inputs if key != "body"} == {
            "restApiId": f"{put.name}-RestApi-id",
            "failOnWarnings": True,
            "triggers": triggers,
        }
        assert deployments[put.name] == triggers


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
    assert "api_key_id" not in program.exports
    assert two.warnings == []


def test_the_key_opens_the_stages_of_this_stack_and_no_other(two: Program) -> None:
    apis = dict.fromkeys(map(scheme.api, TWO))
    assert two.one("UsagePlan").inputs["apiStages"] == [
        {"apiId": f"{api}-RestApi-id", "stage": "live"} for api in apis
    ]


def test_an_alarm_watches_each_api_on_its_stage_and_wakes_whom_the_topic_names(
    stacks: Stacks,
) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
    for actions, program in (([topic], stacks.run(alarm_topic=topic)), (None, stacks.run())):
        for name in map(scheme.api, TWO):
            alarm = program.one("MetricAlarm", f"{name}-front-failures").inputs
            watched = {"namespace": "AWS/ApiGateway", "metricName": "5XXError"}
            watched |= {"dimensions": {"ApiName": name, "Stage": "live"}, "statistic": "Average"}
            watched |= {"threshold": 0.01, "comparisonOperator": "GreaterThanThreshold"}
            watched |= {"treatMissingData": "notBreaching"}
            assert watched.items() <= alarm.items()
            assert alarm.get("alarmActions") == alarm.get("okActions") == actions


def test_a_web_acl_that_goes_does_not_take_the_next_one_along(stacks: Stacks) -> None:
    acl = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/iris/01234567-89ab"
    program = stacks.run(web_acl=acl)
    guards = program.of("WebAclAssociation")
    assert {each.name for each in guards} == {each.name for each in program.of("Stage")}
    assert {each.options for each in guards} == {("deleteBeforeReplace",)}


@pytest.mark.parametrize(
    ("keys", "requests", "errors"),
    [
        ({}, False, "OFF"),
        ({"access_logs": True}, True, "OFF"),
        ({"manage_account_logging": True}, True, "ERROR"),
        ({"manage_account_logging": True, "access_logs": False}, False, "ERROR"),
    ],
)
def test_requests_and_errors_are_logged_each_by_its_key(
    stacks: Stacks, keys: dict[str, Any], requests: bool, errors: str
) -> None:
    program = stacks.run(**keys)
    (stage, *_), (settings, *_) = program.of("Stage"), program.of("MethodSettings")
    assert ("accessLogSettings" in stage.inputs) is requests
    assert settings.inputs["settings"]["loggingLevel"] == errors
    assert bool(program.of("Account")) is (errors == "ERROR")


def test_the_accounts_policy_is_of_its_partition(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    china = {"arn": "arn:aws-cn:iam::123456789012:role/made-up", "name": "made-up"}
    monkeypatch.setitem(OUTPUTS, "aws:iam/role:Role", lambda _: china)
    policy = stacks.run(manage_account_logging=True).one("RolePolicyAttachment").inputs["policyArn"]
    name = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    assert policy == f"arn:aws-cn:iam::aws:policy/{name}"


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
