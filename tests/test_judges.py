"""What a rendered project would deploy, before judges that know more of it than its own tests."""

import json
import random
import string
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import airspeed
import cfnlint.api
import openapi_spec_validator
import parliament
import pytest

from tests.conftest import baker
from tests.judges import SHOWN, actionlint, checkov, zizmor
from tests.local_cloud.emulator import REGION
from tests.local_cloud.resources import ALARM, dimensions, query, upper
from tests.project import COMBINATIONS, TARGETS, judged_by, program, target_of

CONTEXT = {"context": {"requestId": "8d1c6c1f"}}


@dataclass(frozen=True)
class OnAws:
    """A project of a target and a scheme; `ready`: one of the target after `make setup model`."""

    target: str
    versioning: str
    project: Path
    ready: Path

    def registers(self, folder: Path, **keys: object) -> list[dict[str, Any]]:
        """The resources of a stack."""
        python, versions = self.ready / ".venv/bin/python", SHOWN[self.target]
        command = program(self.project, folder, python, versions=versions, **keys)
        said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        return json.loads(said.stdout)["resources"]


JUDGED = [each for each in COMBINATIONS if each["target"] in judged_by("aws")]


@pytest.fixture(scope="session", params=JUDGED, ids=lambda each: "-".join(each.values()))
def on_aws(
    request: pytest.FixtureRequest, cookies_session: Any, prepared: Callable[[str], Path]
) -> OnAws:
    """A project of each target on AWS and of each scheme; not to be changed."""
    project = baker(cookies_session)(**request.param)
    return OnAws(**request.param, project=project, ready=prepared(request.param["target"]))


@pytest.fixture(scope="session")
def resources(on_aws: OnAws, tmp_path_factory: Any) -> Any:
    """All that a stack registers with every option on, on each target and under each scheme."""
    folder = tmp_path_factory.mktemp("stack") / "folder"
    topic = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
    options = {"tracing": True, "alarm_topic": topic, "manage_account_logging": True}
    return on_aws.registers(folder, log_retention_days=90, **options)


# Each sort of caller once; a project of a scheme says of each the same as of the others.
AUTH = {"path": "api_key", "host": "iam", "header": "none"}


@pytest.fixture(scope="session")
def documents(on_aws: OnAws, resources: Any, tmp_path_factory: Any) -> Any:
    """What API Gateway would import, on each target and under each scheme."""
    auth = AUTH[on_aws.versioning]
    if auth != "api_key":  # which a stack has if nothing else is said
        folder = tmp_path_factory.mktemp("stack") / "folder"
        resources = on_aws.registers(folder, auth=auth)
    apis = [each for each in resources if each["type"].endswith(":RestApi")]
    return [json.loads(each["inputs"]["body"]) for each in apis]


def velocity(template: str) -> str:
    return airspeed.Template(template).merge(CONTEXT)


def mocks(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The integration of each mock, by method and path; of several at one path, the last."""
    return {
        f"{method} {path}": operation["x-amazon-apigateway-integration"]
        for document in documents
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if operation["x-amazon-apigateway-integration"]["type"] == "mock"
    }


def test_the_documents_are_openapi(documents: list[dict[str, Any]]) -> None:
    assert documents
    for document in documents:
        openapi_spec_validator.validate(document)


def test_a_template_engine_gives_back_the_contract(
    documents: list[dict[str, Any]], on_aws: OnAws
) -> None:
    contract = (on_aws.project / "contracts" / "v1.json").read_text("utf-8")
    for version in ("v2", "v3"):
        answer = mocks(documents)[f"get /{version}/openapi.json"]["responses"]["default"]
        said = velocity(answer["responseTemplates"]["application/json"])
        assert said == contract.replace("/v1/", f"/{version}/")


def test_a_template_engine_gives_problems_with_the_requests_id(
    documents: list[dict[str, Any]],
) -> None:
    for name, mock in mocks(documents).items():
        status = json.loads(velocity(mock["requestTemplates"]["application/json"]))["statusCode"]
        response = mock["responses"]["default"]
        assert response["statusCode"] == str(status)
        if status != 200:
            said = json.loads(velocity(response["responseTemplates"]["application/json"]))
            assert (said["status"], said["request_id"]) == (status, "8d1c6c1f"), name
            if status == 410:
                assert said["detail"].endswith("https://example.com/move?from=$v1#to")


def test_a_template_engine_gives_back_any_json(prepared: Callable[[str], Path]) -> None:
    project = prepared("lambda")
    letters = string.printable + "$#\\${}$ref#set()#if#end\\\\##*ä€"
    source = random.Random(0)
    values = ["".join(source.choices(letters, k=source.randrange(40))) for _ in range(300)]
    texts = [json.dumps({"value": value, value: 1}) for value in values]
    convert = (
        "import json, sys; from infra.openapi import velocity;"
        "print(json.dumps([velocity(text) for text in json.load(sys.stdin)]))"
    )
    templates = subprocess.run(
        [project / ".venv/bin/python", "-c", convert],
        cwd=project,
        input=json.dumps(texts),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for text, template in zip(texts, json.loads(templates), strict=True):
        assert json.loads(velocity(template)) == json.loads(text)


def test_pulumi_finds_its_plugins_in_the_environment(ready: Path) -> None:
    # What the language host of the Pulumi CLI runs, in sdk/python/toolchain/pip.go.
    provider = f"pulumi_{TARGETS[target_of(ready)]['provider']}"
    python = ready / ".venv" / "bin" / "python"
    command = [python, "-m", "pip", "list", "-v", "--format", "json", "--not-required"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (found,) = (each for each in json.loads(said) if each["name"] == provider)
    plugin = Path(found["location"], provider, "pulumi-plugin.json")
    assert json.loads(plugin.read_text("utf-8"))["resource"] is True


# Why a policy may name every resource.
WILDCARDS = {
    ("cloudwatch:PutMetricData",): "metrics are no resources",
    ("ecr:GetAuthorizationToken",): "a token is of no repository",
    ("xray:PutTraceSegments", "xray:PutTelemetryRecords"): "X-Ray has no resources to name",
}


def test_every_policy_is_sound_and_names_its_resources(resources: list[dict[str, Any]]) -> None:
    policies = [each for each in resources if each["type"].endswith(":RolePolicy")]
    assert policies
    for each in policies:
        text = each["inputs"]["policy"]
        assert [str(found) for found in parliament.analyze_policy_string(text).findings] == []
        for statement in json.loads(text)["Statement"]:
            named = statement["Resource"]
            if named == "*":
                assert tuple(statement["Action"]) in WILDCARDS
            else:
                assert all(each.startswith("arn:aws:") for each in _list(named))


def _list(one_or_more: str | list[str]) -> list[str]:
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


def test_a_judge_of_policies_would_notice() -> None:
    group = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/iris-dev-v1"
    statement = {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": group}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert parliament.analyze_policy_string(text).findings


# How CloudFormation calls what Pulumi calls otherwise; None: it has no such property.
PROPERTIES = {
    "Endpoint": {"name": "EndpointName"},
    "Function": {"name": "FunctionName", "code": None, "publish": None},
    "LogGroup": {"name": "LogGroupName"},
    "Policy": {"name": "PolicyName"},
    "Role": {
        "name": "RoleName",
        "namePrefix": None,
        "assumeRolePolicy": "AssumeRolePolicyDocument",
    },
    "Stage": {
        "accessLogSettings": "AccessLogSetting",
        "restApi": "RestApiId",
        "deployment": "DeploymentId",
        "xrayTracingEnabled": "TracingEnabled",
    },
    "UsagePlan": {"name": "UsagePlanName"},
}
TYPES = {
    "LogGroup": "AWS::Logs::LogGroup",
    "MetricAlarm": "AWS::CloudWatch::Alarm",
    "Role": "AWS::IAM::Role",
    "Stage": "AWS::ApiGateway::Stage",
    "UsagePlan": "AWS::ApiGateway::UsagePlan",
}
OWN_TYPES = {
    "lambda": {"Alias": "AWS::Lambda::Alias", "Function": "AWS::Lambda::Function"},
    "sagemaker": {
        "Endpoint": "AWS::SageMaker::Endpoint",
        "EndpointConfiguration": "AWS::SageMaker::EndpointConfig",
        "Model": "AWS::SageMaker::Model",
        "Policy": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Target": "AWS::ApplicationAutoScaling::ScalableTarget",
    },
}


def fragment(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """A resource as CloudFormation would have it."""
    if kind == "MetricAlarm":
        own = {ALARM[name]: value for name, value in inputs.items() if name in ALARM}
        if "metricQueries" in inputs:
            return own | {"Metrics": [query(each) for each in inputs["metricQueries"]]}
        return own | {"Dimensions": dimensions(inputs["dimensions"])}
    names = PROPERTIES.get(kind, {})
    own = {}
    for name, value in inputs.items():
        if new := names.get(name, name[0].upper() + name[1:]):
            own[new] = json.loads(value) if name == "assumeRolePolicy" else upper(value)
    if kind == "Function":
        own["Environment"] = {"Variables": inputs["environment"]["variables"]}
        own["Code"] = {"S3Bucket": "bucket", "S3Key": inputs["code"]}
    return own


def template(**resources: dict[str, Any]) -> dict[str, Any]:
    """A CloudFormation template."""
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


@pytest.fixture(scope="session")
def stack(resources: list[dict[str, Any]], on_aws: OnAws) -> dict[str, Any]:
    """A stack's inputs as a CloudFormation template."""
    types, fragments = TYPES | OWN_TYPES[on_aws.target], {}
    for each in resources:
        kind = each["type"].rpartition(":")[2]
        if each["type"].startswith("aws:") and kind in types:
            name = "".join(filter(str.isalnum, each["name"])) + kind
            properties = fragment(kind, each["inputs"])
            fragments[name] = {"Type": types[kind], "Properties": properties}
    assert {each["Type"] for each in fragments.values()} == {*types.values()}
    return template(**fragments)


def lint(template: dict[str, Any]) -> list[str]:
    """Errors and warnings; what cfn-lint says for information is about style."""
    found = cfnlint.api.lint(json.dumps(template), regions=[REGION])
    return [f"{each.rule.id} {each.message}" for each in found if each.rule.id[0] != "I"]


def test_cloudformation_takes_every_input(stack: dict[str, Any]) -> None:
    assert lint(stack) == []


def test_a_judge_of_inputs_would_notice() -> None:
    properties = {"LogGroupName": "/aws/lambda/iris", "RetentionInDays": 31}
    assert lint(template(Logs={"Type": "AWS::Logs::LogGroup", "Properties": properties}))


# What checkov asks for and a stack does without, and why.
WITHOUT = {
    "CKV_AWS_120": "a cache of the gateway is not asked for a POST",
    "CKV_AWS_158": "AWS encrypts logs with a key of its own",
}
OWN_WITHOUT = {
    "lambda": {
        "CKV_AWS_115": "the front's throttle limits calls; to reserve concurrency is a setting",
        "CKV_AWS_116": "only events that nobody waits for go to a dead letter queue",
        "CKV_AWS_117": "a function needs nothing of a VPC",
        "CKV_AWS_173": "AWS encrypts the variables with a key of its own, and none is a secret",
    },
    "sagemaker": {},
}


@pytest.fixture(scope="session")
def weaknesses(stack: dict[str, Any], tmp_path_factory: Any) -> set[tuple[str, str]]:
    """What checkov finds in a stack."""
    path = tmp_path_factory.mktemp("stack") / "template.json"
    path.write_text(json.dumps(stack), "utf-8")
    return checkov(path, "cloudformation")


def test_a_weakness_has_a_reason_and_every_reason_is_needed(
    weaknesses: set[tuple[str, str]], on_aws: OnAws
) -> None:
    reasons = WITHOUT | OWN_WITHOUT[on_aws.target]
    assert {each for each in weaknesses if each[0] not in reasons} == set()
    assert reasons.keys() - {check for check, _ in weaknesses} == set()


def test_a_judge_of_weaknesses_would_notice(tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": policy}}
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template(Open=role)), "utf-8")
    assert ("CKV_AWS_60", "AWS::IAM::Role.Open") in checkov(path, "cloudformation")


def test_the_workflows_are_sound(project: Path) -> None:
    assert zizmor(project / ".github") == ""
    assert actionlint(*(project / ".github" / "workflows").iterdir()) == ""


WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ matrix.python }}"
"""


def test_a_judge_of_workflows_would_notice(tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text(WORKFLOW, "utf-8")
    assert 'property "python" is not defined' in actionlint(path)
    assert "excessive-permissions" in zizmor(path)
