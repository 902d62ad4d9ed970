"""What the program registers: invariants of every stack, and what a change leaves alone."""

import json
import re
from typing import Any

from infra.openapi import INTEGRATION
from infra.scheme import prefixes
from tests import scheme
from tests.documents import ARN, body
from tests.program import Program, changed
from tests.stacks import DEPRECATED, TWO, Stacks
from tests.target import NAMES, SCALED


def with_v1(**keys: Any) -> dict[str, dict[str, Any]]:
    """Two versions, the first with further keys."""
    return {"v1": TWO["v1"] | keys, "v2": TWO["v2"]}


def policy(program: Program, name: str) -> list[dict[str, Any]]:
    """The statements of a role's policy."""
    return json.loads(program.one("RolePolicy", name).inputs["policy"])["Statement"]


def test_a_model_and_its_front_are_told_how_large_a_body_may_be(
    stacks: Stacks, two: Program
) -> None:
    after = stacks.run(with_v1(max_body_bytes=2_000_000))
    variables = {"API_VERSION": "v1", "RELEASE": "1.4.2", "MAX_BODY_BYTES": "2000000"}
    assert after.one("Model", "v1").inputs["primaryContainer"]["environment"] == variables
    assert after.one("Model", "v2").inputs == two.one("Model", "v2").inputs
    for version, limit in (("v1", 2_000_000), ("v2", 1_048_576)):
        for prefix in prefixes(version):
            predict = body(after, version)["paths"][f"{prefix}/predict"]["post"]
            refused = predict[INTEGRATION]["responses"]["413"]["responseTemplates"]
            assert f" {limit} bytes." in refused["application/json"]


def test_a_container_with_a_policy_of_its_own_is_on_the_network_to_use_it(
    stacks: Stacks, two: Program
) -> None:
    (stacks.folder / "reads.json").write_text(
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "s3:GetObject",
                        "Resource": "arn:aws:s3:::features/*",
                    }
                ],
            }
        )
    )
    after = stacks.run(with_v1(policy="reads.json"))
    assert changed(two, after) == {"Model iris-dev-v1"}
    isolated = [each.inputs["enableNetworkIsolation"] for each in after.of("Model")]
    assert isolated == [False, True]


def test_another_archive_leaves_the_one_before_to_go_back_to(stacks: Stacks) -> None:
    one = stacks.run(with_v1(model_data="s3://models/iris/a.tar.gz"))
    other = stacks.run(with_v1(model_data="s3://models/iris/b.tar.gz"))
    assert changed(one, other) == {"Model iris-dev-v1"}


def test_another_instance_type_takes_nothing_from_the_endpoint_that_still_answers(
    stacks: Stacks, two: Program
) -> None:
    after = stacks.run(with_v1(instance_type="ml.m5.large"))
    for policy in ("iris-dev-v1", "iris-dev-v1-front"):
        # Under another name it is another one, and Pulumi deletes the old one last.
        names = {each.one("RolePolicy", policy).inputs["name"] for each in (two, after)}
        assert names == {each.one("Endpoint", "v1").inputs["name"] for each in (two, after)}


def test_an_endpoint_has_one_name_for_all_releases_of_an_instance_type(stacks: Stacks) -> None:
    def name(**keys: Any) -> str:
        return stacks.run_v1(**keys).one("Endpoint").inputs["name"]

    assert name() == name(release="1.5.0", initial_instance_count=2) == NAMES["v1"]
    assert name(instance_type="ml.m5.large") != NAMES["v1"]


def test_the_front_may_call_the_endpoint_of_a_version_and_nothing_else(two: Program) -> None:
    for version, name in NAMES.items():
        endpoint = ARN.format("sagemaker", f"endpoint/{name}")
        action = {"Action": "sagemaker:InvokeEndpoint", "Resource": endpoint}
        assert policy(two, f"iris-dev-{version}-front") == [{"Effect": "Allow"} | action]
        for prefix in prefixes(version):
            predict = body(two, version)["paths"][f"{prefix}/predict"]["post"]
            integration = predict["x-amazon-apigateway-integration"]
            assert integration["uri"].endswith(f":path/endpoints/{name}/invocations")
            role = f"arn:aws:iam::123456789012:role/iris-dev-{version}-front"
            assert integration["credentials"] == role


def test_what_the_front_may_do_is_settled_before_it_is_deployed(two: Program) -> None:
    deployments = {each.name: each for each in two.of("Deployment")}
    for version in TWO:
        policy = f"aws:iam/rolePolicy:RolePolicy::iris-dev-{version}-front"
        assert policy in deployments[scheme.api(version)].depends_on


def test_the_front_says_that_a_version_is_deprecated(stacks: Stacks) -> None:
    predict = body(stacks.run(with_v1(**DEPRECATED)))["paths"]["/v1/predict"]["post"]
    for answer in predict["x-amazon-apigateway-integration"]["responses"].values():
        said = answer["responseParameters"]
        assert said["method.response.header.Sunset"] == "'Wed, 31 Mar 2027 00:00:00 GMT'"


def test_a_dashboard_has_a_row_for_each_version_where_the_stack_wants_one(
    stacks: Stacks, two: Program
) -> None:
    assert not [*two.of("Dashboard")]
    program = stacks.run(TWO, dashboard=True)
    inputs = program.one("Dashboard", "iris-dev").inputs
    assert inputs["dashboardName"] == "iris-dev"
    widgets = json.loads(inputs["dashboardBody"])["widgets"]
    assert [(each["x"], each["y"]) for each in widgets] == [
        (x, y) for y in (0, 6) for x in (0, 6, 12, 18)
    ]
    for each, version in zip(widgets, ["v1"] * 4 + ["v2"] * 4, strict=True):
        assert each["properties"]["title"].startswith(f"{version}: ")
        assert each["properties"]["region"] == "eu-central-1"
        for _, _, *named, _ in each["properties"]["metrics"]:
            # Without both CloudWatch shows nothing.
            assert named == ["EndpointName", NAMES[version], "VariantName", "primary"]


def test_without_a_front_there_are_only_endpoints(stacks: Stacks) -> None:
    program = stacks.run(front="none")
    assert not [each for each in program.resources if "apigateway" in each.type]
    assert [each.name for each in program.of("Role")] == ["iris-dev-v1", "iris-dev-v2"]
    groups = {f"{v}_log_group": f"/aws/sagemaker/Endpoints/{name}" for v, name in NAMES.items()}
    assert program.exports == groups | {f"{v}_endpoint": name for v, name in NAMES.items()}


def test_an_endpoint_and_its_model_have_names_for_the_longest_project_and_stack(
    stacks: Stacks,
) -> None:
    program = stacks.run({"v999": {"release": "1.0.0"} | SCALED}, "s" * 16, "i" * 32)
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
    name = program.exports["v999_endpoint"]
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)
    assert program.one("Policy").inputs["name"] == name
    for kind in ("Model", "EndpointConfiguration"):
        # Pulumi makes a name of it and of eight characters more.
        assert len(program.one(kind).name) + 8 <= 63


def test_alarms_watch_the_endpoint_and_the_variant_that_there_are(stacks: Stacks) -> None:
    program = stacks.run_v1(instance_type="ml.m5.large")
    name = program.one("Endpoint").inputs["name"]
    (variant,) = program.one("EndpointConfiguration").inputs["productionVariants"]
    watched = {"EndpointName": name, "VariantName": variant["variantName"]}
    assert program.one("MetricAlarm", "v1-slow").inputs["dimensions"] == watched


# What AWS's guide to rollouts shows by the configuration of an endpoint:
# https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
OF_A_CONFIGURATION = {"Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency"}


def test_a_release_is_taken_back_by_what_aws_counts_for_it_and_never_by_what_is_missing(
    two: Program,
) -> None:
    for name, endpoint in NAMES.items():
        for kind in ("failures", "slow"):
            given = two.one("MetricAlarm", f"{name}-release-{kind}").inputs
            queries = given.get("metricQueries", [])
            metrics = [each["metric"] for each in queries if "metric" in each] or [given]
            for metric in metrics:
                assert metric["metricName"] in OF_A_CONFIGURATION
                assert metric["namespace"] == "AWS/SageMaker"
                assert metric["dimensions"] == {
                    "EndpointName": endpoint,
                    "VariantName": "primary",
                    "EndpointConfigName": two.one("Endpoint", name).inputs["endpointConfigName"],
                }


def test_what_nothing_was_counted_for_is_nothing_and_divides_nothing(two: Program) -> None:
    # Those of endpoints: an API has one of its own.
    of_endpoints = (each for each in two.of("MetricAlarm") if "-front-" not in each.name)
    alarms = [each.inputs for each in of_endpoints if each.name.endswith("-failures")]
    assert len(alarms) == 2 * len(TWO)
    for percent, *metrics in (each["metricQueries"] for each in alarms):
        found = re.fullmatch(r"IF\((.*?), (.*), (\d)\)", percent["expression"])
        assert found
        condition, share, otherwise = found.groups()
        assert (condition, otherwise) == ("calls > 0", "0")
        counted, _, divisor = share.rpartition(" / ")
        ids = {each["id"] for each in metrics}
        assert {*re.findall(r"FILL\((\w+), 0\)", counted)} == ids - {"calls"}
        assert divisor == "calls"


def test_no_alarm_comes_too_late_to_take_a_release_back(two: Program) -> None:
    rollout = two.one("Endpoint", "v1").inputs["deploymentConfig"]["blueGreenUpdatePolicy"]
    watched = rollout["trafficRoutingConfiguration"]["waitIntervalInSeconds"]
    for alarm in (each for each in two.of("MetricAlarm") if "-release-" in each.name):
        assert alarm.inputs["evaluationPeriods"] * 60 < watched
