"""How the front calls an endpoint: what API Gateway is told, apart from its templates' language."""

import json
import re
from typing import Any

import pytest

from infra.config import ApiVersion
from infra.invocation import ATTRIBUTES, integration
from infra.openapi import INTEGRATION, MEDIA_TYPES, TOO_LARGE, document, headers_of
from infra.scheme import prefixes
from serving.problem import TITLES
from tests.stacks import DEPRECATED
from tests.support import ROOT, VERSION

ENDPOINT = "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/iris-dev-v1-abcdef"
ROLE = "arn:aws:iam::123456789012:role/iris-dev-v1-front"
HEADER = "method.response.header."
HEADERS = headers_of(
    VERSION, ApiVersion.model_validate_json(json.dumps({"release": "1.4.2"} | DEPRECATED))
)


@pytest.fixture
def told() -> dict[str, Any]:
    return integration(ENDPOINT, ROLE, 7, HEADERS, TOO_LARGE)


def test_it_calls_this_endpoint_with_its_own_role_and_waits_as_long_as_the_version_says(
    told: dict[str, Any],
) -> None:
    assert told["uri"] == (
        "arn:aws:apigateway:eu-central-1:runtime.sagemaker"
        ":path/endpoints/iris-dev-v1-abcdef/invocations"
    )
    assert (told["type"], told["httpMethod"], told["credentials"]) == ("aws", "POST", ROLE)
    assert told["timeoutInMillis"] == 7_000


def test_in_another_partition_it_calls_that_partitions_service() -> None:
    endpoint = ENDPOINT.replace(":aws:", ":aws-cn:").replace("eu-central-1", "cn-north-1")
    uri = integration(endpoint, ROLE, 7, HEADERS, TOO_LARGE)["uri"]
    assert uri.startswith("arn:aws-cn:apigateway:cn-north-1:runtime.sagemaker:path/")


def test_every_media_type_has_the_same_template_and_without_one_the_id_goes_along(
    told: dict[str, Any],
) -> None:
    assert told["requestTemplates"].keys() == {*MEDIA_TYPES}
    assert len({*told["requestTemplates"].values()}) == 1
    assert told["passthroughBehavior"] == "when_no_match"
    parameters = {f"integration.request.header.{ATTRIBUTES}": "context.requestId"}
    assert told["requestParameters"] == parameters


# Of each status of SageMaker's the one that the client gets, unless a template says more.
@pytest.mark.parametrize(
    ("status", "answered"),
    [(200, 200), (424, 500), (400, 400), (413, 413), (429, 429), (500, 502), (503, 429)],
)
def test_every_status_of_the_service_has_an_answer(
    told: dict[str, Any], status: int, answered: int
) -> None:
    patterns = [each for each in told["responses"] if re.fullmatch(each, str(status))]
    (pattern,) = patterns or ["default"]
    assert told["responses"][pattern]["statusCode"] == str(answered)
    assert (pattern != "default") == (status in {200, 400, 413, 424, 429, 503})


def test_of_each_status_for_the_client_there_is_one_answer(told: dict[str, Any]) -> None:
    # API Gateway keeps them by status: the last of several would be the only one.
    statuses = [response["statusCode"] for response in told["responses"].values()]
    assert len({*statuses}) == len(statuses)


@pytest.mark.parametrize("status", [429, 503])
def test_where_there_is_too_much_to_do_the_client_is_told_when_to_come_again(
    told: dict[str, Any], status: int
) -> None:
    (response,) = (
        each for pattern, each in told["responses"].items() if re.fullmatch(pattern, str(status))
    )
    assert response["responseParameters"][f"{HEADER}Retry-After"] == "'1'"


def test_every_answer_says_what_holds_for_the_version(told: dict[str, Any]) -> None:
    assert {"X-API-Version", "Deprecation", "Sunset", "Link"} == HEADERS.keys()
    for response in told["responses"].values():
        mapped = response["responseParameters"]
        assert {f"{HEADER}{k}": f"'{v}'" for k, v in HEADERS.items()}.items() <= mapped.items()
        assert mapped[f"{HEADER}X-Request-Id"] == "context.requestId"


def test_only_a_success_is_json_and_all_else_a_problem(told: dict[str, Any]) -> None:
    for pattern, response in told["responses"].items():
        kind = "json" if pattern == "200" else "problem+json"
        assert response["responseParameters"][f"{HEADER}Content-Type"] == f"'application/{kind}'"
        # One template, so it is taken whatever the client accepts.
        assert [*response["responseTemplates"]] == ["application/json"]


def test_the_release_comes_from_the_container(told: dict[str, Any]) -> None:
    mapped = told["responses"]["200"]["responseParameters"]
    assert mapped[f"{HEADER}X-Model-Release"] == f"integration.response.header.{ATTRIBUTES}"


def test_every_header_that_an_answer_maps_is_declared(told: dict[str, Any]) -> None:
    version = ApiVersion.model_validate_json('{"release": "1.4.2"}')
    text = (ROOT / f"contracts/{VERSION}.json").read_text("utf-8")
    paths = document("iris", {VERSION: version}, {VERSION: text}, {VERSION: told}, "none")["paths"]
    for prefix in prefixes(VERSION):
        operation = paths[f"{prefix}/predict"]["post"]
        assert operation[INTEGRATION] == told
        for response in told["responses"].values():
            assert int(response["statusCode"]) in TITLES | {200: ""}
            declared = operation["responses"][response["statusCode"]]["headers"]
            names = [name.removeprefix(HEADER) for name in response["responseParameters"]]
            assert {*names} <= declared.keys()
