"""Tokens in the header Authorization: who judges them, and what is said of bad ones."""

import json
from typing import Any

import pytest

from tests import scheme
from tests.documents import body
from tests.program import Program
from tests.stacks import TWO, Stacks

POOL = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_a1B2c3"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:judge"
HEADER = {"type": "apiKey", "name": "Authorization", "in": "header"}
COGNITO = HEADER | {
    "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
}
URI = "arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{}/invocations"
CUSTOM = HEADER | {
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": {
        "type": "token",
        "authorizerUri": URI.format(FUNCTION),
        "authorizerResultTtlInSeconds": 300,
    },
}


@pytest.mark.parametrize(
    ("auth", "described"),
    [({"cognito": [POOL]}, COGNITO), ({"authorizer": FUNCTION}, CUSTOM)],
)
def test_predictions_and_contracts_need_a_token_and_errors_do_not(
    stacks: Stacks, auth: dict[str, Any], described: dict[str, Any]
) -> None:
    program = stacks.run(auth=auth)
    for version in TWO:
        document = body(program, version)
        assert document["components"]["securitySchemes"] == {"token": described}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                open_to = [] if method.startswith("x-") else [{"token": []}]
                assert operation["security"] == open_to, f"{method} {path}"
    assert program.warnings == []
    assert "api_key_id" not in program.exports


def test_who_has_no_valid_token_is_told_what_to_send(stacks: Stacks, two: Program) -> None:
    named = "x-amazon-apigateway-gateway-responses"
    responses = body(stacks.run(auth={"cognito": [POOL]}))[named]
    for kind in ("UNAUTHORIZED", "EXPIRED_TOKEN"):
        answer = responses[kind]
        problem = json.loads(answer["responseTemplates"]["application/json"])
        assert answer["statusCode"] == "401"
        assert (problem["status"], problem["title"]) == (401, "Unauthorized")
        assert problem["detail"] == "Send a valid token in the header Authorization."
        assert problem["request_id"] == "$context.requestId"
        parameters = answer["responseParameters"]
        assert parameters["gatewayresponse.header.WWW-Authenticate"] == "'Bearer'"
    assert responses["AUTHORIZER_FAILURE"]["statusCode"] == "502"
    assert responses["ACCESS_DENIED"]["statusCode"] == "403"
    plain = body(two)[named]
    assert plain["UNAUTHORIZED"]["statusCode"] == "403"
    assert "AUTHORIZER_FAILURE" not in plain


@pytest.mark.parametrize("qualifier", [None, "live"])
def test_each_api_may_ask_the_function_as_an_authorizer_alone(
    stacks: Stacks, qualifier: str | None
) -> None:
    arn = f"{FUNCTION}:{qualifier}" if qualifier else FUNCTION
    program = stacks.run(auth={"authorizer": arn})
    asked = [each for each in program.of("Permission") if each.name.endswith("-authorizer")]
    apis = sorted({*map(scheme.api, TWO)})
    assert [each.name for each in asked] == [f"{api}-authorizer" for api in apis]
    for api, each in zip(apis, asked, strict=True):
        execute = f"arn:aws:execute-api:eu-central-1:123456789012:{api}-RestApi-id"
        own = {"qualifier": qualifier} if qualifier else {}
        assert each.inputs == own | {
            "action": "lambda:InvokeFunction",
            "function": FUNCTION,
            "principal": "apigateway.amazonaws.com",
            "sourceArn": f"{execute}/authorizers/*",
        }
