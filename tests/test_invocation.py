"""The front of the SageMaker target alone: its templates, before containers that say anything."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.conftest import baker
from tests.deployed import DEPRECATED, Deployed
from tests.mapping import (
    ATTRIBUTES,
    FRONTS_ID,
    JSON,
    Answer,
    Endpoint,
    Gateway,
    Headers,
    endpoint,
    failed,
    refusal,
)

MEMBERS = ["type", "title", "status", "detail", "pointer", "request_id"]
RELEASE = "1.4.2+of.ours"


@pytest.fixture(scope="module")
def deprecated(cookies_session: Any) -> Deployed:
    project = baker(cookies_session)(target="sagemaker", versioning="path")
    return Deployed(project, state="deprecated", **DEPRECATED)


@pytest.fixture(scope="module")
def said(deprecated: Deployed) -> Callable[..., Answer]:
    """What the client gets of a deprecated version's front, whose endpoint this is."""

    def ask(invoke: Endpoint, *headers: tuple[str, str], body: bytes = b"{}") -> Answer:
        answer = Gateway(deprecated.operation, invoke)(headers or [JSON], body, FRONTS_ID)
        # Whatever it is, it says which version it is of, and until when that is served.
        every = {"content-type", "x-api-version", "x-request-id", "deprecation", "sunset", "link"}
        assert every <= answer.headers.keys()
        assert answer.headers["x-api-version"] == "v1"
        return answer

    return ask


class Ours:
    """A container that answers all calls alike, as ours does; `attributes` of the last one."""

    def __init__(self, status: int = 200) -> None:
        self.status = status

    def __call__(self, headers: Headers, _body: bytes) -> Answer:
        self.text = dict(headers)[ATTRIBUTES]
        self.attributes = dict(parse_qsl(self.text, keep_blank_values=True))
        body = json.dumps(dict.fromkeys(MEMBERS) | {"status": self.status, "request_id": "its"})
        if self.status >= 400:
            body = json.dumps(json.loads(body), separators=(",", ":"))
            body = body.removesuffix("}") + f',"release":"{RELEASE}"}}'
        headers = {"content-type": "application/other", ATTRIBUTES: RELEASE, "retry-after": "9"}
        return Answer(self.status, headers, body.encode())


@pytest.mark.parametrize("status", [400, 404, 413, 415, 422, 500, 503])
def test_the_containers_own_error_is_the_clients(said: Any, status: int) -> None:
    answer = said(endpoint(Ours(status)))
    assert answer.status == json.loads(answer.body)["status"] == status
    assert [*json.loads(answer.body)] == MEMBERS
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-model-release"] == RELEASE
    assert answer.headers["x-request-id"] == "its"
    assert answer.headers.get("retry-after") == ("1" if status == 503 else None)


def test_a_success_names_its_release(said: Any) -> None:
    answer = said(endpoint(Ours()))
    assert (answer.status, json.loads(answer.body)["request_id"]) == (200, "its")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-model-release"] == RELEASE
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("name", ["X-Request-Id", "x-request-id", "X-REQUEST-ID", "x-ReQuEsT-iD"])
def test_a_valid_request_id_is_handed_on_and_comes_back(said: Any, name: str) -> None:
    answer = said(endpoint(ours := Ours()), JSON, (name, "mine"))
    assert ours.attributes["id"] == answer.headers["x-request-id"] == "mine"


@pytest.mark.parametrize("own_id", ["", "a" * 129, "a&id=b", "a%2", "ä", "a b"])
def test_of_an_invalid_request_id_nothing_is_handed_on(said: Any, own_id: str) -> None:
    answer = said(endpoint(ours := Ours()), JSON, ("X-Request-Id", own_id))
    assert ours.attributes == {"id": FRONTS_ID, "content-type": JSON[1]}
    assert answer.headers["x-request-id"] == FRONTS_ID


def test_where_the_client_names_no_media_type_the_container_is_told_so(said: Any) -> None:
    said(endpoint(ours := Ours()), ("Accept", "*/*"))
    assert ours.attributes == {"id": FRONTS_ID, "content-type": ""}


def test_a_media_type_without_a_template_has_the_fronts_id_at_least(said: Any) -> None:
    said(endpoint(ours := Ours()), ("Content-Type", "text/csv"))
    assert ours.text == FRONTS_ID


@pytest.mark.parametrize("value", ["a" * 5_000, "ä" * 100, "&" * 128, "%" * 500, "a" * 200])
def test_whatever_a_client_sends_the_attributes_stay_short(said: Any, value: str) -> None:
    names = ["Content-Encoding", "traceparent", "X-API-Version"]
    spelt = [name for each in names for name in (each, each.lower(), each.upper())]
    headers = [(name, value) for name in spelt]
    headers += [("Content-Type", f"application/json; {value}"), ("X-Request-Id", "b" * 128)]
    assert said(endpoint(ours := Ours()), *headers).status == 200
    assert len(ours.text) <= 1_024
    wanted = {each.lower(): value if len(value) == 200 else "-" for each in names}
    assert {name: ours.attributes[name] for name in wanted} == wanted


# What an endpoint says that is no answer of ours, and the status that the client gets.
STRANGE = {
    "nothing": (failed(500, None), 502),
    "no text": (failed(500, ""), 502),
    "a page": (failed(503, "<html>\"release\" 'of' $context.requestId #end"), 502),
    "other JSON": (failed(404, '{"detail": "no such model"}'), 502),
    "no release": (failed(408, '{"type":"about:blank","status":408,"request_id":"a"}'), 502),
    "a list": (failed(400, "[]"), 502),
    "null": (Answer(424, {}, b'{"OriginalMessage": null}'), 502),
    "no member at all": (Answer(424, {}, b"{}"), 502),
    "too late": (endpoint(lambda *_: None)({}, b""), 502),
}


def refused(**members: str | None) -> Answer:
    """How SageMaker refuses a call: with 400, also where it throttles."""
    return Answer(400, {"content-type": "application/json"}, json.dumps(members).encode())


# The same of what it throttles, in each way that it was seen or that other services of AWS have.
THROTTLED = {
    "no message": refused(message=None),
    "no message, otherwise spelt": refused(Message=None),
    "an empty message": refused(message=""),
    "nothing": Answer(400, {}, b"{}"),
    "no body": Answer(400, {}, b""),
    "the rate": refused(message="Rate exceeded"),
    "its name": refused(__type="ThrottlingException", message="Slow down."),
    "its whole name": refused(__type="com.amazonaws.sagemaker#ThrottlingException", Message="No."),
}
STRANGE |= {f"throttled, {name}": (said, 429) for name, said in THROTTLED.items()}
# What it refuses for a reason is told as before.
MISSING = "Endpoint iris-dev-v1-940ff1 of account 123456789012 not found."
REASONS = [
    refused(message=MISSING),
    refused(Message=MISSING),
    refused(__type="ValidationError", message=MISSING),
    refused(message="1 validation error detected: Value 'Rate exceeded' at 'body' failed"),
]
STRANGE |= {f"refused {i}": (said, 502) for i, said in enumerate(REASONS)}
# Of each status of SageMaker's own, what the client gets.
SERVICE = {400: 502, 403: 502, 404: 502, 413: 413, 429: 429, 500: 502, 503: 429, 529: 502}
STRANGE |= {f"{own}": (refusal(own, "SomeException"), status) for own, status in SERVICE.items()}


@pytest.mark.parametrize(("strange", "status"), STRANGE.values(), ids=STRANGE)
def test_what_is_no_answer_of_ours_is_a_problem_of_the_front(
    said: Any, strange: Answer, status: int
) -> None:
    answer = said(lambda *_: strange, JSON, ("X-Request-Id", "mine"))
    body = json.loads(answer.body)
    assert answer.status == status
    # A problem of the app's form, with the front's id, and of no release.
    assert [*body] == MEMBERS
    assert (body["status"], body["request_id"]) == (status, FRONTS_ID)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == FRONTS_ID
    assert "x-model-release" not in answer.headers
    assert answer.headers.get("retry-after") == ("1" if status == 429 else None)


def test_templates_ask_of_java_only_what_it_has(deprecated: Deployed) -> None:
    given = deprecated.integration
    templates = [*given["requestTemplates"].values()]
    for response in given["responses"].values():
        templates += response["responseTemplates"].values()
    called = {name for each in templates for name in re.findall(r"\.(\w+)\(", each)}
    of_strings = {"lastIndexOf", "length", "matches", "substring", "toLowerCase"}
    of_maps = {"get", "keySet"}
    assert called == of_strings | of_maps | {"params", "parseJson", "path", "urlEncode"}


ONE, OTHER = "https://app.example.org", "http://localhost:5173"
ALLOW_ORIGIN = "access-control-allow-origin"


@pytest.fixture(scope="module", params=[ONE, "*", [ONE, OTHER]], ids=["one", "all", "several"])
def opened(request: pytest.FixtureRequest, cookies_session: Any) -> tuple[Any, Deployed]:
    """Which pages may call, and a version's front that lets them."""
    project = baker(cookies_session)(target="sagemaker", versioning="path")
    return request.param, Deployed(project, {"origin": request.param})


# What an endpoint says, of each kind of answer that the front makes of it.
KINDS = {"a prediction": endpoint(Ours()), "its own error": endpoint(Ours(422))}
KINDS |= {name: lambda *_, strange=strange: strange for name, (strange, _) in STRANGE.items()}


@pytest.mark.parametrize("invoke", KINDS.values(), ids=KINDS)
def test_the_pages_that_the_stack_file_names_may_read_every_answer(
    opened: tuple[Any, Deployed], invoke: Endpoint
) -> None:
    origin, deployed = opened
    for name in ("Origin", "origin", "ORIGIN"):
        for page in (ONE, OTHER, "https://evil.example", f"{ONE}.evil.example", "null", "$ref", ""):
            answer = Gateway(deployed.operation, invoke)([JSON, (name, page)], b"{}", FRONTS_ID)
            listed = page if page in origin else None
            assert answer.headers.get(ALLOW_ORIGIN) == (
                origin if isinstance(origin, str) else listed
            )
            assert answer.headers.get("vary") == (None if isinstance(origin, str) else "Origin")
            assert "X-Model-Release" in answer.headers["access-control-expose-headers"]
    answer = Gateway(deployed.operation, invoke)([JSON], b"{}", FRONTS_ID)
    assert answer.headers.get(ALLOW_ORIGIN) == (origin if isinstance(origin, str) else None)


def test_a_container_is_told_nothing_of_pages(opened: tuple[Any, Deployed]) -> None:
    assert "CORS_ORIGINS" not in opened[1].environ


def test_a_page_that_sends_many_headers_changes_nothing(opened: tuple[Any, Deployed]) -> None:
    origin, deployed = opened
    many = [(f"X-{number}", ONE) for number in range(2_000)]
    sent = [JSON, *many, ("Origin", ", ".join([ONE] * 1_000))]
    answer = Gateway(deployed.operation, endpoint(Ours()))(sent, b"{}", FRONTS_ID)
    assert answer.headers.get(ALLOW_ORIGIN) == (origin if isinstance(origin, str) else None)
