"""What the program registers: invariants of every stack, and what a change leaves alone."""

import json
import re

from infra.scheme import prefixes
from tests import artefacts, scheme
from tests.documents import ARN, added, api_changes, body
from tests.program import Program, changed, run
from tests.stacks import DEPRECATED, THREE, TWO, Stacks, config

FUNCTION = "infra:function:ModelFunction"


def test_a_stack_exports_what_its_clients_and_operators_need(two: Program) -> None:
    assert two.exports == scheme.EXPORTS | {
        "v1_base_url": scheme.base_url("v1"),
        "v1_url": f"{scheme.base_url('v1')}/predict",
        "v1_function": "iris-dev-v1",
        "v1_log_group": "/aws/lambda/iris-dev-v1",
        "v2_base_url": scheme.base_url("v2"),
        "v2_url": f"{scheme.base_url('v2')}/predict",
        "v2_function": "iris-dev-v2",
        "v2_log_group": "/aws/lambda/iris-dev-v2",
        "api_key_name": "iris-dev",
    }


def test_a_function_is_what_its_version_says(stacks: Stacks) -> None:
    own = {"memory_mb": 512, "timeout_seconds": 5, "architecture": "x86_64"}
    versions = {"v1": TWO["v1"] | own | {"reserved_concurrency": 0}, "v2": TWO["v2"]}
    program = stacks.run(versions, log_retention_days=7)
    function = program.one("Function", "v1").inputs
    assert function == {
        "name": "iris-dev-v1",
        "role": "arn:aws:iam::123456789012:role/iris-dev-v1",
        "code": "dist/iris-1.4.2-x86_64.zip",
        "handler": "serving.lambda_handler.handler",
        "runtime": "python3.13",
        "architectures": ["x86_64"],
        "memorySize": 512,
        "timeout": 5,
        "reservedConcurrentExecutions": 0,
        "environment": {"variables": {"API_VERSION": "v1", "RELEASE": "1.4.2"}},
        "loggingConfig": {"logFormat": "JSON", "logGroup": "/aws/lambda/iris-dev-v1"},
        "tracingConfig": {"mode": "PassThrough"},
        "publish": True,
    }
    assert "reservedConcurrentExecutions" not in program.one("Function", "v2").inputs
    assert {each.inputs["retentionInDays"] for each in program.of("LogGroup")} == {7}


def test_an_old_build_keeps_its_python(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    artefacts.write_zip(stacks.folder, "iris", "v1", "1.4.2", python="3.12")
    program = run("iris", "dev", config("iris", TWO))
    assert [each.inputs["runtime"] for each in program.of("Function")] == [
        "python3.12",
        "python3.13",
    ]


def test_a_call_reaches_the_published_version_that_the_alias_names(two: Program) -> None:
    for version in TWO:
        assert two.one("Function", version).inputs["publish"] is True
        assert two.one("Alias", version).inputs == {
            "name": "live",
            "functionName": f"iris-dev-{version}",
            "functionVersion": "1",
        }
        predict = body(two, version)["paths"][f"/{version}/predict"]["post"]
        integration = predict["x-amazon-apigateway-integration"]
        assert integration["uri"].endswith(f"/functions/iris-dev-{version}:live/invocations")


def test_the_front_may_call_each_function_through_its_alias_for_its_own_route_only(
    two: Program,
) -> None:
    assert [each.inputs for each in two.of("Permission")] == [
        {
            "action": "lambda:InvokeFunction",
            "principal": "apigateway.amazonaws.com",
            "function": f"iris-dev-{version}",
            "qualifier": "live",
            "sourceArn": ARN.format(
                "execute-api", f"{scheme.api(version)}-RestApi-id/live/POST{prefix}/predict"
            ),
        }
        for version in TWO
        for prefix in prefixes(version)
    ]


def test_a_role_may_write_the_log_of_its_own_function_and_nothing_else(two: Program) -> None:
    for version in TWO:
        assert json.loads(two.one("RolePolicy", version).inputs["policy"]) == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": ARN.format("logs", f"log-group:/aws/lambda/iris-dev-{version}:*"),
                }
            ],
        }
        assert json.loads(two.one("Role", version).inputs["assumeRolePolicy"]) == {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }
            ],
        }
    assert len(two.of("RolePolicy")) == len(two.of("Role")) == len(TWO)


def test_a_function_writes_its_log_from_the_first_call_on(two: Program) -> None:
    for function in two.of("Function"):
        assert f"aws:iam/rolePolicy:RolePolicy::{function.name}" in function.depends_on


def test_a_new_version_is_deployed_after_it_may_be_called(two: Program) -> None:
    deployments = {each.name: each for each in two.of("Deployment")}
    for permission in two.of("Permission"):
        version = permission.parent.rpartition("-")[2]
        needs = deployments[scheme.api(version)].depends_on
        assert f"{permission.type}::{permission.name}" in needs


def test_every_child_belongs_to_its_component_and_types_never_change(two: Program) -> None:
    stack, front = "pulumi:pulumi:Stack::iris-dev", "infra:front:Front::iris-dev"
    key = "infra:access:Key::iris-dev"
    expected = {front: stack, key: front} | dict.fromkeys(scheme.FRONT, front)
    for kind in ("apiKey:ApiKey", "usagePlan:UsagePlan", "usagePlanKey:UsagePlanKey"):
        expected[f"aws:apigateway/{kind}::iris-dev"] = key
    dashboard = "infra:dashboard:Dashboard::iris-dev"
    expected |= {dashboard: stack, "aws:cloudwatch/dashboard:Dashboard::iris-dev": dashboard}
    for version in TWO:
        alarms = f"infra:alarms:Alarms::iris-dev-{version}"
        expected[alarms] = stack
        metric = f"aws:cloudwatch/logMetricFilter:LogMetricFilter::iris-dev-{version}-failures"
        expected[metric] = alarms
        for kind in ("crashes", "failures", "slow", "throttles"):
            name = f"iris-dev-{version}-{kind}"
            expected[f"aws:cloudwatch/metricAlarm:MetricAlarm::{name}"] = alarms
        api, function = f"infra:api:Api::{scheme.api(version)}", f"{FUNCTION}::iris-dev-{version}"
        expected |= {api: front, function: stack}
        for kind in (
            "restApi:RestApi",
            "deployment:Deployment",
            "stage:Stage",
            "methodSettings:MethodSettings",
        ):
            expected[f"aws:apigateway/{kind}::{scheme.api(version)}"] = api
        for kind in ("cloudwatch/logGroup:LogGroup", "iam/role:Role", "iam/rolePolicy:RolePolicy"):
            expected[f"aws:{kind}::iris-dev-{version}"] = function
        for kind in ("function:Function", "alias:Alias"):
            expected[f"aws:lambda/{kind}::iris-dev-{version}"] = function
        for prefix in prefixes(version):
            route = f"live-POST{prefix.replace('/', '-')}-predict"
            expected[f"aws:lambda/permission:Permission::iris-dev-{version}-{route}"] = function
    assert {f"{each.type}::{each.name}": each.parent for each in two.resources} == expected


def test_what_is_needed_is_made_before(two: Program) -> None:
    needs = {
        "Alias": {"Function"},
        "Deployment": {"RestApi", "Permission"},
        "Function": {"LogGroup", "Role", "RolePolicy"},
        "MethodSettings": {"RestApi", "Stage"},
        "Permission": {"Alias", "Function", "RestApi"},
        "RestApi": {"Alias"},
        "RolePolicy": {"LogGroup", "Role"},
        "Stage": {"Deployment", "RestApi"},
        "UsagePlan": {"RestApi", "Stage"},
        "UsagePlanKey": {"ApiKey", "UsagePlan"},
    }
    for each in two.resources:
        found = {need.partition("::")[0].rpartition(":")[2] for need in each.depends_on}
        assert needs.get(each.kind, set()) <= found, f"{each.kind} {each.name}"


def test_names_fit_their_limits_for_the_longest_project_and_stack(stacks: Stacks) -> None:
    project, stack = "i" * 32, "s" * 16
    program = stacks.run({"v999": {"release": "1.0.0"}}, stack, project)
    assert program.one("Function").inputs["name"] == f"{project}-{stack}-v999"
    for resource in program.resources:
        # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, and IAM's for roles
        limits = {"LogGroup": 512, "RestApi": 128, "ApiKey": 128, "MetricAlarm": 255}
        limits["LogMetricFilter"] = 512
        limit = limits.get(resource.kind, 64)
        name = resource.inputs.get("name", "")
        assert len(name) <= limit
        assert re.fullmatch(r"[\w/-]*", name)


def test_adding_a_version_changes_nothing_of_the_others_and_only_adds_to_the_front(
    stacks: Stacks, two: Program
) -> None:
    three = stacks.run(THREE)
    assert changed(two, three) == scheme.SHARED | {"Dashboard iris-dev"}
    for version in TWO:
        for place in added(body(two, version), body(three, version)):
            assert "/v3" in place or "documentation" in place


def test_a_version_in_front_of_the_others_changes_no_more(stacks: Stacks, two: Program) -> None:
    first = stacks.run({"v3": THREE["v3"], **TWO})
    assert changed(two, first) == scheme.SHARED | {"Dashboard iris-dev"}
    assert stacks.run(THREE).by_id().keys() == first.by_id().keys()


def test_deprecating_a_version_changes_nothing_of_the_others(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED, "v2": TWO["v2"]})
    assert changed(two, after) == {"Function iris-dev-v1"} | api_changes("v1")
    assert after.one("Function", "v1").inputs["environment"] == {
        "variables": {
            "API_VERSION": "v1",
            "RELEASE": "1.4.2",
            "DEPRECATED_ON": "2026-12-01",
            "SUNSET": "2027-03-31",
            "MIGRATION_URL": "https://example.com/move#to-v2",
        }
    }
    old, new = body(two)["paths"], body(after)["paths"]
    assert {path for path in old if old[path] != new[path]} == {
        path or "/"
        for prefix in prefixes("v1")
        for path in (
            prefix,
            f"{prefix}/{{proxy+}}",
            f"{prefix}/predict",
            f"{prefix}/openapi.json",
        )
    }


def test_a_new_release_changes_its_function_and_nothing_else(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"], "v2": {"release": "2.1.0"}})
    # The function publishes another version, and the alias follows it.
    assert changed(two, after) == {"Function iris-dev-v2"}
    assert "aws:lambda/function:Function::iris-dev-v2" in after.one("Alias", "v2").depends_on


def test_a_retired_version_leaves_only_its_answer(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}, "v2": TWO["v2"]})
    components = {f"{FUNCTION}::iris-dev-v1", "infra:alarms:Alarms::iris-dev-v1"}
    own = {
        f"{each.kind} {each.name}"
        for each in two.resources
        if components & {each.parent, f"{each.type}::{each.name}"}
    }
    assert not own & {f"{each.kind} {each.name}" for each in after.resources}
    assert changed(two, after) - own == api_changes("v1") | {"Dashboard iris-dev"}
    assert not [name for name in after.exports if name.startswith("v1")]
    assert set(body(after)["paths"]) & {"/v1", "/v1/{proxy+}", "/v1/predict", "/predict"} == {
        "/v1",
        "/v1/{proxy+}",
    }


def test_a_stack_may_have_only_retired_versions(stacks: Stacks) -> None:
    program = stacks.run({"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}})
    assert not program.of("Function") + program.of("MetricAlarm")
    assert "No API version is served." in program.one("Dashboard").inputs["dashboardBody"]


def test_a_traced_request_is_traced_through_api_and_function(stacks: Stacks) -> None:
    program = stacks.run(tracing=True)
    assert all(each.inputs["xrayTracingEnabled"] for each in program.of("Stage"))
    for function in program.of("Function"):
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
    for policy in program.of("RolePolicy"):
        logs, traces = json.loads(policy.inputs["policy"])["Statement"]
        assert logs["Resource"] != "*"
        assert traces == {
            "Effect": "Allow",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
            "Resource": "*",
        }
