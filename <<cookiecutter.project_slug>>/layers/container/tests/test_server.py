"""The server's life: it loads, is ready, drains, ends; what it logs and counts meanwhile."""

import asyncio
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock, call

import msgspec
import pytest

from serving.contract import EXAMPLE_REQUEST
from serving.options import Options
from serving.problem import MAX_BODY_BYTES
from serving.release import Release
from serving.server import ModelServer, first_of
from tests.adapters import OPTIONS, Running, free_port, running, starting, until
from tests.raw import CHUNKED, Client, chunk, post
from tests.support import BUILD, EXAMPLE, JSON, PREDICT, ROOT, Answer, over_http
from tests.wire import Wire

GATED = "tests.gated"
PAIR, MANY = (msgspec.json.encode({"instances": EXAMPLE_REQUEST.instances * n}) for n in (2, 8))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Gate:
    """A named pipe at which the server waits until it is opened here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = -1
        os.mkfifo(path)

    def _reached(self) -> bool:
        try:
            self.fd = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        return True

    def wait(self) -> None:
        """Returns once the server waits here."""
        until(self._reached)

    def open(self) -> None:
        os.close(self.fd)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(METRICS_PORT=str(free_port())) as server:
        yield server


def get(port: int, path: str) -> Answer:
    return over_http(port, "GET", path, (), b"")


def predict(port: int, body: bytes = EXAMPLE, *headers: tuple[str, str]) -> Answer:
    return over_http(port, "POST", PREDICT, (JSON, *headers), body)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
    except OSError:
        return False
    return True


def test_it_is_alive_at_once_and_ready_when_the_model_has_answered(gate: Gate) -> None:
    port = free_port()
    with starting(GATED, PORT=str(port), LOAD_GATE=str(gate.path)) as server:
        gate.wait()
        until(lambda: answers(port))
        assert get(port, "/livez").status == 200
        assert get(port, "/readyz").status == 503
        early = predict(port, EXAMPLE, ("X-Request-Id", "early"))
        assert early.status == 503
        assert early.headers["retry-after"] == "1"
        assert early.headers["x-model-release"] == BUILD.release
        assert early.headers["x-request-id"] == early.json["request_id"] == "early"
        gate.open()
        assert server.port == port
        for path in ("/livez", "/readyz"):
            assert get(port, path).status == 200
        assert predict(port).status == 200


def test_a_signal_ends_it_at_once_while_it_loads(gate: Gate) -> None:
    with starting(GATED, LOAD_GATE=str(gate.path), DRAIN_SECONDS="3600") as server:
        gate.wait()
        server.process.terminate()
        assert server.wait() == 0
        assert server.log == [{"event": "draining", "seconds": 0}]


def test_a_model_that_cannot_answer_ends_it_and_one_line_says_why() -> None:
    with starting(GATED, BROKEN="1", DRAIN_SECONDS="3600") as server:
        assert server.wait() == 1
        (line,) = server.log
        assert line["event"] == "failed to load the model"
        assert "RuntimeError: the model is broken" in line["error"]


def test_a_model_that_cannot_be_loaded_ends_it_and_one_line_says_why(tmp_path: Path) -> None:
    with starting(GATED, LOAD_GATE=str(tmp_path / "missing")) as server:
        assert server.wait() == 1
        (line,) = server.log
        assert "FileNotFoundError" in line["error"]


def test_while_it_drains_it_accepts_and_sends_everybody_elsewhere() -> None:
    with running(DRAIN_SECONDS="3600") as server, Client(server.port) as before:
        before.send(post())
        assert before.answer().status == 200
        server.process.terminate()
        until(lambda: get(server.port, "/readyz").status == 503)
        assert get(server.port, "/livez").status == 200
        before.send(post())
        assert before.answer().headers["connection"] == "close"
        assert before.is_closed()
        end = time.monotonic() + 0.5  # some turns of the event loop
        while time.monotonic() < end:
            with Client(server.port) as new:
                new.send(post())
                answer = new.answer()
                assert (answer.status, answer.headers["connection"]) == (200, "close")
                assert new.is_closed()
        server.process.send_signal(signal.SIGINT)  # which doesn't wait
        assert server.wait() == 0


def test_what_is_in_flight_is_answered_before_it_ends(gate: Gate) -> None:
    with running(GATED, GATE=str(gate.path)) as server, Client(server.port) as client:
        client.send(post(PAIR))
        gate.wait()
        port = server.port
        server.process.terminate()
        until(lambda: not answers(port))
        gate.open()
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert server.wait() == 0
        assert [line["status"] for line in server.log if "status" in line] == [200]


def test_a_model_that_never_answers_does_not_hold_up_the_end(gate: Gate) -> None:
    environ = {"GATE": str(gate.path), "SHUTDOWN_SECONDS": "0"}
    with running(GATED, **environ) as server, Client(server.port) as client:
        client.send(post(PAIR))
        gate.wait()
        server.process.terminate()
        assert server.process.wait(timeout=10) == 0


def test_while_a_slow_model_works_probes_answer_and_the_queue_has_an_end(gate: Gate) -> None:
    metrics_port = free_port()
    environ = {"GATE": str(gate.path), "METRICS_PORT": str(metrics_port), "MAX_QUEUED": "2"}
    with running(GATED, **environ) as server, ThreadPoolExecutor() as pool:
        first = pool.submit(predict, server.port, PAIR)
        gate.wait()
        assert get(server.port, "/livez").status == get(server.port, "/readyz").status == 200
        waiting = [pool.submit(predict, server.port) for _ in range(2)]
        until(lambda: b"model_serving_queued 2.0" in get(metrics_port, "/metrics").body)
        turned_away = predict(server.port)
        assert turned_away.status == 503
        assert turned_away.headers["retry-after"] == "1"
        gate.open()
        assert first.result(10).status == 200
        gate.wait()  # for the two that waited are predicted together
        gate.open()
        assert [each.result(10).status for each in waiting] == [200, 200]


def test_a_request_that_fails_in_the_model_is_a_500_and_its_traceback_is_logged() -> None:
    with running(GATED) as server:
        answer = predict(server.port, MANY, ("X-Request-Id", "broken"))
        assert answer.status == 500
        assert "broken" in server.line(request_id="broken")["error"]
        assert b"Traceback" not in answer.body
        assert predict(server.port).status == 200


def test_each_request_is_one_line_of_log(server: Running) -> None:
    predict(server.port, MANY, ("X-Request-Id", "logged"), ("traceparent", TRACE))
    line = server.line(request_id="logged")
    assert isinstance(line.pop("time"), float)
    assert line.pop("latency_ms") > 0
    assert line == {
        "service": BUILD.service,
        "api_version": BUILD.api_version,
        "release": BUILD.release,
        "request_id": "logged",
        "method": "POST",
        "path": PREDICT,
        "status": 200,
        "instances": 8,
        "traceparent": TRACE,
    }
    assert [each for each in server.log if each.get("request_id") == "logged"][1:] == []


def test_the_log_carries_no_trace_that_is_none(server: Running) -> None:
    predict(server.port, EXAMPLE, ("X-Request-Id", "untraced"), ("traceparent", f"{TRACE}, a"))
    assert "traceparent" not in server.line(request_id="untraced")


def test_probes_are_not_logged(server: Running) -> None:
    probe = get(server.port, "/livez")
    assert (probe.status, probe.body) == (200, b'{"status":"ok"}')
    predict(server.port, EXAMPLE, ("X-Request-Id", "after-the-probe"))
    server.line(request_id="after-the-probe")
    assert not [line for line in server.log if line.get("path") == "/livez"]


def test_metrics_have_a_port_of_their_own() -> None:
    port = free_port()
    with running(METRICS_PORT=str(port)) as server:
        predict(server.port)
        predict(server.port, b"")
        said = get(port, "/metrics").body.decode()
        assert 'model_serving_requests_total{status="200"} 1.0' in said
        assert 'model_serving_requests_total{status="400"} 1.0' in said
        assert "model_serving_latency_seconds_count 2.0" in said
        assert "model_serving_batch_instances_sum 1.0" in said
        assert "model_serving_in_flight 0.0" in said
        assert f'release="{BUILD.release}"' in said
        assert get(server.port, "/metrics").status == 404


def test_an_escaped_path_is_another_path(server: Running) -> None:
    for path in (PREDICT.replace("/predict", "%2Fpredict"), "/%70redict", "/%6civez", "//predict"):
        assert over_http(server.port, "POST", path, (JSON,), EXAMPLE).status == 404


@pytest.mark.parametrize("variable", ["PORT", "METRICS_PORT"])
def test_a_port_that_is_taken_is_named(server: Running, variable: str) -> None:
    environ = os.environ | OPTIONS | {variable: str(server.port)}
    command = [sys.executable, "-m", "serving.server"]
    result = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{variable} is {server.port}: [Errno ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("reason", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_where_one_family_is_missing_the_other_is_listened_on(reason: int) -> None:
    listen = Mock(side_effect=[OSError(reason, "missing"), "listener"])
    assert first_of(["::", "127.0.0.1"], listen) == "listener"
    assert listen.mock_calls == [call("::"), call("127.0.0.1")]


def test_a_port_that_is_taken_is_not_tried_in_the_other_family() -> None:
    listen = Mock(side_effect=OSError(errno.EADDRINUSE, "taken"))
    with pytest.raises(OSError, match="taken"):
        first_of(["::", "127.0.0.1"], listen)
    listen.assert_called_once_with("::")


def test_make_serve_shows_a_request_to_the_api_version(capfd: pytest.CaptureFixture[str]) -> None:
    with starting("tools.serve", "serving.server", "/more") as server:
        urls = [f"http://127.0.0.1:{server.port}{path}" for path in (PREDICT, "/more")]
    assert re.findall(r"curl -i (\S+)", capfd.readouterr().err) == urls


DECLARED = "Content-Length: 31457280"


@pytest.mark.parametrize(
    ("header", "most"),
    [(CHUNKED, 3 * MAX_BODY_BYTES), (DECLARED, MAX_BODY_BYTES // 2)],
    ids=["chunked", "declared"],
)
def test_a_body_over_the_limit_is_never_in_memory(header: str, most: int) -> None:
    server = ModelServer(Release(BUILD), Options())
    server.load()
    tracemalloc.start()
    status, left = arriving(server, PREDICT, header, parts=480)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (status, left) == (413, 0)
    assert peak < most


def test_a_body_in_tiny_chunks_takes_no_more_memory_than_another() -> None:
    server = ModelServer(Release(BUILD), Options())
    server.load()

    async def scenario() -> int:
        wire = Wire(server)
        wire.connection.data_received(post(b"", CHUNKED, path="/nothing"))
        tracemalloc.start()
        for _ in range(100):
            wire.connection.data_received(chunk(b"ab") * (MAX_BODY_BYTES // 200))
        wire.connection.data_received(b"0\r\n\r\n")
        assert wire.written.split()[1] == b"404"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert asyncio.run(scenario()) < 4 * MAX_BODY_BYTES


def test_a_body_without_an_end_is_read_to_a_bound() -> None:
    server = ModelServer(Release(BUILD), Options())
    server.load()
    status, left = arriving(server, PREDICT, CHUNKED, parts=10_000)
    read = (10_000 - left) * PART
    assert status == 413
    assert MAX_BODY_BYTES < read < 40 * MAX_BODY_BYTES


def test_a_large_body_is_put_together_once() -> None:
    limit = 50_000_000
    server = ModelServer(Release(BUILD, max_body_bytes=limit), Options())
    server.load()
    started = time.process_time()
    # Where nothing is served, so that it is read and not parsed.
    status, left = arriving(server, "/nothing", CHUNKED, parts=limit // PART)
    assert (status, left) == (404, 0)
    # Copied with each part it would be some 19 GB.
    assert time.process_time() - started < 1


PART = 65_536


def arriving(server: ModelServer, path: str, header: str, parts: int) -> tuple[int, int]:
    """The status of a request whose body has so many parts, and how many were not read."""

    async def scenario() -> tuple[int, int]:
        wire = Wire(server)
        wire.connection.data_received(post(b"", header, path=path))
        left = parts
        while left and not wire.connection.ended:
            left -= 1
            part = bytes(bytearray(PART))
            wire.connection.data_received(chunk(part) if header == CHUNKED else part)
        if not left and header == CHUNKED:
            wire.connection.data_received(b"0\r\n\r\n")
        return int(wire.written.split()[1]), left

    return asyncio.run(scenario())
