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
import yaml

from tests.conftest import baker
from tests.judges import RULED, SHOWN, TABLES, actionlint, checkov, zizmor
from tests.local_cloud.emulator import REGION
from tests.local_cloud.resources import ALARM, dimensions, query, upper
from tests.programs import programs
from tests.project import COMBINATIONS, ROOT, TARGETS, judged_by, table, target_of

CONTEXT = {"context": {"requestId": "8d1c6c1f"}}
# What parliament does not know.
UNKNOWN = table("permissions")["unknown"]
# What judges have to notice.
WRONG = ROOT / "tests" / "wrong"
JUDGED = [each for each in COMBINATIONS if each["target"] in judged_by("aws")]
# Every option of a stack.
OPTIONS = {
    "log_retention_days": 90,
    "tracing": True,
    "alarm_topic": "arn:aws:sns:eu-central-1:123456789012:bad-nights",
    "manage_account_logging": True,
}


def of_target(table: str, target: str) -> dict[str, Any]:
    """What a table has for both targets, and what it has for this one."""
    return TABLES[table]["both"] | TABLES[table][target]


def documents(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What API Gateway would import."""
    puts = [each for each in resources if each["type"].endswith(":RestApiPut")]
    return [json.loads(each["inputs"]["body"]) for each in puts]


class OnAws:
    """A project of a target and a scheme, and what two of its stacks register.

    resources: with every option on. ruled: with all keys of an account's rules beside them.
    documents: what API Gateway would import.
    """

    def __init__(self, project: Path, python: Path, target: str, versioning: str) -> None:
        self.project, self.target = project, target
        shown = {"versions": SHOWN[target]}
        stacks = {"all": shown | OPTIONS, "api": shown | {"auth": TABLES["auth"][versioning]}}
        stacks["ruled"] = RULED[target] | OPTIONS
        said = programs(project, python, stacks)
        self.resources: list[dict[str, Any]] = said["all"]["resources"]
        self.ruled: list[dict[str, Any]] = said["ruled"]["resources"]
        self.documents = documents(said["api"]["resources"])


@pytest.fixture(scope="session", params=JUDGED, ids=lambda each: "-".join(each.values()))
def on_aws(
    request: pytest.FixtureRequest, cookies_session: Any, prepared: Callable[[str], Path]
) -> OnAws:
    """A project of each target on AWS and of each scheme; not to be changed."""
    project = baker(cookies_session)(**request.param)
    python = prepared(request.param["target"]) / ".venv/bin/python"
    return OnAws(project, python, **request.param)


def velocity(template: str) -> str:
    return airspeed.Template(template).merge(CONTEXT)


def mocks(on_aws: OnAws) -> dict[str, dict[str, Any]]:
    """The integration of each mock, by method and path; of several at one path, the last."""
    return {
        f"{method} {path}": operation["x-amazon-apigateway-integration"]
        for document in on_aws.documents
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if operation["x-amazon-apigateway-integration"]["type"] == "mock"
    }


def test_the_documents_are_openapi(on_aws: OnAws) -> None:
    assert on_aws.documents
    for document in (*on_aws.documents, *documents(on_aws.ruled)):
        # "All that follows" is a mark of API Gateway's, which has the parameter without it.
        plain = json.dumps(document).replace("{proxy+}", "{proxy}")
        openapi_spec_validator.validate(json.loads(plain))


def test_a_template_engine_gives_back_the_contract(on_aws: OnAws) -> None:
    contract = (on_aws.project / "contracts" / "v1.json").read_text("utf-8")
    for version in ("v2", "v3"):
        answer = mocks(on_aws)[f"get /{version}/openapi.json"]["responses"]["default"]
        said = velocity(answer["responseTemplates"]["application/json"])
        assert said == contract.replace("/v1/", f"/{version}/")


def test_a_template_engine_gives_problems_with_the_requests_id(on_aws: OnAws) -> None:
    for name, mock in mocks(on_aws).items():
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


def test_every_policy_is_sound_and_names_its_resources(on_aws: OnAws) -> None:
    policies = [each for each in on_aws.ruled if each["type"].endswith(":RolePolicy")]
    assert policies
    for each in policies:
        text = each["inputs"]["policy"]
        for found in parliament.analyze_policy_string(text).findings:
            assert str(found.detail) in UNKNOWN.get(found.issue, []), f"{each['name']}: {found}"
        for statement in json.loads(text)["Statement"]:
            named = statement["Resource"]
            if named == "*":
                assert " ".join(statement["Action"]) in TABLES["wildcards"]
            else:
                several = [named] if isinstance(named, str) else named
                assert all(each.startswith("arn:aws:") for each in several)


def test_a_judge_of_policies_would_notice() -> None:
    text = (WRONG / "policy.json").read_text("utf-8")
    assert parliament.analyze_policy_string(text).findings


def fragment(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """A resource as CloudFormation would have it."""
    if kind == "MetricAlarm":
        own = {ALARM[name]: value for name, value in inputs.items() if name in ALARM}
        if "metricQueries" in inputs:
            return own | {"Metrics": [query(each) for each in inputs["metricQueries"]]}
        return own | {"Dimensions": dimensions(inputs["dimensions"])}
    names = TABLES["properties"].get(kind, {})
    own = {}
    for name, value in inputs.items():
        if new := names.get(name, name[0].upper() + name[1:]):
            own[new] = json.loads(value) if name == "assumeRolePolicy" else upper(value)
    if kind == "Function":
        own["Environment"] = {"Variables": inputs["environment"]["variables"]}
        own["Code"] = {"S3Bucket": "bucket", "S3Key": inputs["code"]}
        if key := inputs.get("sourceKmsKeyArn"):
            own["Code"]["SourceKMSKeyArn"] = key
    return own


def template(resources: list[dict[str, Any]], target: str) -> dict[str, Any]:
    """The inputs of resources as a CloudFormation template."""
    types, fragments = of_target("types", target), {}
    for each in resources:
        kind = each["type"].rpartition(":")[2]
        if each["type"].startswith("aws:") and kind in types:
            name = "".join(filter(str.isalnum, each["name"])) + kind
            properties = fragment(kind, each["inputs"])
            fragments[name] = {"Type": types[kind], "Properties": properties}
    assert {each["Type"] for each in fragments.values()} == {*types.values()}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": fragments}


@pytest.fixture(scope="session")
def stack(on_aws: OnAws) -> dict[str, Any]:
    """A stack's inputs as a CloudFormation template."""
    return template(on_aws.resources, on_aws.target)


@pytest.fixture(scope="session")
def ruled(on_aws: OnAws) -> dict[str, Any]:
    """Those of a stack under the rules of an account."""
    return template(on_aws.ruled, on_aws.target)


def lint(template: dict[str, Any]) -> list[str]:
    """Errors and warnings; what cfn-lint says for information is about style."""
    found = cfnlint.api.lint(json.dumps(template), regions=[REGION])
    said = [each for each in found if each.rule.id[0] != "I"]
    # It can't see that Pulumi publishes a function, as what has a snapshot must be.
    return [f"{each.rule.id} {each.message}" for each in said if each.rule.id != "W2530"]


def test_cloudformation_takes_every_input(stack: dict[str, Any], ruled: dict[str, Any]) -> None:
    assert lint(stack) == []
    assert lint(ruled) == []


def test_a_judge_of_inputs_would_notice() -> None:
    (said,) = lint(yaml.safe_load((WRONG / "template.yaml").read_text("utf-8")))
    assert "31 is not one of" in said


def test_a_weakness_has_a_reason_and_every_reason_is_needed(
    stack: dict[str, Any], on_aws: OnAws, tmp_path: Path
) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(stack), "utf-8")
    weaknesses, reasons = checkov(path, "cloudformation"), of_target("without", on_aws.target)
    assert {each for each in weaknesses if each[0] not in reasons} == set()
    assert reasons.keys() == {check for check, _ in weaknesses}


def test_what_the_rules_of_an_account_ask_for_is_not_missing_under_them(
    ruled: dict[str, Any], on_aws: OnAws, tmp_path: Path
) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(ruled), "utf-8")
    own = TABLES["not_without"][on_aws.target]
    assert {
        (check, name)
        for check, name in checkov(path, "cloudformation")
        if check in own["a stack"] or (check in own["v5"] and "v5" in name)
    } == set()


def test_a_judge_of_weaknesses_would_notice() -> None:
    weaknesses = checkov(WRONG / "template.yaml", "cloudformation")
    assert ("CKV_AWS_60", "AWS::IAM::Role.Open") in weaknesses


def test_the_workflows_are_sound(project: Path) -> None:
    assert zizmor(project / ".github") == ""
    assert actionlint(*(project / ".github" / "workflows").iterdir()) == ""


def test_a_judge_of_workflows_would_notice() -> None:
    path = WRONG / "workflow.yml"
    assert 'property "python" is not defined' in actionlint(path)
    assert "excessive-permissions" in zizmor(path)
