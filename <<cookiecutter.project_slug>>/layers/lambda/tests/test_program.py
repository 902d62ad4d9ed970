"""What the program registers: invariants of every stack, and what a change leaves alone."""

import json

from infra.scheme import prefixes
from tests import artefacts, scheme
from tests.documents import ARN, body
from tests.program import Program, changed, run
from tests.stacks import DEPRECATED, TWO, Stacks, config


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


def test_a_deprecated_version_says_so_behind_its_paths_and_no_others(
    stacks: Stacks, two: Program
) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED, "v2": TWO["v2"]})
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


def test_a_function_is_told_how_large_a_body_may_be(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | {"max_body_bytes": 4_500_000}, "v2": TWO["v2"]})
    variables = {"API_VERSION": "v1", "RELEASE": "1.4.2", "MAX_BODY_BYTES": "4500000"}
    assert after.one("Function", "v1").inputs["environment"] == {"variables": variables}
    assert changed(two, after) == {"Function iris-dev-v1"}


def test_an_alias_follows_its_function(two: Program) -> None:
    assert "aws:lambda/function:Function::iris-dev-v2" in two.one("Alias", "v2").depends_on


def test_a_stack_may_have_only_retired_versions(stacks: Stacks) -> None:
    program = stacks.run_v1(**DEPRECATED | {"state": "retired"})
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


def test_a_function_has_its_whole_name_for_the_longest_project_and_stack(stacks: Stacks) -> None:
    project, stack = "i" * 32, "s" * 16
    function = stacks.run({"v999": {"release": "1.0.0"}}, stack, project).one("Function")
    assert function.inputs["name"] == f"{project}-{stack}-v999"
