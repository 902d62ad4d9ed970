"""What a rendered project would deploy, before judges that know more of it than its own tests."""

import json
import random
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import airspeed
import cfnlint.api
import openapi_spec_validator
import parliament
import pytest

from tests.conftest import baker
from tests.judges import VERSIONS, actionlint, checkov, zizmor
from tests.local_cloud.resources import ALARM, dimensions, query, upper
from tests.project import QUESTIONS, program

CONTEXT = {"context": {"requestId": "8d1c6c1f"}}


# Why a policy may name every resource.
WILDCARDS = {
    ("xray:PutTraceSegments", "xray:PutTelemetryRecords"): "X-Ray has no resources to name",
}


@pytest.fixture(scope="session", params=QUESTIONS["versioning"])
def on_lambda(request: pytest.FixtureRequest, cookies_session: Any) -> Path:
    """A project on Lambda of each scheme, as rendered; not to be changed."""
    return baker(cookies_session)(target="lambda", versioning=request.param)


@pytest.fixture(scope="session")
def ready_on_lambda(prepared: Callable[[str], Path]) -> Path:
    """A project on Lambda after `make setup model`; not to be changed."""
    return prepared("lambda")


def registered(project: Path, ready: Path, folder: Path, **keys: object) -> list[dict[str, Any]]:
    """The resources of a stack with a version of each state; `ready` lends its environment."""
    command = program(project, folder, ready / ".venv/bin/python", versions=VERSIONS, **keys)
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(said.stdout)["resources"]


@pytest.fixture(scope="session", params=["api_key", "iam", "none"])
def documents(
    request: pytest.FixtureRequest, on_lambda: Path, ready_on_lambda: Path, tmp_path_factory: Any
) -> Any:
    """What API Gateway would import for a version of each state, under every scheme."""
    folder = tmp_path_factory.mktemp("stack") / "folder"
    resources = registered(on_lambda, ready_on_lambda, folder, auth=request.param)
    apis = [each for each in resources if each["type"].endswith(":RestApi")]
    return [json.loads(each["inputs"]["body"]) for each in apis]


@pytest.fixture(scope="session")
def resources(on_lambda: Path, ready_on_lambda: Path, tmp_path_factory: Any) -> Any:
    """All that a stack registers with every option on, under every scheme."""
    folder = tmp_path_factory.mktemp("stack") / "folder"
    topic = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
    options = {"tracing": True, "alarm_topic": topic, "manage_account_logging": True}
    return registered(on_lambda, ready_on_lambda, folder, log_retention_days=90, **options)


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
    documents: list[dict[str, Any]], ready_on_lambda: Path
) -> None:
    contract = (ready_on_lambda / "contracts" / "v1.json").read_text("utf-8")
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


def test_a_template_engine_gives_back_any_json(ready_on_lambda: Path) -> None:
    letters = string.printable + "$#\\${}$ref#set()#if#end\\\\##*ä€"
    source = random.Random(0)
    values = ["".join(source.choices(letters, k=source.randrange(40))) for _ in range(300)]
    texts = [json.dumps({"value": value, value: 1}) for value in values]
    convert = (
        "import json, sys; from infra.openapi import velocity;"
        "print(json.dumps([velocity(text) for text in json.load(sys.stdin)]))"
    )
    templates = subprocess.run(
        [ready_on_lambda / ".venv/bin/python", "-c", convert],
        cwd=ready_on_lambda,
        input=json.dumps(texts),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for text, template in zip(texts, json.loads(templates), strict=True):
        assert json.loads(velocity(template)) == json.loads(text)


PROVIDERS = {
    "lambda": "pulumi_aws",
    "kubernetes": "pulumi_kubernetes",
    "helm": "pulumi_kubernetes",
}


def test_pulumi_finds_its_plugins_in_the_environment(ready: Path) -> None:
    # What the language host of the Pulumi CLI runs, in sdk/python/toolchain/pip.go.
    target = json.loads((ready / ".template.json").read_text("utf-8"))["answers"]["target"]
    python = ready / ".venv" / "bin" / "python"
    command = [python, "-m", "pip", "list", "-v", "--format", "json", "--not-required"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (found,) = (each for each in json.loads(said) if each["name"] == PROVIDERS[target])
    plugin = Path(found["location"], PROVIDERS[target], "pulumi-plugin.json")
    assert json.loads(plugin.read_text("utf-8"))["resource"] is True


def test_every_policy_is_sound_and_names_its_resources(resources: list[dict[str, Any]]) -> None:
    policies = [each for each in resources if each["type"].endswith(":RolePolicy")]
    assert policies
    for each in policies:
        text = each["inputs"]["policy"]
        assert [str(found) for found in parliament.analyze_policy_string(text).findings] == []
        for statement in json.loads(text)["Statement"]:
            if statement["Resource"] == "*":
                assert tuple(statement["Action"]) in WILDCARDS
            else:
                assert statement["Resource"].startswith("arn:aws:")


def test_a_judge_of_policies_would_notice() -> None:
    group = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/iris-dev-v1"
    statement = {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": group}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert parliament.analyze_policy_string(text).findings


# How CloudFormation calls what Pulumi calls otherwise; None: it has no such property.
PROPERTIES = {
    "Alias": {},
    "Function": {"name": "FunctionName", "code": None, "publish": None},
    "LogGroup": {"name": "LogGroupName"},
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
    "Alias": "AWS::Lambda::Alias",
    "Function": "AWS::Lambda::Function",
    "LogGroup": "AWS::Logs::LogGroup",
    "MetricAlarm": "AWS::CloudWatch::Alarm",
    "Role": "AWS::IAM::Role",
    "Stage": "AWS::ApiGateway::Stage",
    "UsagePlan": "AWS::ApiGateway::UsagePlan",
}


def fragment(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """A resource as CloudFormation would have it."""
    if kind == "MetricAlarm":
        own = {ALARM[name]: value for name, value in inputs.items() if name in ALARM}
        if "metricQueries" in inputs:
            return own | {"Metrics": [query(each) for each in inputs["metricQueries"]]}
        return own | {"Dimensions": dimensions(inputs["dimensions"])}
    names = PROPERTIES[kind]
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
def stack(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A stack's inputs as a CloudFormation template."""
    fragments = {}
    for each in resources:
        kind = each["type"].rpartition(":")[2]
        if each["type"].startswith("aws:") and kind in TYPES:
            name = "".join(filter(str.isalnum, each["name"])) + kind
            properties = fragment(kind, each["inputs"])
            fragments[name] = {"Type": TYPES[kind], "Properties": properties}
    assert {each["Type"] for each in fragments.values()} == {*TYPES.values()}
    return template(**fragments)


def lint(template: dict[str, Any]) -> list[str]:
    """Errors and warnings; what cfn-lint says for information is about style."""
    found = cfnlint.api.lint_all(json.dumps(template))
    return [f"{each.rule.id} {each.message}" for each in found if each.rule.id[0] != "I"]


def test_cloudformation_takes_every_input(stack: dict[str, Any]) -> None:
    assert lint(stack) == []


def test_a_judge_of_inputs_would_notice() -> None:
    properties = {"LogGroupName": "/aws/lambda/iris", "RetentionInDays": 31}
    assert lint(template(Logs={"Type": "AWS::Logs::LogGroup", "Properties": properties}))


# What checkov asks for and a stack does without, and why.
WITHOUT = {
    "CKV_AWS_115": "the front's throttle limits calls; to reserve concurrency is a setting",
    "CKV_AWS_116": "only events that nobody waits for go to a dead letter queue",
    "CKV_AWS_117": "a function needs nothing of a VPC",
    "CKV_AWS_120": "a cache of the gateway is not asked for a POST",
    "CKV_AWS_158": "AWS encrypts logs with a key of its own",
    "CKV_AWS_173": "AWS encrypts the variables with a key of its own, and none is a secret",
}


@pytest.fixture(scope="session")
def weaknesses(stack: dict[str, Any], tmp_path_factory: Any) -> set[tuple[str, str]]:
    """What checkov finds in a stack."""
    path = tmp_path_factory.mktemp("stack") / "template.json"
    path.write_text(json.dumps(stack), "utf-8")
    return checkov(path, "cloudformation")


def test_a_weakness_has_a_reason(weaknesses: set[tuple[str, str]]) -> None:
    assert {each for each in weaknesses if each[0] not in WITHOUT} == set()


def test_every_reason_is_needed(weaknesses: set[tuple[str, str]]) -> None:
    assert WITHOUT.keys() - {check for check, _ in weaknesses} == set()


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
