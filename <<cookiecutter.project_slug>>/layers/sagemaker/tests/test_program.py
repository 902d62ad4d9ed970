"""What the program registers: invariants of every stack, and what a change leaves alone."""

import json
import re
from typing import Any

import pytest

from infra.openapi import INTEGRATION
from infra.scheme import prefixes
from tests import scheme
from tests.artefacts import REPOSITORY
from tests.documents import ARN, body
from tests.program import Program, changed
from tests.stacks import DEPRECATED, TWO, Stacks
from tests.target import NAMES, SCALED

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def with_v1(**keys: Any) -> dict[str, dict[str, Any]]:
    """Two versions, the first with further keys."""
    return {"v1": TWO["v1"] | keys, "v2": TWO["v2"]}


def policy(program: Program, name: str) -> list[dict[str, Any]]:
    """The statements of a role's policy."""
    return json.loads(program.one("RolePolicy", name).inputs["policy"])["Statement"]


def test_a_model_is_the_image_of_its_release(two: Program) -> None:
    assert two.one("Model", "v1").inputs == {
        "executionRoleArn": "arn:aws:iam::123456789012:role/iris-dev-v1",
        "primaryContainer": {
            "image": f"{REPOSITORY}:1.4.2",
            "environment": {"API_VERSION": "v1", "RELEASE": "1.4.2"},
        },
        "enableNetworkIsolation": True,
    }


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


def test_a_digest_takes_the_place_of_the_tag(stacks: Stacks) -> None:
    program = stacks.run(with_v1(digest=DIGEST))
    container = program.one("Model", "v1").inputs["primaryContainer"]
    assert container["image"] == f"{REPOSITORY}@{DIGEST}"


def test_an_archive_takes_the_place_of_the_model_in_the_image(stacks: Stacks) -> None:
    program = stacks.run(with_v1(model_data="s3://models/iris/1.4.2.tar.gz"))
    container = program.one("Model", "v1").inputs["primaryContainer"]
    assert container["modelDataUrl"] == "s3://models/iris/1.4.2.tar.gz"
    assert policy(program, "iris-dev-v1")[-1] == {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": "arn:aws:s3:::models/iris/*",
    }
    assert not [each for each in policy(program, "iris-dev-v2") if "s3" in str(each)]


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


def test_a_configuration_is_what_its_version_says(stacks: Stacks) -> None:
    own = {"instance_type": "ml.m5.xlarge", "initial_instance_count": 3}
    program = stacks.run(with_v1(**own))
    assert program.one("EndpointConfiguration", "v1").inputs == {
        "productionVariants": [
            {
                "variantName": "primary",
                "modelName": "v1-made-up",
                "instanceType": "ml.m5.xlarge",
                "initialInstanceCount": 3,
            }
        ]
    }


def test_what_never_changes_has_no_name_that_a_successor_would_need(two: Program) -> None:
    for kind in ("Model", "EndpointConfiguration"):
        assert not [each for each in two.of(kind) if "name" in each.inputs]


def test_what_an_endpoint_can_go_back_to_is_never_deleted(two: Program) -> None:
    for kind in ("Model", "EndpointConfiguration"):
        assert [each.options for each in two.of(kind)] == [("retainOnDelete",)] * 2


def test_an_endpoint_has_one_name_for_all_releases_of_an_instance_type(stacks: Stacks) -> None:
    def name(**keys: Any) -> str:
        return stacks.run_v1(**keys).one("Endpoint").inputs["name"]

    assert name() == name(release="1.5.0", initial_instance_count=2) == NAMES["v1"]
    assert name(instance_type="ml.m5.large") != NAMES["v1"]


ALARMS = {"alarms": [{"alarmName": f"iris-dev-v1-release-{kind}"} for kind in ("failures", "slow")]}
ROLLOUTS = {
    "all at once": (
        {},
        {
            "trafficRoutingConfiguration": {"type": "ALL_AT_ONCE", "waitIntervalInSeconds": 600},
            "terminationWaitInSeconds": 600,
            "maximumExecutionTimeoutInSeconds": 3_300,
        },
    ),
    "canary": (
        {"rollout": {"canary": {"percent": 20, "wait_seconds": 300}}, "initial_instance_count": 5},
        {
            "trafficRoutingConfiguration": {
                "type": "CANARY",
                "canarySize": {"type": "CAPACITY_PERCENT", "value": 20},
                "waitIntervalInSeconds": 300,
            },
            "terminationWaitInSeconds": 300,
            "maximumExecutionTimeoutInSeconds": 3_300,
        },
    ),
}


@pytest.mark.parametrize("kind", ROLLOUTS)
def test_a_release_takes_over_beside_the_old_one_and_alarms_take_it_back(
    stacks: Stacks, kind: str
) -> None:
    keys, expected = ROLLOUTS[kind]
    config = stacks.run(with_v1(**keys)).one("Endpoint", "v1").inputs["deploymentConfig"]
    assert config == {"blueGreenUpdatePolicy": expected, "autoRollbackConfiguration": ALARMS}


def test_a_rolling_release_takes_over_a_batch_at_a_time_and_alarms_take_it_back(
    stacks: Stacks,
) -> None:
    keys = {"rollout": {"rolling": {"percent": 50}}, "initial_instance_count": 2}
    config = stacks.run(with_v1(**keys)).one("Endpoint", "v1").inputs["deploymentConfig"]
    assert config == {
        "rollingUpdatePolicy": {
            "maximumBatchSize": {"type": "CAPACITY_PERCENT", "value": 50},
            "waitIntervalInSeconds": 300,
            "maximumExecutionTimeoutInSeconds": 3_300,
        },
        "autoRollbackConfiguration": ALARMS,
    }


def test_alarms_are_there_before_the_endpoint_that_names_them(two: Program) -> None:
    alarm = "aws:cloudwatch/metricAlarm:MetricAlarm::iris-dev-v1-release"
    needs = two.one("Endpoint", "v1").depends_on
    assert {f"{alarm}-failures", f"{alarm}-slow"} < {*needs}


def test_instances_follow_the_calls_where_scaling_is_set(stacks: Stacks) -> None:
    program = stacks.run(with_v1(**SCALED))
    (target,), (scaling,) = program.of("Target"), program.of("Policy")
    what = {
        "resourceId": f"endpoint/{NAMES['v1']}/variant/primary",
        "serviceNamespace": "sagemaker",
        "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    assert target.inputs == what | {"minCapacity": 2, "maxCapacity": 6}
    assert scaling.inputs == what | {
        "name": NAMES["v1"],
        "policyType": "TargetTrackingScaling",
        "targetTrackingScalingPolicyConfiguration": {
            "targetValue": 1_000,
            "predefinedMetricSpecification": {
                "predefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    }
    assert "aws:sagemaker/endpoint:Endpoint::iris-dev-v1" in target.depends_on


def test_an_endpoint_may_pull_its_image_write_its_log_and_metrics_and_see_its_alarms(
    two: Program,
) -> None:
    group = ARN.format("logs", f"log-group:/aws/sagemaker/Endpoints/{NAMES['v1']}")
    assert policy(two, "iris-dev-v1") == [
        {
            "Effect": "Allow",
            "Action": [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            "Resource": ARN.format("ecr", "repository/iris"),
        },
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            "Resource": [group, f"{group}:*"],
        },
        {
            "Effect": "Allow",
            "Action": ["cloudwatch:DescribeAlarms"],
            "Resource": [
                ARN.format("cloudwatch", f"alarm:iris-dev-v1-release-{kind}")
                for kind in ("failures", "slow")
            ],
        },
        {
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricData"],
            "Resource": "*",
            "Condition": {
                "StringEquals": {
                    "cloudwatch:namespace": ["/aws/sagemaker/Endpoints", "AWS/SageMaker"]
                }
            },
        },
    ]


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


def test_a_role_is_for_the_service_that_takes_it_on(two: Program) -> None:
    services = {"": "sagemaker.amazonaws.com", "-front": "apigateway.amazonaws.com"}
    for version in TWO:
        for suffix, service in services.items():
            role = two.one("Role", f"iris-dev-{version}{suffix}").inputs
            (statement,) = json.loads(role["assumeRolePolicy"])["Statement"]
            assert statement["Principal"] == {"Service": service}
    assert len(two.of("RolePolicy")) == len(two.of("Role")) == 2 * len(TWO)


def test_what_a_version_may_do_is_settled_before_it_is_needed(two: Program) -> None:
    policies = "aws:iam/rolePolicy:RolePolicy::iris-dev"
    deployments = {each.name: each for each in two.of("Deployment")}
    for version in TWO:
        assert f"{policies}-{version}" in two.one("Model", version).depends_on
        assert f"{policies}-{version}-front" in deployments[scheme.api(version)].depends_on


def test_the_front_says_that_a_version_is_deprecated(stacks: Stacks) -> None:
    predict = body(stacks.run(with_v1(**DEPRECATED)))["paths"]["/v1/predict"]["post"]
    for answer in predict["x-amazon-apigateway-integration"]["responses"].values():
        said = answer["responseParameters"]
        assert said["method.response.header.Sunset"] == "'Wed, 31 Mar 2027 00:00:00 GMT'"


def test_an_endpoint_follows_its_model(two: Program) -> None:
    endpoint, configuration = two.one("Endpoint", "v2"), two.one("EndpointConfiguration", "v2")
    assert "aws:sagemaker/model:Model::iris-dev-v2" in configuration.depends_on
    made = "aws:sagemaker/endpointConfiguration:EndpointConfiguration::iris-dev-v2"
    assert made in endpoint.depends_on


def test_a_stack_may_have_only_retired_versions(stacks: Stacks) -> None:
    program = stacks.run_v1(**DEPRECATED | {"state": "retired"})
    assert not program.of("Endpoint") + program.of("MetricAlarm") + program.of("Role")


def test_without_a_front_there_are_only_endpoints(stacks: Stacks) -> None:
    program = stacks.run(front="none")
    assert not [each for each in program.resources if "apigateway" in each.type]
    assert [each.name for each in program.of("Role")] == ["iris-dev-v1", "iris-dev-v2"]
    groups = {f"{v}_log_group": f"/aws/sagemaker/Endpoints/{name}" for v, name in NAMES.items()}
    assert program.exports == groups | {f"{v}_endpoint": name for v, name in NAMES.items()}


def test_logs_are_kept_as_long_as_the_stack_says(stacks: Stacks) -> None:
    program = stacks.run(log_retention_days=7)
    assert {
        each.inputs["name"]: each.inputs["retentionInDays"] for each in program.of("LogGroup")
    } == {f"/aws/sagemaker/Endpoints/{name}": 7 for name in NAMES.values()}


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
