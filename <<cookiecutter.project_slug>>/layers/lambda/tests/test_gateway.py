"""What only the local gateway does: its limits, and builds beside each other."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from tests.support import EXAMPLE, JSON, PREDICT, ROOT, VERSION, Answer, over_http
from tools import gateway


class Stub:
    """A function that gives one fixed answer."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def invoke(self, event: Mapping[str, Any]) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def post(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Sends a request to a gateway in front of the stubs given as parameter."""
    running: Any = {name: Stub(result) for name, result in request.param.items()}
    with gateway.server(running, port=0) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()

        def send(path: str, *headers: tuple[str, str], body: bytes = b"{}") -> Answer:
            return over_http(http.server_port, "POST", path, headers, body)

        yield send
        http.shutdown()
        thread.join()


def named(name: str) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {}, "body": name, "isBase64Encoded": False}


def test_what_a_browser_asks_before_a_call_is_answered_where_pages_may_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, other = ("Origin", "http://localhost:5173"), ("Origin", "https://evil.example")
    with gateway.server({"v1": Stub(named("v1"))}, port=0) as http:  # pyright: ignore[reportArgumentType]
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()

        def ask(*headers: tuple[str, str]) -> Answer:
            return over_http(http.server_port, "OPTIONS", PREDICT, headers, b"")

        assert ask(page).body == b"v1"
        monkeypatch.setenv("CORS_ORIGINS", f"{page[1]} https://app.example.org")
        answer = ask(page)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == page[1]
        assert "X-API-Key" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-origin" not in ask(other).headers
        http.shutdown()
        thread.join()


@pytest.mark.parametrize("post", [{"v1": named("v1"), "v2": named("v2")}], indirect=True)
@pytest.mark.parametrize(
    ("path", "header", "expected"),
    [
        ("/v1/predict", "v2", b"v1"),
        ("/v2/predict", "v1", b"v2"),
        ("/v2/anything", "", b"v2"),
        ("/predict", "v2", b"v2"),
        ("/predict", "v3", b"v1"),
        ("/v3/predict", "", b"v1"),
    ],
)
def test_the_path_then_the_header_name_the_build(
    post: Any, path: str, header: str, expected: bytes
) -> None:
    assert post(path, ("X-API-Version", header)).body == expected


@pytest.mark.parametrize(
    "post",
    [{"v1": x} for x in ({}, [], {"statusCode": 200}, ValueError("no JSON"), BrokenPipeError())],
    indirect=True,
)
def test_a_malformed_answer_is_a_502(post: Any) -> None:
    answer = post("/v1/predict")
    assert answer.status == answer.json["status"] == 502
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("post", [{"v1": named("v1")}], indirect=True)
def test_a_request_over_10_mb_is_a_413_of_the_gateway(post: Any) -> None:
    most = gateway.MAX_REQUEST_BYTES
    assert post("/v1/predict", body=b" " * most).status == 200
    answer = post("/v1/predict", ("Content-Length", str(most + 1)))
    assert answer.status == answer.json["status"] == 413


@pytest.mark.parametrize("post", [{"v1": named("v1")}], indirect=True)
@pytest.mark.parametrize(
    "header", [("Transfer-Encoding", "chunked"), ("Content-Length", "-1"), ("Content-Length", "²")]
)
def test_a_body_without_a_length_is_refused(post: Any, header: tuple[str, str]) -> None:
    assert post("/v1/predict", header).status == 400


def test_an_answer_over_6_mb_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with gateway.functions({}) as running:
        monkeypatch.setattr(gateway, "MAX_RESPONSE_BYTES", 100)
        with pytest.raises(ValueError, match="larger than 6 MB"):
            running[VERSION].invoke(gateway.proxy_event("POST", "/predict", Message(), b""))


def test_a_limit_of_bodies_that_can_not_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MAX_BODY_BYTES", "10 MB")
    code, said = serve()
    assert code == 1
    assert "MAX_BODY_BYTES is '10 MB'; write a number from 1024 to 100000000.\n" in said
    assert "Traceback" not in said


def test_what_a_deployment_says_is_said_to_the_working_tree_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    zipfile.ZipFile(tmp_path / "v2.zip", "w").close()
    given: list[Mapping[str, str]] = []

    def start(what: str, *_: object, environ: Mapping[str, str]) -> Any:
        given.append(environ)
        return Mock(api_version=what)

    monkeypatch.setattr(gateway, "_start", start)
    for name in gateway.DEPLOYMENT:
        monkeypatch.setenv(name, "of this one")
    with gateway.functions({"v2": str(tmp_path / "v2.zip")}):
        own, beside = ({name: each.get(name) for name in gateway.DEPLOYMENT} for each in given)
    assert own == dict.fromkeys(gateway.DEPLOYMENT, "of this one")
    assert beside == dict.fromkeys(gateway.DEPLOYMENT) | {"API_VERSION": "v2"}
    assert {"SUNSET", "MAX_BODY_BYTES"} <= own.keys()


def test_make_serve_shows_a_request_that_works_and_stops_when_told() -> None:
    command = [sys.executable, "-m", "tools.gateway", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    try:
        printed = "".join(process.stderr.readline() for _ in range(3))
        port = re.search(r"http://127\.0\.0\.1:(\d+)", printed)
        curl = re.search(r"curl .*", printed)
        assert port
        assert curl
        shown = subprocess.run(
            ["sh", "-c", curl[0]], capture_output=True, text=True, check=True
        ).stdout
        assert shown.startswith("HTTP/1.1 200 OK")
        assert over_http(int(port[1]), "POST", PREDICT, (JSON,), EXAMPLE).status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def serve(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tools.gateway", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return result.returncode, result.stderr


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = serve("--port", str(port))
    assert code == 1
    assert f"Port {port}: " in said
    assert "Address already in use. Choose another: make serve PORT=…" in said


def test_a_missing_build_is_named_with_the_way_out() -> None:
    code, said = serve("v2=dist/none.zip")
    assert code == 1
    assert "dist/none.zip is no zip, or missing: make it with `make build ARCH=host`." in said


def test_a_build_without_its_version_is_refused() -> None:
    code, said = serve("dist/none.zip")
    assert code == 2
    assert "a build beside the working tree is named as v2=dist/…-host.zip" in said


def test_a_working_tree_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "API_VERSION", "v99")
    code, said = serve()
    assert code == 1
    assert "the deployment says API_VERSION='v99'" in said
    assert "Traceback" not in said
    assert "The working tree did not start: see above." in said
