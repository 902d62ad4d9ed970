"""What only the Lambda adapter does: events, the log line, the limit of an answer."""

import base64
import json
import time
from email.message import Message
from typing import Any

import pytest

from serving import lambda_handler
from serving.events import NotARequest
from serving.lambda_handler import Handler
from serving.release import WrongDeployment
from tests.support import BUILD, EXAMPLE, JSON, PREDICT, VERSION
from tools.gateway import Context, proxy_event

CONTEXT = Context("from-the-context")


@pytest.fixture
def handler() -> Handler:
    return Handler()


def event(**changes: Any) -> dict[str, Any]:
    headers = Message()
    headers["CONTENT-type"] = "application/json"
    headers["X-Request-Id"] = "from-the-client"
    return proxy_event("POST", PREDICT, headers, EXAMPLE) | changes


def test_a_base64_body_is_decoded(handler: Handler) -> None:
    encoded = event(body=base64.b64encode(EXAMPLE).decode(), isBase64Encoded=True)
    assert handler(encoded, CONTEXT) == handler(event(), CONTEXT)


def test_a_base_path_mapping_does_not_change_the_route(handler: Handler) -> None:
    assert handler(event(path=f"/mapped{PREDICT}"), CONTEXT)["statusCode"] == 200


def test_a_header_spelt_in_two_ways_is_one_header(handler: Handler) -> None:
    spelt = {"X-API-Version": [VERSION], "x-api-version": ["v99"], "Content-Type": [JSON[1]]}
    for headers in (spelt, dict(reversed(spelt.items()))):
        assert handler(event(multiValueHeaders=headers), CONTEXT)["statusCode"] == 404


def test_headers_in_their_short_form_do_as_well(handler: Handler) -> None:
    assert handler(event(multiValueHeaders=None), CONTEXT)["statusCode"] == 200


def test_without_a_valid_id_of_the_client_the_gateway_names_the_request(handler: Handler) -> None:
    anonymous = event(
        multiValueHeaders=None, headers=None, requestContext={"requestId": "from-the-gateway"}
    )
    assert handler(anonymous, CONTEXT)["headers"]["X-Request-Id"] == "from-the-gateway"


def test_half_a_surrogate_pair_makes_it_no_trouble(handler: Handler) -> None:
    odd = event(resource="/{proxy+}", path="/\ud800", httpMethod="\ud800")
    assert handler(odd, CONTEXT)["statusCode"] == 404
    assert handler(event(body='{"\ud800": 1}'), CONTEXT)["statusCode"] == 400


def format_2(stage: str = "$default", **changes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": PREDICT if stage == "$default" else f"/{stage}{PREDICT}",
        "headers": {"content-type": "application/json", "x-request-id": "from-the-client"},
        "requestContext": {"http": {"method": "POST"}, "stage": stage, "requestId": "gateway"},
        "body": EXAMPLE.decode(),
        "isBase64Encoded": False,
    } | changes


@pytest.mark.parametrize("stage", ["$default", "live"])
def test_an_http_api_and_a_function_url_get_the_same_answer(handler: Handler, stage: str) -> None:
    assert handler(format_2(stage), CONTEXT) == handler(event(), CONTEXT)
    assert handler(format_2(stage, body=None), CONTEXT)["statusCode"] == 400


@pytest.mark.parametrize(
    "call",
    [
        {"source": "serverless-plugin-warmup"},
        {"warmer": True, "concurrency": 3},
        {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
        {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"},
    ],
)
def test_a_call_that_keeps_it_warm_counts_as_nothing(
    handler: Handler, call: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handler(call, CONTEXT) == {}
    assert capsys.readouterr().out == ""
    handler(event(), CONTEXT)
    assert json.loads(capsys.readouterr().out)["cold_start"] is False


@pytest.mark.parametrize(
    ("strange", "kind"),
    [
        ({"Records": [{"eventSource": "aws:sqs", "body": "secret"}]}, "an event of aws:sqs"),
        ({"Records": [{"EventSource": "aws:sns"}]}, "an event of aws:sns"),
        ({"eventSource": "aws:kafka", "records": {}}, "an event of aws:kafka"),
        ({"source": "aws.s3", "detail-type": "Object Created"}, "an event of aws.s3"),
        ({"requestContext": {"elb": {}}, "path": "/"}, "a request from an Application Load Bal"),
        ({"version": "2.0", "rawPath": "/"}, "an event with the keys rawPath, version"),
        ({"key1": "secret", "key2": 1}, "an event with the keys key1, key2"),
        ({"Records": None, "resource": None}, "an event with the keys Records, resource"),
        ({}, "an empty event"),
        ([1], "a value of type list"),
        (None, "a value of type NoneType"),
        ("warmup", "a value of type str"),
    ],
)
def test_any_other_event_is_a_failed_call_that_names_its_kind(
    handler: Handler, strange: Any, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotARequest) as raised:
        handler(strange, CONTEXT)
    assert f"was called with {kind}" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert capsys.readouterr().out == ""


def test_each_request_is_one_line_of_log_and_metric(
    handler: Handler, capsys: pytest.CaptureFixture[str]
) -> None:
    handler(event(), CONTEXT)
    handler(event(httpMethod="GET"), CONTEXT)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    metrics = first["_aws"]["CloudWatchMetrics"][0]
    assert metrics["Namespace"] == "ModelServing"
    assert metrics["Dimensions"] == [["service", "api_version"]]
    units = {metric["Name"]: metric["Unit"] for metric in metrics["Metrics"]}
    assert units == {"Latency": "Milliseconds", "Instances": "Count", "ServerErrors": "Count"}
    assert 0 < first["Latency"] < 10_000
    assert abs(first["_aws"]["Timestamp"] / 1_000 - time.time()) < 60
    common = {
        "service": BUILD.service,
        "api_version": VERSION,
        "release": BUILD.release,
        "request_id": "from-the-client",
        "path": PREDICT,
        "ServerErrors": 0,
    }
    ok = {"method": "POST", "status": 200, "cold_start": True, "Instances": 1}
    refused = {"method": "GET", "status": 405, "cold_start": False, "Instances": 0}
    assert (common | ok).items() <= first.items()
    assert (common | refused).items() <= second.items()


@pytest.mark.parametrize(
    ("context", "client"),
    [
        ({"identity": {"apiKeyId": "k1", "apiKey": "secret", "userArn": None}}, "k1"),
        ({"identity": {"apiKeyId": None, "userArn": "arn:aws:sts::1:a"}}, "arn:aws:sts::1:a"),
        ({"identity": {}, "authorizer": {"claims": {"sub": "s1", "email": "secret"}}}, "s1"),
        ({"authorizer": {"principalId": "p1", "token": "secret"}}, "p1"),
        ({"authorizer": {"jwt": {"claims": {"sub": "s2"}}}}, "s2"),
        ({"authorizer": {"iam": {"userArn": "arn:aws:iam::1:user/b"}}}, "arn:aws:iam::1:user/b"),
        ({"identity": {"apiKeyId": ["k1"]}, "authorizer": "secret"}, None),
        ({}, None),
    ],
)
def test_the_log_says_who_called_and_never_by_a_secret(
    handler: Handler, capsys: pytest.CaptureFixture[str], context: Any, client: str | None
) -> None:
    assert handler(event(requestContext=context), CONTEXT)["statusCode"] == 200
    said = capsys.readouterr().out
    assert json.loads(said).get("client") == client
    assert "secret" not in said


@pytest.mark.parametrize("kind", [RuntimeError, BaseException], ids=["error", "panic"])
def test_the_log_says_why_the_model_failed_and_the_answer_does_not(
    handler: Handler,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
) -> None:
    def fail(*_: object) -> None:
        raise kind("secret of the model")

    monkeypatch.setattr(handler.app.predictor, "predict", fail)
    result = handler(event(), CONTEXT)
    line = json.loads(capsys.readouterr().out)
    assert "secret of the model" in line["error"]
    assert line["ServerErrors"] == 1
    assert result["statusCode"] == 500
    assert "secret" not in json.dumps(result)


def test_an_answer_over_lambdas_limit_is_an_error_that_says_so(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = json.dumps({"instances": json.loads(EXAMPLE)["instances"] * 100})
    fits = handler(event(body=batch), CONTEXT)
    size = len(json.dumps(fits, separators=(",", ":"), ensure_ascii=False))
    monkeypatch.setattr(lambda_handler, "MAX_RESPONSE_BYTES", size)
    assert handler(event(body=batch), CONTEXT) == fits
    monkeypatch.setattr(lambda_handler, "MAX_RESPONSE_BYTES", size - 1)
    result = handler(event(body=batch), CONTEXT)
    assert result["statusCode"] == 500
    detail = "The answer is larger than 6 MB. Send fewer instances at once."
    assert json.loads(result["body"])["detail"] == detail


def test_it_refuses_to_start_as_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_VERSION", "v99")
    with pytest.raises(WrongDeployment, match="API_VERSION='v99'"):
        Handler()
