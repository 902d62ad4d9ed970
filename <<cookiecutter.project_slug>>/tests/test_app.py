"""How requests are answered, through every adapter."""

import gzip
import json
import os
import random
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from serving.app import App, Request
from serving.contract import EXAMPLE_REQUEST, PredictResponse
from serving.problem import MAX_BODY_BYTES, TITLES
from serving.release import Release
from tests.support import (
    BUILD,
    CONTRACT,
    EXAMPLE,
    GOLDEN,
    JSON,
    PREDICT,
    ROOT,
    VERSION,
    Adapter,
    Headers,
    predict,
    send_golden,
)

ID = ("X-Request-Id", "here")
# Requests that a contract can't hold: bytes that are no text, many of them, repeated headers.
REQUESTS: dict[str, tuple[int, str, Headers, bytes]] = {
    "no UTF-8": (400, PREDICT, (JSON, ID), b'{"instances": [{"\xff": 1}]}'),
    "a byte order mark": (400, PREDICT, (JSON, ID), b"\xef\xbb\xbf" + EXAMPLE),
    "two documents": (400, PREDICT, (JSON, ID), EXAMPLE + EXAMPLE),
    "V instead of v": (404, PREDICT, (JSON, ID, ("X-API-Version", VERSION.upper())), EXAMPLE),
    "an empty version": (404, PREDICT, (JSON, ID, ("X-API-Version", "")), EXAMPLE),
    "a repeated version": (404, PREDICT, (JSON, ID, *[("X-API-Version", VERSION)] * 2), EXAMPLE),
    "one byte too many": (413, PREDICT, (JSON, ID), EXAMPLE.ljust(MAX_BODY_BYTES + 1)),
    "no media type": (415, PREDICT, (ID,), EXAMPLE),
    "Latin-1": (415, PREDICT, (("Content-Type", "application/json; charset=latin-1"), ID), EXAMPLE),
    "no JSON": (415, PREDICT, (("Content-Type", "application/jsonx"), ID), EXAMPLE),
    "gzip": (415, PREDICT, (JSON, ID, ("Content-Encoding", "gzip")), gzip.compress(EXAMPLE)),
    "the exact limit": (200, PREDICT, (JSON, ID), EXAMPLE.ljust(MAX_BODY_BYTES)),
    "JSON by its suffix": (200, PREDICT, (("content-TYPE", "application/x+json"), ID), EXAMPLE),
    "a charset": (
        200,
        PREDICT,
        (("Content-Type", 'Application/JSON; charset="UTF-8"'), ID),
        EXAMPLE,
    ),
    "another parameter": (200, PREDICT, (("Content-Type", "application/json;v=1"), ID), EXAMPLE),
    "its own version": (200, PREDICT, (JSON, ID, ("x-api-version", VERSION)), EXAMPLE),
    "the short path": (200, "/predict", (JSON, ID), EXAMPLE),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_request_is_answered_as_the_contract_says(adapter: Adapter, name: str) -> None:
    promised = GOLDEN[name]["response"]
    answer = send_golden(adapter, name)
    assert answer.status == promised["status"]
    assert {k.lower(): v for k, v in promised["headers"].items()}.items() <= answer.headers.items()
    if answer.status == 200:
        sent = len(json.loads(GOLDEN[name]["request"]["body"])["instances"])
        assert len(msgspec.json.decode(answer.body, type=PredictResponse).predictions) == sent
    else:
        assert answer.body.decode() == promised["body"]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_gets_the_same_bytes_everywhere(
    adapter: Adapter, app: Adapter, name: str
) -> None:
    status, path, headers, body = REQUESTS[name]
    answer = adapter("POST", path, headers, body)
    assert answer.status == status
    assert answer == app("POST", path, headers, body)


def test_the_contract_is_served_as_it_stands_in_its_file(adapter: Adapter) -> None:
    answer = adapter("GET", f"/{VERSION}/openapi.json", (), b"")
    assert answer.status == 200
    assert answer.body == (ROOT / f"contracts/{VERSION}.json").read_bytes()


@pytest.mark.parametrize("path", [PREDICT, "/predict", f"/{VERSION}/openapi.json"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "POST"])
def test_a_wrong_method_is_told_the_right_one(adapter: Adapter, path: str, method: str) -> None:
    allowed = "GET" if path.endswith(".json") else "POST"
    answer = adapter(method, path, (JSON,), EXAMPLE)
    expected = (200, None) if method == allowed else (405, allowed)
    assert (answer.status, answer.headers.get("allow")) == expected


def test_more_instances_than_the_contract_allows_are_refused(adapter: Adapter) -> None:
    instances = CONTRACT["components"]["schemas"]["PredictRequest"]["properties"]["instances"]
    too_many = [EXAMPLE_REQUEST.instances[0]] * (instances["maxItems"] + 1)
    answer = predict(adapter, msgspec.json.encode({"instances": too_many}))
    assert (answer.status, answer.json["pointer"]) in [(422, "/instances"), (413, None)]


def test_a_deployment_may_set_the_limit_of_a_body(roomy: Adapter) -> None:
    limit = 2 * MAX_BODY_BYTES
    assert predict(roomy, EXAMPLE.ljust(limit)).status == 200
    assert predict(roomy, EXAMPLE.ljust(limit + 1)).status == 413


@pytest.mark.parametrize("limit", [1_024, MAX_BODY_BYTES])
def test_a_body_that_is_too_large_is_told_the_limit_and_a_remedy_for_one_instance(
    limit: int,
) -> None:
    app = App(Release(BUILD, max_body_bytes=limit), Failing([]), b"")
    headers = {"content-type": "application/json"}
    response = app(Request("POST", PREDICT, headers, bytes(limit + 1), "some-id"))
    assert msgspec.json.decode(response.body)["detail"] == (
        f"The body is larger than the limit, {limit} bytes. Send fewer instances or smaller values,"
        " or ask whoever runs this API to raise it."
    )


def test_the_model_reports_its_use_to_nobody() -> None:
    program = "import os, serving; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    command = [sys.executable, "-c", program]
    environ = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    said = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=True).stdout
    assert said == b"1\n"


@pytest.mark.parametrize("request_id", ["a", "A.b_c-1", "x" * 128])
def test_a_valid_request_id_is_echoed(adapter: Adapter, request_id: str) -> None:
    assert (
        predict(adapter, EXAMPLE, ("X-Request-Id", request_id)).headers["x-request-id"]
        == request_id
    )
    problem = predict(adapter, b"", ("X-Request-Id", request_id))
    assert problem.headers["x-request-id"] == problem.json["request_id"] == request_id


@pytest.mark.parametrize("request_id", ["", "x" * 129, "a b", "a,b", "a\tb", "é"])
def test_any_other_request_id_is_replaced(adapter: Adapter, request_id: str) -> None:
    answer = predict(adapter, b"", ("X-Request-Id", request_id))
    assert answer.headers["x-request-id"] == answer.json["request_id"] != request_id


@pytest.mark.parametrize("name", GOLDEN)
def test_every_response_names_version_release_and_request(adapter: Adapter, name: str) -> None:
    answer = send_golden(adapter, name)
    assert answer.headers["x-api-version"] == VERSION
    assert answer.headers["x-model-release"] == BUILD.release
    assert answer.headers["x-request-id"] == "golden"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_live_version_says_nothing_of_deprecation(adapter: Adapter, name: str) -> None:
    answer = send_golden(adapter, name)
    assert not {"deprecation", "sunset", "link"} & answer.headers.keys()


def test_a_deprecated_version_says_so_on_every_response(deprecated: Adapter) -> None:
    for name in GOLDEN:
        answer = send_golden(deprecated, name)
        assert answer.status == GOLDEN[name]["response"]["status"]
        assert answer.headers["deprecation"] == "@1796083200"
        assert answer.headers["sunset"] == "Wed, 31 Mar 2027 00:00:00 GMT"
        assert answer.headers["link"] == '<https://example.com/move>; rel="deprecation"'


@pytest.mark.parametrize("name", GOLDEN)
def test_every_error_has_the_same_form(adapter: Adapter, name: str) -> None:
    answer = send_golden(adapter, name)
    if answer.status == 200:
        assert answer.headers["content-type"] == "application/json"
        return
    assert answer.headers["content-type"] == "application/problem+json"
    assert [*answer.json] == ["type", "title", "status", "detail", "pointer", "request_id"]
    assert answer.json["status"] == answer.status
    assert answer.json["title"] == TITLES[answer.status]


def test_no_body_makes_it_fail(app: Adapter) -> None:
    source = random.Random(0)
    statuses: set[int] = set()
    for _ in range(3_000):
        body = bytearray(EXAMPLE)
        for _ in range(source.randint(0, 3)):
            body[source.randrange(len(body))] = source.randrange(256)
        statuses.add(predict(app, bytes(body)).status)
    assert statuses == {200, 400, 422}


class Failing:
    """A model that raises, or answers what the contract does not allow."""

    def __init__(self, predictions: list[Any] | None) -> None:
        self.predictions = predictions

    def predict(self, instances: list[Any], *_: Any) -> list[Any]:
        if self.predictions is None:
            raise RuntimeError("secret of the model")
        return self.predictions


@pytest.mark.parametrize("predictions", [None, [], [{}], [None]])
def test_a_failing_model_is_a_500_without_internals(predictions: list[Any] | None) -> None:
    app = App(Release(BUILD), Failing(predictions), b"")
    headers = {"content-type": "application/json"}
    response = app(Request("POST", PREDICT, headers, EXAMPLE, "some-id"))
    problem = msgspec.json.decode(response.body)
    assert response.status == problem["status"] == 500
    assert problem["request_id"] == "some-id"
    assert problem["detail"] == "The model failed. The log says why, under this request_id."
    assert "Traceback" in (response.error or "")
