"""The unchanged program of a rendered project on SageMaker, in two emulated AWSes at once.

SageMaker, its scaling, its images and its alarms are moto's, which only knows what there is; all
the rest is ministack's, which takes the front's document too: moto's import fails on methods that
mock. Nothing answers here, since neither has anything to run an endpoint with.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.local_cloud.emulator import ACCOUNT, REGION, emulator, moto
from tests.local_cloud.sagemaker import SERVICES
from tests.local_cloud.stack import Stack
from tests.project import copy_ready, make, render
from tests.test_machine import fake

SLUG = "iris-classifier"
REPOSITORY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{SLUG}"
DEPRECATED = {"state": "deprecated", "deprecated_on": "2026-12-01", "sunset": "2027-03-31"}
V1 = {"release": "0.1.0"}
# With every option that makes something.
V2 = {
    "release": "2.0.0",
    "model_data": "s3://models/iris/model.tar.gz",
    "instance_type": "ml.m5.large",
    "initial_instance_count": 2,
    "scaling": {"min_instances": 2, "max_instances": 4},
    "rollout": {"canary": {"percent": 50}},
}
V3 = {"release": "3.0.0", "initial_instance_count": 4, "rollout": {"rolling": {}}}
TWO = {"v1": V1, "v2": V2}
# How everything is listed, by what it calls its names.
KINDS = {
    "EndpointName": ("sagemaker", "list_endpoints", "Endpoints"),
    "EndpointConfigName": ("sagemaker", "list_endpoint_configs", "EndpointConfigs"),
    "ModelName": ("sagemaker", "list_models", "Models"),
    "ResourceId": ("application-autoscaling", "describe_scalable_targets", "ScalableTargets"),
    "PolicyName": ("application-autoscaling", "describe_scaling_policies", "ScalingPolicies"),
    "AlarmName": ("cloudwatch", "describe_alarms", "MetricAlarms"),
    "logGroupName": ("logs", "describe_log_groups", "logGroups"),
    "RoleName": ("iam", "list_roles", "Roles"),
    "name": ("apigateway", "get_rest_apis", "items"),
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the contracts of three API versions."""
    project = render(tmp_path_factory.mktemp("project") / "out", target="sagemaker")
    contract = (project / "contracts/v1.json").read_text()
    for name in ("v2", "v3"):
        (project / f"contracts/{name}.json").write_text(contract.replace("/v1/", f"/{name}/"))
    return project


@contextmanager
def cloud(project: Path) -> Iterator[Stack]:
    """A cloud with nothing in it but a repository for images."""
    with emulator() as url, moto() as other:
        stack = Stack(url, project, "path", dict.fromkeys(SERVICES, other))
        stack.client("ecr").create_repository(repositoryName=SLUG)
        yield stack


@pytest.fixture(scope="session")
def two(project: Path) -> Iterator[Stack]:
    """A cloud with v1 and v2; not to be changed."""
    with cloud(project) as stack:
        up(stack, TWO)
        yield stack


def up(stack: Stack, versions: dict[str, Any]) -> set[str]:
    """What was changed, as "update Endpoint v1"; of what is of no version, as "update RestApi"."""
    for keys in versions.values():
        image(stack, keys["release"])
    changes = stack.up(versions=versions, image={"repository": REPOSITORY})
    return {re.sub(rf" {SLUG}-dev-?", " ", each).strip() for each in changes}


def image(stack: Stack, release: str) -> str:
    """A published release, by the digest that its repository has for it."""
    ecr, tag = stack.client("ecr"), {"imageTag": release}
    with suppress(ecr.exceptions.ImageAlreadyExistsException):
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = {"schemaVersion": 2, "mediaType": kind, "layers": [], "annotations": tag}
        ecr.put_image(repositoryName=SLUG, imageManifest=json.dumps(manifest), **tag)
    (found,) = ecr.describe_images(repositoryName=SLUG, imageIds=[tag])["imageDetails"]
    return f"{REPOSITORY}@{found['imageDigest']}"


def listed(stack: Stack, kind: str) -> list[dict[str, Any]]:
    """Everything of a kind."""
    service, operation, field = KINDS[kind]
    query = {"ServiceNamespace": "sagemaker"} if service == "application-autoscaling" else {}
    return getattr(stack.client(service), operation)(**query)[field]


def everything(stack: Stack) -> set[tuple[str, str]]:
    """All that there is, by kind and name."""
    return {(kind, each[kind]) for kind in KINDS for each in listed(stack, kind)}


def variants(stack: Stack) -> dict[str, dict[str, Any]]:
    """What each endpoint runs: its name, configuration, variant, model and container."""
    sagemaker, found = stack.client("sagemaker"), {}
    for name in (each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]):
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        configuration = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        (variant,) = configuration["ProductionVariants"]
        found[name] = endpoint | variant | sagemaker.describe_model(ModelName=variant["ModelName"])
    return found


def trusted(stack: Stack, arn: str) -> tuple[str, list[dict[str, Any]]]:
    """Who may take on a role, and the statements of what that may do."""
    iam, name = stack.client("iam"), arn.rpartition("/")[2]
    (trust,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    statements = []
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        statements += document["Statement"]
    return trust["Principal"]["Service"], statements


def test_each_version_has_an_endpoint_that_runs_its_release(two: Stack) -> None:
    running = variants(two)
    assert running.keys() == {two.outputs["v1_endpoint"], two.outputs["v2_endpoint"]}
    for name, keys in TWO.items():
        assert re.fullmatch(rf"{SLUG}-dev-{name}-[0-9a-f]{{6}}", two.outputs[f"{name}_endpoint"])
        found = running[two.outputs[f"{name}_endpoint"]]
        assert found["InstanceType"] == keys.get("instance_type", "ml.c5.large")
        assert found["InitialInstanceCount"] == keys.get("initial_instance_count", 1)
        container = found["PrimaryContainer"]
        assert container["Image"] == image(two, keys["release"])
        assert container.get("ModelDataUrl") == keys.get("model_data")
        assert container["Environment"] == {"API_VERSION": name, "RELEASE": keys["release"]}


def test_a_release_that_is_not_published_changes_nothing(two: Stack) -> None:
    before = everything(two)
    with pytest.raises(RuntimeError, match=f"versions.v1.release: {REPOSITORY} has no 9.9.9; run"):
        two.up(versions={"v1": {"release": "9.9.9"}}, image={"repository": REPOSITORY})
    assert everything(two) == before


def test_a_role_may_read_its_image_and_archive(two: Stack) -> None:
    for name, keys in TWO.items():
        found = variants(two)[two.outputs[f"{name}_endpoint"]]
        service, statements = trusted(two, found["ExecutionRoleArn"])
        assert service == "sagemaker.amazonaws.com"
        resources = {each["Action"][0]: each["Resource"] for each in statements}
        image = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{SLUG}"
        assert resources["ecr:BatchCheckLayerAvailability"] == image
        archives = "arn:aws:s3:::models/iris/*" if "model_data" in keys else None
        assert resources.get("s3:GetObject") == archives


def test_alarms_watch_endpoints_and_variants_that_there_are(two: Stack) -> None:
    running, watched = variants(two), []
    for alarm in listed(two, "AlarmName"):
        if alarm.get("Namespace") == "AWS/ApiGateway":  # the front's
            continue
        queries = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        metrics = [each["Metric"] for each in queries] or [alarm]
        for metric in (each for each in metrics if each["Namespace"] == "AWS/SageMaker"):
            pairs = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            watched.append((pairs.pop("EndpointName"), pairs.pop("VariantName")))
            release = {"EndpointConfigName": running[watched[-1][0]]["EndpointConfigName"]}
            assert pairs == (release if "-release-" in alarm["AlarmName"] else {})
    there = [(name, each["VariantName"]) for name, each in running.items()]
    # For people four metrics, and for SageMaker three.
    assert sorted(watched) == sorted(there * (4 + 3))


def test_what_is_scaled_is_there(two: Stack) -> None:
    (target,), (policy,) = listed(two, "ResourceId"), listed(two, "PolicyName")
    name = two.outputs["v2_endpoint"]
    there = f"endpoint/{name}/variant/{variants(two)[name]['VariantName']}"
    assert target["ResourceId"] == policy["ResourceId"] == there
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 4)
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert tracked == {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}


def test_the_front_may_call_the_endpoint_that_it_calls(two: Stack) -> None:
    gateway, called = two.client("apigateway"), set()
    for api in gateway.get_rest_apis()["items"]:
        for each in gateway.get_resources(restApiId=api["id"], limit=500)["items"]:
            if each["path"].endswith("/predict"):
                key = {"restApiId": api["id"], "resourceId": each["id"], "httpMethod": "POST"}
                integration = gateway.get_integration(**key)
                name = re.search("/endpoints/(.*)/invocations", integration["uri"])[1]
                service, (statement,) = trusted(two, integration["credentials"])
                assert service == "apigateway.amazonaws.com"
                assert statement["Action"] == "sagemaker:InvokeEndpoint"
                assert statement["Resource"] == variants(two)[name]["EndpointArn"]
                patterns = {
                    response.get("selectionPattern", "")
                    for response in integration["integrationResponses"].values()
                }
                assert patterns == {"", "200", "400", "413", "424", "429|503"}
                called.add(name)
    assert called == variants(two).keys()


# Pulumi's stand-in: writes down how it was called, and has the state that it is given.
PULUMI = 'echo "$*" >> "$CALLS"; if [ "$2" = export ]; then cat "$STATE"; fi'


@pytest.fixture
def deploy(prepared: Callable[[str], Path], tmp_path: Path) -> Callable[..., str]:
    """What `make deploy` of a stack with v1 and v2 does, and says before Pulumi does its part."""
    project = copy_ready(prepared("sagemaker"), tmp_path / "project")
    file = project / "Pulumi.dev.yaml"
    keys = yaml.safe_load(file.read_text("utf-8"))
    keys["config"][f"{SLUG}:versions"] = TWO
    file.write_text(yaml.safe_dump(keys), "utf-8")
    calls, state = tmp_path / "calls", tmp_path / "state"
    environ = {
        "PATH": fake(tmp_path / "bin", PULUMI, "pulumi"),
        "CALLS": str(calls),
        "STATE": str(state),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }

    def run(cloud: str, resources: list[dict[str, Any]]) -> str:
        state.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
        calls.write_text("")
        said = make(project, "deploy", "YES=1", AWS_ENDPOINT_URL_SAGEMAKER=cloud, **environ)
        went_on = "up --stack dev --yes" in calls.read_text().splitlines()
        assert went_on == (said.returncode == 0), said.stdout
        return said.stdout

    return run


def state_of(stack: Stack) -> list[dict[str, Any]]:
    """What Pulumi's state has of each resource of a stack, more or less."""
    kept = json.load(stack.client("s3").get_object(Bucket="pulumi", Key="state")["Body"])
    return [{"type": each["type"], "id": each["outputs"]["id"]} for each in kept.values()]


def test_an_endpoint_that_pulumi_has_lost_is_found_before_a_deploy(
    two: Stack, deploy: Callable[..., str]
) -> None:
    there, known = two.elsewhere["sagemaker"], state_of(two)
    assert "SageMaker has this endpoint" not in deploy(there, known)
    v1, v2 = two.outputs["v1_endpoint"], two.outputs["v2_endpoint"]
    said = deploy(there, [each for each in known if each["id"] != v2])
    assert f"{v2}: SageMaker has this endpoint (InService), and Pulumi's state of dev" in said
    assert f"  aws sagemaker delete-endpoint --endpoint-name {v2} --region {REGION}\n" in said
    assert v1 not in said
    with moto() as empty:
        deploy(empty, [])  # as once it is deleted


def test_the_readme_lists_the_endpoints_that_a_destroy_would_leave(
    two: Stack, project: Path
) -> None:
    readme = (project / "README.md").read_text("utf-8")
    part, region = re.search(
        r"aws sagemaker list-endpoints --name-contains (\S+) --region (\S+)`", readme
    ).groups()
    found = two.client("sagemaker").list_endpoints(NameContains=part)["Endpoints"]
    assert {each["EndpointName"] for each in found} == {*variants(two)}
    assert region == REGION


# What of the front changes where it says something new.
FRONT = {"replace RestApiPut", "replace Deployment", "update Stage"}
# What an endpoint can go back to, which costs nothing.
STAYS = {"ModelName", "EndpointConfigName"}


def test_the_life_of_two_versions(project: Path) -> None:
    with cloud(project) as stack:
        up(stack, TWO)
        assert up(stack, TWO) == set()  # what is the same changes nothing
        before, v1, v2 = everything(stack), *sorted(variants(stack))

        newer = V2 | {"release": "2.1.0"}
        assert up(stack, {"v1": V1, "v2": newer}) == {
            "replace Model v2",
            "replace EndpointConfiguration v2",
            "update MetricAlarm v2-release-failures",
            "update MetricAlarm v2-release-slow",
            "update Endpoint v2",
        }
        assert stack.outputs["v2_endpoint"] == v2
        assert variants(stack)[v2]["PrimaryContainer"]["Image"] == image(stack, "2.1.0")
        assert {kind for kind, _ in everything(stack) - before} == STAYS
        assert before < everything(stack)

        changes = up(stack, {"v1": V1, "v2": newer, "v3": V3})
        assert {each for each in changes if "v3" not in each} == FRONT
        assert len(variants(stack)) == 3

        faster = newer | {"instance_type": "ml.c5.xlarge"}
        changes = up(stack, {"v1": V1, "v2": faster})
        assert {each for each in changes if "v3" not in each} == FRONT | {
            "replace LogGroup v2",
            "replace RolePolicy v2",
            "update MetricAlarm v2-failures",
            "update MetricAlarm v2-slow",
            "update MetricAlarm v2-release-failures",
            "update MetricAlarm v2-release-slow",
            "replace EndpointConfiguration v2",
            "replace Endpoint v2",
            "replace Target v2",
            "replace Policy v2",
            "replace RolePolicy v2-front",
        }
        assert stack.outputs["v2_endpoint"] != v2
        assert variants(stack).keys() == {v1, stack.outputs["v2_endpoint"]}

        assert up(stack, {"v1": V1 | DEPRECATED, "v2": faster}) == FRONT
        up(stack, {"v1": V1 | DEPRECATED | {"state": "retired"}, "v2": faster})
        assert {kind for kind, name in everything(stack) if "v1" in name} == STAYS
        assert variants(stack).keys() == {stack.outputs["v2_endpoint"]}

        stack.destroy()
        assert {kind for kind, _ in everything(stack)} == STAYS


def test_nothing_of_an_emulator_outlives_its_use() -> None:
    with moto() as url:
        port = urlsplit(url).port
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
