"""The document that API Gateway imports: what it answers by itself is what the app would answer."""

import json
import random
import re
import string
from typing import Any

import pytest

from infra.config import ApiVersion
from infra.openapi import (
    ANY,
    GATEWAY_RESPONSES,
    INTEGRATION,
    SECURITY,
    document,
    velocity,
)
from infra.scheme import prefixes
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
    integrations = {name: {"type": "aws_proxy", "uri": f"arn:{name}"} for name in versions}
    return document("iris-dev", versions, texts, integrations, auth)


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


@pytest.mark.parametrize("path", ["/v1", "/v1/{proxy+}"])
def test_a_retired_version_is_gone_with_its_day_and_the_way_on(path: str) -> None:
    described = front(v1=version(**DEPRECATED | {"state": "retired"}))
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
    described = operations(front(v1=version()))
    assert {
        name: each[INTEGRATION]["uri"]
        for name, each in described.items()
        if each[INTEGRATION]["type"] != "mock"
    } == {f"POST {prefix}/predict": "arn:v1" for prefix in prefixes("v1")}


def test_a_mock_answers_whatever_media_type_is_usual() -> None:
    for name, each in operations(front(v1=version(), v2=version(state="retired"))).items():
        if (mock := each[INTEGRATION])["type"] == "mock":
            response = mock["responses"]["default"]
            assert mock["passthroughBehavior"] == "when_no_templates", name
            assert {"application/json", "text/plain"} < mock["requestTemplates"].keys()
            for template in mock["requestTemplates"].values():
                assert json.loads(template) == {"statusCode": int(response["statusCode"])}, name


def test_the_document_is_of_the_kind_that_is_imported() -> None:
    described = front(v1=version())
    assert described["openapi"] == "3.0.1"
    assert described["info"]["title"] == "iris-dev"
    assert described["x-amazon-apigateway-api-key-source"] == "HEADER"
    for name, operation in operations(described).items():
        wanted = ["proxy"] if name.endswith("/{proxy+}") else []
        assert [each["name"] for each in operation.get("parameters", [])] == wanted
        assert "default" not in operation["responses"]


def test_predictions_and_the_contract_need_the_key_or_the_signature() -> None:
    for auth, scheme in SECURITY.items():
        described = front(auth, v1=version())
        assert described["components"] == {"securitySchemes": {auth: scheme}}
        secured = {name for name, each in operations(described).items() if each["security"]}
        assert secured == {
            route
            for prefix in prefixes("v1")
            for route in (f"POST {prefix}/predict", f"GET {prefix}/openapi.json")
        }
        assert described["paths"]["/v1/predict"]["post"]["security"] == [{auth: []}]
        retired = operations(front(auth, v1=version(state="retired")))
        assert not [name for name, each in retired.items() if each["security"]]


def test_without_auth_nothing_needs_a_key() -> None:
    described = front("none", v1=version())
    assert not [each for each in operations(described).values() if each["security"]]
    assert described["components"] == {}


def test_every_header_of_an_answer_is_declared() -> None:
    for name, each in operations(front(v1=version(**DEPRECATED))).items():
        if each[INTEGRATION]["type"] == "mock":
            response = each[INTEGRATION]["responses"]["default"]
            declared = each["responses"][response["statusCode"]]["headers"]
            names = {header.split(".")[-1] for header in response["responseParameters"]}
            assert names == declared.keys(), name


# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
STATUSES = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 502,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 502,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 503,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 403,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}


def test_the_gateways_own_errors_are_problems_of_the_apps_form() -> None:
    described = front(v1=version())["x-amazon-apigateway-gateway-responses"]
    assert {kind: int(each["statusCode"]) for kind, each in described.items()} == STATUSES
    for kind, response in described.items():
        problem = json.loads(response["responseTemplates"]["application/json"])
        assert problem == {
            "type": "about:blank",
            "title": TITLES[STATUSES[kind]],
            "status": STATUSES[kind],
            "detail": GATEWAY_RESPONSES[kind].detail,
            "pointer": None,
            "request_id": "$context.requestId",
        }
        media_type = response["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert media_type == "'application/problem+json'"


def test_a_call_that_nobody_took_is_told_to_come_back_and_blames_nobody() -> None:
    described = front(v1=version())["x-amazon-apigateway-gateway-responses"]
    told = {
        kind: response["responseParameters"]["gatewayresponse.header.Retry-After"]
        for kind, response in described.items()
        if "gatewayresponse.header.Retry-After" in response["responseParameters"]
    }
    # What Lambda answers where it throttles a call; a crash is one of the default.
    assert told == {"INTEGRATION_FAILURE": "'1'"}
    assert GATEWAY_RESPONSES["INTEGRATION_FAILURE"].detail == (
        "This request did not reach the model. Send it again a little later."
    )


def test_the_contract_documents_its_paths() -> None:
    described = front(v1=version())["x-amazon-apigateway-documentation"]["documentationParts"]
    predict = CONTRACT["paths"][f"/{VERSION}/predict"]["post"]
    assert described[0] == {
        "location": {"type": "METHOD", "path": "/v1/predict", "method": "POST"},
        "properties": {"summary": predict["summary"]},
    }
    texts = {
        part["location"]["statusCode"]: part["properties"]["description"]
        for part in described
        if part["location"]["type"] == "RESPONSE"
    }
    promised = predict["responses"].items()
    assert texts == {status: response["description"] for status, response in promised}
    declared = operations(front(v1=version()))["POST /v1/predict"]["responses"]
    assert declared.keys() == texts.keys()


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
