"""Pages of other origins: every answer of the front says which may read it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.cors import ALLOW_ORIGIN, SAID
from infra.openapi import INTEGRATION
from tests.documents import added, body
from tests.program import Program
from tests.stacks import DEPRECATED, THREE, TWO, Stacks

GATEWAY = "x-amazon-apigateway-gateway-responses"
ONE, OTHER = "https://app.example.org", "http://localhost:5173"
HEADER, OWN = "method.response.header.", "gatewayresponse.header."
# A version that is live, one that is deprecated and one that is retired.
ALL_STATES = {
    "v1": TWO["v1"] | DEPRECATED | {"state": "retired"},
    "v2": TWO["v2"] | DEPRECATED,
    "v3": {"release": "3.0.0"},
}


@pytest.fixture
def run(stacks: Stacks) -> Any:
    """Runs the program for pages of an origin."""

    def run(origin: Any, **keys: Any) -> Program:
        return stacks.run(ALL_STATES, cors={"origin": origin} | keys)

    return run


def documents(program: Program) -> list[dict[str, Any]]:
    """The documents of all APIs."""
    return [json.loads(each.inputs["body"]) for each in program.of("RestApiPut")]


def answers(program: Program, *, questions: bool = False) -> Iterator[dict[str, Any]]:
    """Every answer that the front gives: those to a browser's own question, or all others."""
    for document in documents(program):
        for item in document["paths"].values():
            for method, operation in item.items():
                if (method == "options") is questions:
                    yield from operation[INTEGRATION].get("responses", {}).values()


def errors(program: Program) -> Iterator[dict[str, Any]]:
    """Every error of API Gateway's own."""
    for document in documents(program):
        yield from document[GATEWAY].values()


@pytest.mark.parametrize("origin", [ONE, "*", [ONE]])
def test_every_answer_says_which_pages_may_read_it_and_what_of_it(run: Any, origin: Any) -> None:
    program = run(origin)
    said = {ALLOW_ORIGIN: ONE if ONE in origin else "*"}
    said |= {"Access-Control-Expose-Headers": ", ".join(SAID)}
    for place, every in ((HEADER, answers(program)), (OWN, errors(program))):
        wanted = {f"{place}{name}": f"'{value}'" for name, value in said.items()}
        for answer in every:
            assert wanted.items() <= answer["responseParameters"].items()
            assert f"{place}Vary" not in answer["responseParameters"]


def test_all_that_an_answer_says_a_page_may_read(run: Any) -> None:
    program = run(ONE)
    said = {
        name.rpartition(".")[2]
        for answer in (*answers(program), *errors(program))
        for name in answer["responseParameters"]
    }
    ours = {name for name in said if not name.startswith("Access-Control-")}
    assert ours - {"Content-Type"} <= {*SAID}


def test_before_a_call_any_path_says_without_a_key_that_it_may_be_made(run: Any) -> None:
    program = run(ONE, max_age=60)
    for document in documents(program):
        for path, item in document["paths"].items():
            question = item["options"]
            assert question["security"] == []
            assert question[INTEGRATION]["type"] == "mock"
            names = [each["name"] for each in question.get("parameters", [])]
            assert names == (["proxy"] if path.endswith("/{proxy+}") else [])
    for answer in answers(program, questions=True):
        said = {
            name.removeprefix(f"{HEADER}Access-Control-"): value
            for name, value in answer["responseParameters"].items()
            if "Access-Control" in name
        }
        allowed = said.pop("Allow-Headers").strip("'").split(", ")
        assert said == {
            "Allow-Origin": f"'{ONE}'",
            "Allow-Methods": "'GET, POST'",
            "Max-Age": "'60'",
        }
        assert {"Authorization", "Content-Type", "X-API-Key", "X-API-Version"} <= {*allowed}
        assert answer["statusCode"] == "204"
        assert answer["responseTemplates"] == {"application/json": ""}


def test_a_browser_remembers_it_for_ten_minutes_unless_said_otherwise(run: Any) -> None:
    for answer in answers(run(ONE), questions=True):
        assert answer["responseParameters"][f"{HEADER}Access-Control-Max-Age"] == "'600'"


def test_of_several_origins_a_template_names_the_pages_own_and_caches_are_told(run: Any) -> None:
    program = run([ONE, OTHER])
    for every in (answers(program), answers(program, questions=True)):
        for answer in every:
            assert f"{HEADER}{ALLOW_ORIGIN}" not in answer["responseParameters"]
            assert answer["responseParameters"][f"{HEADER}Vary"] == "'Origin'"
            (template,) = answer["responseTemplates"].values()
            assert template.count(f"['{ONE}', '{OTHER}']") == 1
            assert f"responseOverride.header.{ALLOW_ORIGIN} = $allowed)" in template
    # These have no such templates, and hold nothing of anybody.
    for error in errors(program):
        assert error["responseParameters"][f"{OWN}{ALLOW_ORIGIN}"] == "'*'"


@pytest.mark.parametrize("origin", [ONE, "*", [ONE, OTHER]])
def test_no_page_may_send_credentials_and_no_origin_is_given_back(run: Any, origin: Any) -> None:
    for document in documents(run(origin)):
        text = json.dumps(document)
        assert "Credentials" not in text
        assert "method.request.header" not in text
        assert f"{ALLOW_ORIGIN} = $origin" not in text


@pytest.mark.parametrize("origin", [ONE, [ONE, OTHER]])
def test_every_header_of_an_answer_is_declared(run: Any, origin: Any) -> None:
    for document in documents(run(origin)):
        for path, item in document["paths"].items():
            for method, operation in item.items():
                for answer in operation[INTEGRATION].get("responses", {}).values():
                    declared = operation["responses"][answer["statusCode"]]["headers"]
                    names = {name.removeprefix(HEADER) for name in answer["responseParameters"]}
                    assert names | {ALLOW_ORIGIN} <= declared.keys(), f"{method} {path}"


def test_without_the_key_no_page_may_call(two: Program) -> None:
    for document in documents(two):
        assert "Access-Control" not in json.dumps(document)
        assert not [path for path, item in document["paths"].items() if "options" in item]


def test_with_the_key_the_rest_is_as_it_was(stacks: Stacks, two: Program) -> None:
    opened = stacks.run(cors={"origin": ONE})
    for before, after in zip(documents(two), documents(opened), strict=True):
        for place in added(before, after):
            assert "Access-Control" in place or place.endswith("options"), place


@pytest.mark.parametrize("origin", [ONE, [ONE, OTHER]])
def test_adding_a_version_only_adds_to_the_documents_of_the_others(
    stacks: Stacks, origin: Any
) -> None:
    two, three = (stacks.run(each, cors={"origin": origin}) for each in (TWO, THREE))
    for version in TWO:
        for place in added(body(two, version), body(three, version)):
            assert "/v3" in place or "documentation" in place
