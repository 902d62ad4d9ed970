"""What the program registers: invariants of every stack, and what a change leaves alone."""

import json

from infra.scheme import prefixes
from tests import artefacts, scheme
from tests.documents import ARN, body
from tests.program import Program, changed, run
from tests.stacks import DEPRECATED, TWO, Stacks, config


def test_an_old_build_keeps_its_python(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    artefacts.write_zip(stacks.folder, "iris", "v1", "1.4.2", python="3.12")
    program = run("iris", "dev", config("iris", TWO))
    assert [each.inputs["runtime"] for each in program.of("Function")] == [
        "python3.12",
        "python3.13",
    ]


def test_a_call_reaches_the_function_through_its_alias(two: Program) -> None:
    for version in TWO:
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


def test_a_new_version_is_deployed_after_it_may_be_called(two: Program) -> None:
    deployments = {each.name: each for each in two.of("Deployment")}
    for permission in two.of("Permission"):
        version = permission.parent.rpartition("-")[2]
        needs = deployments[scheme.api(version)].depends_on
        assert f"{permission.type}::{permission.name}" in needs


def test_a_deprecated_version_says_so_behind_its_paths_and_no_others(
    stacks: Stacks, two: Program
) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED, "v2": TWO["v2"]})
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


def test_a_function_has_its_whole_name_for_the_longest_project_and_stack(stacks: Stacks) -> None:
    project, stack = "i" * 32, "s" * 16
    function = stacks.run({"v999": {"release": "1.0.0"}}, stack, project).one("Function")
    assert function.inputs["name"] == f"{project}-{stack}-v999"


def test_the_dashboard_has_a_row_for_each_version(two: Program) -> None:
    inputs = two.one("Dashboard", "iris-dev").inputs
    widgets = json.loads(inputs["dashboardBody"])["widgets"]
    assert inputs["dashboardName"] == "iris-dev"
    assert [(each["x"], each["y"]) for each in widgets] == [
        (x, y) for y in (0, 6) for x in (0, 6, 12, 18)
    ]
    for each, version in zip(widgets, ["v1"] * 4 + ["v2"] * 4, strict=True):
        name = f"iris-dev-{version}"
        assert each["properties"]["title"].startswith(f"{version}: ")
        assert each["properties"]["region"] == "eu-central-1"
        for metric in each["properties"]["metrics"]:
            named = dict(zip(metric[2:-1:2], metric[3:-1:2], strict=True))
            calls = {"FunctionName": name, "Resource": f"{name}:live"}
            assert named == calls or metric[1] == f"{name}-failures"
