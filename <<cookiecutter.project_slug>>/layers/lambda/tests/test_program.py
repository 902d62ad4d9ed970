"""What the program registers: invariants of every stack, and what a change leaves alone."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.program import Program, Resource, run
from tests.stacks import DEPRECATED, TWO, Stacks, Versions, config
from tests.support import ROOT

THREE: Versions = {**TWO, "v3": {"release": "3.0.0"}}
ARN = "arn:aws:{}:eu-central-1:123456789012:{}"


@pytest.fixture
def two(stacks: Stacks) -> Program:
    """A stack that serves v1 and v2."""
    return stacks.run()


def by_id(program: Program) -> dict[str, Resource]:
    return {f"{each.type}::{each.name}": each for each in program.resources}


def changed(before: Program, after: Program) -> set[str]:
    """The resources of the first program that are gone, or differ in the second, as Kind-name."""
    old, new = by_id(before), by_id(after)
    return {
        f"{old[key].kind} {old[key].name}"
        for key in old
        if comparable(old[key]) != comparable(new.get(key))
    }


def comparable(resource: Resource | None) -> object:
    """All that makes Pulumi touch a resource; an edge to a further resource does not."""
    return resource and dataclasses.replace(resource, depends_on=())


def body(program: Program) -> dict[str, Any]:
    return json.loads(program.one("RestApi").inputs["body"])


def added(before: Any, after: Any, where: str = "") -> list[str]:
    """The places where `after` holds something that `before` lacks; fails where it lost any."""
    if before == after:
        return []
    assert type(before) is type(after), f"{where} was changed"
    if isinstance(before, dict):
        assert before.keys() <= after.keys(), f"{where} lost {before.keys() - after.keys()}"
        new = [f"{where}{key}" for key in after if key not in before]
        return new + [
            place for key in before for place in added(before[key], after[key], f"{where}{key} ")
        ]
    assert isinstance(before, list), f"{where} was changed"
    assert all(each in after for each in before), f"{where} lost an entry"
    return [where.strip()]


def test_it_runs_as_pulumi_starts_it(stacks: Stacks, two: Program) -> None:
    command = [sys.executable, "-P", str(ROOT / "tests/program.py"), "iris", "dev"]
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    given = json.dumps(config("iris", versions=TWO))
    said = subprocess.run(
        [*command, given], cwd=stacks.folder, env=environ, check=True, stdout=subprocess.PIPE
    )
    fresh = json.loads(said.stdout)
    assert fresh["exports"] == two.exports
    key = {f"{each['type']}::{each['name']}": each["inputs"] for each in fresh["resources"]}
    assert key == {name: each.inputs for name, each in by_id(two).items()}


def test_a_stack_exports_what_its_clients_and_operators_need(two: Program) -> None:
    url = "https://iris-dev-id.execute-api.eu-central-1.amazonaws.com/live"
    assert two.exports == {
        "v1_base_url": f"{url}/v1",
        "v1_url": f"{url}/v1/predict",
        "v1_function": "iris-dev-v1",
        "v1_log_group": "/aws/lambda/iris-dev-v1",
        "v2_base_url": f"{url}/v2",
        "v2_url": f"{url}/v2/predict",
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
        "publish": True,
    }
    assert "reservedConcurrentExecutions" not in program.one("Function", "v2").inputs
    assert {each.inputs["retentionInDays"] for each in program.of("LogGroup")} == {7}


def test_an_old_build_keeps_its_python(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    stacks.zip("iris", "v1", "1.4.2", python="3.12")
    program = run("iris", "dev", config("iris", versions=TWO))
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
        integration = body(two)["paths"][f"/{version}/predict"]["post"][
            "x-amazon-apigateway-integration"
        ]
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
            "sourceArn": ARN.format("execute-api", f"iris-dev-id/live/POST/{version}/predict"),
        }
        for version in TWO
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
    needs = two.one("Deployment").depends_on
    assert {f"aws:lambda/permission:Permission::iris-dev-{version}" for version in TWO} <= {*needs}


def test_every_child_belongs_to_its_component_and_types_never_change(two: Program) -> None:
    front = "infra:front:Front::iris-dev"
    stack = "pulumi:pulumi:Stack::iris-dev"
    assert {f"{each.type}::{each.name}": each.parent for each in two.resources} == {
        front: stack,
        "aws:apigateway/restApi:RestApi::iris-dev": front,
        "aws:apigateway/deployment:Deployment::iris-dev": front,
        "aws:apigateway/stage:Stage::iris-dev": front,
        "aws:apigateway/methodSettings:MethodSettings::iris-dev": front,
        "aws:apigateway/apiKey:ApiKey::iris-dev": front,
        "aws:apigateway/usagePlan:UsagePlan::iris-dev": front,
        "aws:apigateway/usagePlanKey:UsagePlanKey::iris-dev": front,
    } | {
        f"{kind}::iris-dev-{version}": (
            stack
            if kind.startswith("infra")
            else f"infra:function:ModelFunction::iris-dev-{version}"
        )
        for version in TWO
        for kind in (
            "infra:function:ModelFunction",
            "aws:cloudwatch/logGroup:LogGroup",
            "aws:iam/role:Role",
            "aws:iam/rolePolicy:RolePolicy",
            "aws:lambda/function:Function",
            "aws:lambda/alias:Alias",
            "aws:lambda/permission:Permission",
        )
    }


@pytest.mark.parametrize("protect", [True, False])
def test_protected_is_what_carries_the_url_and_nothing_else(stacks: Stacks, protect: bool) -> None:
    program = stacks.run(protect=protect)
    protected = {each.kind for each in program.resources if each.protect}
    assert protected == ({"RestApi", "Stage"} if protect else set())


def test_names_fit_their_limits_for_the_longest_project_and_stack(stacks: Stacks) -> None:
    project, stack = "i" * 32, "s" * 16
    program = stacks.run({"v999": {"release": "1.0.0"}}, stack, project)
    assert program.one("Function").inputs["name"] == f"{project}-{stack}-v999"
    for resource in program.resources:
        # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, and IAM's for roles
        limit = 512 if resource.kind == "LogGroup" else 64
        name = resource.inputs.get("name", "")
        assert len(name) <= limit
        assert re.fullmatch(r"[\w/-]*", name)


def test_adding_a_version_changes_nothing_of_the_others_and_only_adds_to_the_front(
    stacks: Stacks, two: Program
) -> None:
    three = stacks.run(THREE)
    assert changed(two, three) == {"RestApi iris-dev", "Deployment iris-dev"}
    new = added(body(two), body(three))
    assert {place for place in new if "documentation" not in place} == {
        "paths /v3",
        "paths /v3/{proxy+}",
        "paths /v3/openapi.json",
        "paths /v3/predict",
    }
    api, deployment = two.one("RestApi"), three.one("Deployment")
    assert api.inputs.keys() == three.one("RestApi").inputs.keys()
    assert deployment.inputs["triggers"] != two.one("Deployment").inputs["triggers"]


def test_a_version_in_front_of_the_others_changes_no_more(stacks: Stacks, two: Program) -> None:
    first = stacks.run({"v3": THREE["v3"], **TWO})
    assert changed(two, first) == {"RestApi iris-dev", "Deployment iris-dev"}
    assert by_id(stacks.run(THREE)).keys() == by_id(first).keys()


def test_deprecating_a_version_changes_nothing_of_the_others(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED, "v2": TWO["v2"]})
    assert changed(two, after) == {
        "Function iris-dev-v1",
        "RestApi iris-dev",
        "Deployment iris-dev",
    }
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
        "/v1",
        "/v1/{proxy+}",
        "/v1/predict",
        "/v1/openapi.json",
    }


def test_a_new_release_changes_its_function_and_nothing_else(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"], "v2": {"release": "2.1.0"}})
    # The function publishes another version, and the alias follows it.
    assert changed(two, after) == {"Function iris-dev-v2"}
    assert "aws:lambda/function:Function::iris-dev-v2" in after.one("Alias", "v2").depends_on


def test_a_retired_version_leaves_only_its_answer(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}, "v2": TWO["v2"]})
    gone = {name for name in changed(two, after) if name.endswith("-v1")}
    assert gone == {
        f"{each.kind} {each.name}" for each in two.resources if each.name == "iris-dev-v1"
    }
    assert changed(two, after) - gone == {"RestApi iris-dev", "Deployment iris-dev"}
    assert {path for path in body(after)["paths"] if "v1" in path} == {"/v1", "/v1/{proxy+}"}
    assert not [name for name in after.exports if name.startswith("v1")]


def test_without_a_key_everybody_is_warned_at_every_run(stacks: Stacks, two: Program) -> None:
    program = stacks.run(auth="none")
    assert program.warnings == [
        "auth is none: whoever knows the URL can call the model at your expense."
    ]
    assert program.exports["api_key_name"] is None
    assert not program.of("ApiKey") + program.of("UsagePlan") + program.of("UsagePlanKey")
    assert two.warnings == []


def test_the_key_opens_this_stage_and_no_other(two: Program) -> None:
    assert two.one("UsagePlan").inputs["apiStages"] == [{"apiId": "iris-dev-id", "stage": "live"}]
    assert two.one("UsagePlanKey").inputs == {
        "keyId": "iris-dev-id",
        "keyType": "API_KEY",
        "usagePlanId": "iris-dev-id",
    }


def test_every_method_is_throttled(stacks: Stacks) -> None:
    settings = stacks.run(throttle={"rate": 0, "burst": 5}).one("MethodSettings").inputs
    assert settings["methodPath"] == "*/*"
    assert settings["settings"] == {"throttlingRateLimit": 0, "throttlingBurstLimit": 5}
