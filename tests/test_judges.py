"""What a rendered project would deploy, before judges that know more of it than its own tests."""

import json
import random
import string
import subprocess
from pathlib import Path
from typing import Any

import airspeed
import openapi_spec_validator
import pytest

from tests.project import program

DEPRECATED = {
    "release": "1.4.2",
    "state": "deprecated",
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move?from=$v1#to",
}
VERSIONS = {
    "v1": DEPRECATED | {"state": "retired"},
    "v2": DEPRECATED,
    "v3": {"release": "3.0.0"},
}
CONTEXT = {"context": {"requestId": "8d1c6c1f"}}


@pytest.fixture(scope="session", params=["api_key", "none"])
def document(request: pytest.FixtureRequest, ready: Path, tmp_path_factory: Any) -> Any:
    """What API Gateway would import for a version of each state."""
    folder = tmp_path_factory.mktemp("stack") / "folder"
    command = program(ready, folder, versions=VERSIONS, auth=request.param)
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    (api,) = (r for r in json.loads(said.stdout)["resources"] if r["type"].endswith(":RestApi"))
    return json.loads(api["inputs"]["body"])


def velocity(template: str) -> str:
    return airspeed.Template(template).merge(CONTEXT)


def mocks(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The integration of each mock, by method and path."""
    return {
        f"{method} {path}": operation["x-amazon-apigateway-integration"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if operation["x-amazon-apigateway-integration"]["type"] == "mock"
    }


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    openapi_spec_validator.validate(document)


def test_a_template_engine_gives_back_the_contract(document: dict[str, Any], ready: Path) -> None:
    contract = (ready / "contracts" / "v1.json").read_text("utf-8")
    for version in ("v2", "v3"):
        answer = mocks(document)[f"get /{version}/openapi.json"]["responses"]["default"]
        said = velocity(answer["responseTemplates"]["application/json"])
        assert said == contract.replace("/v1/", f"/{version}/")


def test_a_template_engine_gives_problems_with_the_requests_id(document: dict[str, Any]) -> None:
    for name, mock in mocks(document).items():
        status = json.loads(velocity(mock["requestTemplates"]["application/json"]))["statusCode"]
        response = mock["responses"]["default"]
        assert response["statusCode"] == str(status)
        if status != 200:
            said = json.loads(velocity(response["responseTemplates"]["application/json"]))
            assert (said["status"], said["request_id"]) == (status, "8d1c6c1f"), name
            if status == 410:
                assert said["detail"].endswith("https://example.com/move?from=$v1#to")


def test_a_template_engine_gives_back_any_json(ready: Path) -> None:
    letters = string.printable + "$#\\${}$ref#set()#if#end\\\\##*ä€"
    source = random.Random(0)
    values = ["".join(source.choices(letters, k=source.randrange(40))) for _ in range(300)]
    texts = [json.dumps({"value": value, value: 1}) for value in values]
    convert = (
        "import json, sys; from infra.openapi import velocity;"
        "print(json.dumps([velocity(text) for text in json.load(sys.stdin)]))"
    )
    templates = subprocess.run(
        [ready / ".venv/bin/python", "-c", convert],
        cwd=ready,
        input=json.dumps(texts),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for text, template in zip(texts, json.loads(templates), strict=True):
        assert json.loads(velocity(template)) == json.loads(text)


def test_pulumi_finds_its_plugins_in_the_environment(ready: Path) -> None:
    # What the language host of the Pulumi CLI runs, in sdk/python/toolchain/pip.go.
    python = ready / ".venv" / "bin" / "python"
    command = [python, "-m", "pip", "list", "-v", "--format", "json", "--not-required"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (aws,) = (package for package in json.loads(said) if package["name"] == "pulumi_aws")
    plugin = Path(aws["location"], "pulumi_aws", "pulumi-plugin.json")
    assert json.loads(plugin.read_text("utf-8"))["resource"] is True
