"""The document that API Gateway imports: what it answers by itself is what the app would answer."""

import json
import random
import re
import string
from typing import Any

import pytest

from infra.config import ApiVersion
from infra.openapi import ANY, GATEWAY_RESPONSES, INTEGRATION, document, velocity
from serving.problem import TITLES
from tests.support import CONTRACT, ROOT, VERSION, Adapter, Answer

TEXT = (ROOT / f"contracts/{VERSION}.json").read_text("utf-8")
DEPRECATED: dict[str, str] = {
    "state": "deprecated",
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move?from=$v1#to",
}


def version(**keys: str) -> ApiVersion:
    return ApiVersion.model_validate_json(json.dumps({"release": "1.4.2"} | keys))


def front(auth: Any = "api_key", **versions: ApiVersion) -> dict[str, Any]:
    """The document for these versions, all with this project's contract."""
    texts = {name: TEXT.replace(f"/{VERSION}/", f"/{name}/") for name in versions}
    return document("iris-dev", versions, texts, {name: f"arn:{name}" for name in versions}, auth)


def operations(described: dict[str, Any]) -> dict[str, Any]:
    """Every operation by its method and path; ANY: all methods that have none of their own."""
    return {
        f"{'ANY' if method == ANY else method.upper()} {path}": operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
    }


def said(operation: dict[str, Any], request_id: str = "fallback") -> Answer:
    """The answer of a mock, its template filled in as Velocity does."""
    response = operation[INTEGRATION]["responses"]["default"]
    template = response["responseTemplates"]["application/json"]
    text = template.removeprefix("#set($dollar = '$')#set($hash = '#')")
    assert not re.search(r"\$(?!\{dollar\}|\{hash\}|context\.requestId)|#", text)
    text = text.replace("$context.requestId", request_id)
    text = text.replace("${hash}", "#").replace("${dollar}", "$")
    names = "method.response.header."
    headers = {
        name.removeprefix(names).lower(): request_id
        if value == "context.requestId"
        else value[1:-1]
        for name, value in response["responseParameters"].items()
    }
    return Answer(int(response["statusCode"]), headers, text.encode())


def without_release(answer: Answer) -> Answer:
    """The app's answer as far as the front can know it: a new release must not change the front."""
    headers = {k: v for k, v in answer.headers.items() if k != "x-model-release"}
    return Answer(answer.status, headers, answer.body)


MOCKS = {
    f"GET /{VERSION}/openapi.json": ("GET", f"/{VERSION}/openapi.json"),
    f"ANY /{VERSION}/openapi.json": ("POST", f"/{VERSION}/openapi.json"),
    f"ANY /{VERSION}/predict": ("DELETE", f"/{VERSION}/predict"),
    f"ANY /{VERSION}/{{proxy+}}": ("POST", f"/{VERSION}/nothing"),
    f"ANY /{VERSION}": ("GET", f"/{VERSION}"),
}


@pytest.mark.parametrize("mock", MOCKS)
def test_the_front_answers_what_the_app_would(app: Adapter, mock: str) -> None:
    method, path = MOCKS[mock]
    operation = operations(front(**{VERSION: version()}))[mock]
    assert said(operation) == without_release(app(method, path, (), b""))


@pytest.mark.parametrize("deprecated", ["app"], indirect=True)
@pytest.mark.parametrize("mock", MOCKS)
def test_a_deprecated_version_says_so_on_all_that_the_front_answers(
    deprecated: Adapter, mock: str
) -> None:
    method, path = MOCKS[mock]
    keys = DEPRECATED | {"migration_url": "https://example.com/move"}
    operation = operations(front(**{VERSION: version(**keys)}))[mock]
    assert said(operation) == without_release(deprecated(method, path, (), b""))


@pytest.mark.parametrize("path", ["/", "/{proxy+}"])
def test_what_no_version_owns_is_not_found_and_names_no_version(app: Adapter, path: str) -> None:
    answer = said(operations(front(v1=version()))[f"ANY {path}"])
    assert answer.body == app("GET", "/nothing", (), b"").body
    assert answer.headers.keys() == {"content-type", "x-request-id"}


@pytest.mark.parametrize("path", ["/v1", "/v1/{proxy+}"])
def test_a_retired_version_is_gone_with_its_day_and_the_way_on(path: str) -> None:
    described = front(v1=version(**DEPRECATED | {"state": "retired"}), v2=version())
    assert [name for name in described["paths"] if name.startswith("/v1")] == [
        "/v1",
        "/v1/{proxy+}",
    ]
    answer = said(operations(described)[f"ANY {path}"])
    assert (answer.status, answer.headers["content-type"]) == (410, "application/problem+json")
    assert answer.json["detail"] == (
        "v1 was retired on 2027-03-31. How to move on: https://example.com/move?from=$v1#to"
    )
    assert answer.headers["sunset"] == "Wed, 31 Mar 2027 00:00:00 GMT"
    assert answer.headers["link"] == '<https://example.com/move?from=$v1#to>; rel="deprecation"'
    plain = operations(front(v1=version(state="retired")))[f"ANY {path}"]
    assert said(plain).json["detail"] == "v1 was retired."


def test_predictions_reach_the_function_and_nothing_else_does() -> None:
    described = operations(front(v1=version(), v2=version()))
    assert {
        name: each[INTEGRATION]["uri"]
        for name, each in described.items()
        if each[INTEGRATION]["type"] != "mock"
    } == {"POST /v1/predict": "arn:v1", "POST /v2/predict": "arn:v2"}
    for name, each in described.items():
        if each[INTEGRATION]["type"] == "aws_proxy":
            assert each[INTEGRATION]["httpMethod"] == "POST"
            assert 28_000 < each[INTEGRATION]["timeoutInMillis"] <= 29_000
        else:
            assert each[INTEGRATION]["passthroughBehavior"] == "when_no_templates", name


def test_predictions_and_the_contract_need_the_key() -> None:
    described = front(v1=version(), v2=version(state="retired"))
    scheme = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    assert described["components"] == {"securitySchemes": {"api_key": scheme}}
    secured = [name for name, each in operations(described).items() if each["security"]]
    assert secured == ["POST /v1/predict", "GET /v1/openapi.json"]
    assert described["paths"]["/v1/predict"]["post"]["security"] == [{"api_key": []}]


def test_without_auth_nothing_needs_a_key() -> None:
    described = front("none", v1=version())
    assert not [each for each in operations(described).values() if each["security"]]
    assert described["components"] == {}


def test_every_header_of_an_answer_is_declared() -> None:
    for name, each in operations(front(v1=version(**DEPRECATED), v2=version())).items():
        if each[INTEGRATION]["type"] == "mock":
            response = each[INTEGRATION]["responses"]["default"]
            declared = each["responses"][response["statusCode"]]["headers"]
            names = {header.split(".")[-1] for header in response["responseParameters"]}
            assert names == declared.keys(), name


def test_the_gateways_own_errors_are_problems_of_the_apps_form() -> None:
    described = front(v1=version())["x-amazon-apigateway-gateway-responses"]
    assert {*described} >= {"DEFAULT_4XX", "DEFAULT_5XX", "INVALID_API_KEY", "THROTTLED"}
    for kind, response in described.items():
        problem = json.loads(response["responseTemplates"]["application/json"])
        status = int(response["statusCode"])
        assert problem == {
            "type": "about:blank",
            "title": TITLES[status],
            "status": status,
            "detail": GATEWAY_RESPONSES[kind].detail,
            "pointer": None,
            "request_id": "$context.requestId",
        }
        assert response["responseParameters"] == {
            "gatewayresponse.header.Content-Type": "'application/problem+json'"
        }
    assert described["THROTTLED"]["statusCode"] == "429"
    assert described["INTEGRATION_TIMEOUT"]["statusCode"] == "504"


def test_the_contract_documents_its_paths() -> None:
    described = front(v1=version())["x-amazon-apigateway-documentation"]["documentationParts"]
    predict = CONTRACT["paths"][f"/{VERSION}/predict"]["post"]
    assert described[0] == {
        "location": {"type": "METHOD", "path": "/v1/predict", "method": "POST"},
        "properties": {"summary": predict["summary"]},
    }
    statuses = [
        part["location"]["statusCode"]
        for part in described
        if part["location"] | {"statusCode": 0, "type": 0}
        == {"path": "/v1/predict", "method": "POST", "statusCode": 0, "type": 0}
        and part["location"]["type"] == "RESPONSE"
    ]
    assert statuses == list(predict["responses"])


def test_no_text_of_json_means_anything_to_velocity() -> None:
    for seed in range(500):
        source = random.Random(seed)
        letters = string.printable + "$#\\${}$ref#set()#if\\\\ä€"
        value = "".join(source.choices(letters, k=source.randrange(60)))
        template = velocity(json.dumps({"value": value, value: 1}))
        text = template.removeprefix("#set($dollar = '$')#set($hash = '#')")
        assert "#" not in text
        assert not re.search(r"\$(?!\{)|\\\$", text)
        filled = text.replace("${hash}", "#").replace("${dollar}", "$")
        assert json.loads(filled) == {"value": value, value: 1}


def random_versions(source: random.Random) -> dict[str, ApiVersion]:
    states = ({}, DEPRECATED, DEPRECATED | {"state": "retired"}, {"state": "retired"})
    names = source.sample(range(1, 1_000), source.randrange(1, 6))
    return {f"v{number}": version(**source.choice(states)) for number in names}


def test_a_further_version_only_adds_to_the_document() -> None:
    for seed in range(100):
        source = random.Random(seed)
        versions = random_versions(source)
        *others, last = versions
        auth = source.choice(["api_key", "none"])
        after = front(auth, **versions)
        before = front(auth, **{name: versions[name] for name in others})
        for key in before:
            if key == "paths":
                own = {path for path in after["paths"] if re.match(rf"/{last}(/|$)", path)}
                assert after["paths"].keys() - before["paths"].keys() == own
                assert all(
                    after["paths"][path] == before["paths"][path] for path in before["paths"]
                )
            elif key != "x-amazon-apigateway-documentation":
                assert after[key] == before[key]
