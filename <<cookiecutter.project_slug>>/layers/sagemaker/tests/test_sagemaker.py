"""What SageMaker asks of a container: its two paths, its attributes, its folder, its signals."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.app import Predictor
from serving.options import Options
from serving.predictor import MODEL
from serving.release import Release
from serving.sagemaker import EndpointServer, model_in
from tests.adapters import OPTIONS, Running, free_port, running, starting, until
from tests.raw import Client, post
from tests.support import (
    BUILD,
    EXAMPLE,
    GOLDEN,
    JSON,
    PREDICT,
    ROOT,
    VERSION,
    Answer,
    Headers,
    over_http,
)
from tests.test_server import Gate, answers, get

# SageMaker appends the word.
COMMAND = ("serving.sagemaker", "serve")
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(*COMMAND, SM_MODEL_DIR=str(tmp_path_factory.mktemp("empty"))) as server:
        yield server


def invoke(port: int, attributes: str, body: bytes = EXAMPLE, headers: Headers = (JSON,)) -> Answer:
    return over_http(port, "POST", "/invocations", (*headers, (ATTRIBUTES, attributes)), body)


PREDICTIONS = [
    name
    for name, each in GOLDEN.items()
    if (each["request"]["method"], each["request"]["path"]) == ("POST", PREDICT)
]


@pytest.mark.parametrize("name", PREDICTIONS)
def test_an_invocation_is_a_prediction_that_says_its_release(server: Running, name: str) -> None:
    request = GOLDEN[name]["request"]
    headers, body = (*request["headers"].items(),), request["body"].encode()
    invoked = over_http(server.port, "POST", "/invocations", headers, body)
    predicted = over_http(server.port, "POST", PREDICT, headers, body)
    assert invoked.status == predicted.status == GOLDEN[name]["response"]["status"]
    assert invoked.headers == predicted.headers | {ATTRIBUTES: BUILD.release}
    if invoked.status == 200:
        assert invoked.body == predicted.body
    else:  # of an error SageMaker hands on the body alone
        release = f',"release":"{BUILD.release}"}}'.encode()
        assert invoked.body == predicted.body.removesuffix(b"}") + release


def test_an_error_is_as_long_as_it_says(server: Running) -> None:
    with Client(server.port) as client:
        for body, status in ((b"{", 400), (EXAMPLE, 200), (b"{}", 422), (EXAMPLE, 200)):
            client.send(post(body, path="/invocations"))
            answer = client.answer()
            assert (answer.status, answer.body[-1:]) == (status, b"}")


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        (f"id=a&x-api-version={VERSION}", 200),
        ("id=a&x-api-version=v99", 404),
        ("id=a&x-api-version=", 404),
        ("id=a&content-encoding=gzip", 415),
        ("id=a&content-type=text%2Fplain", 415),
        ("id=a&content-type=", 415),
        ("id=a&content-type=&content-type=application%2Fjson", 200),
        ("id=a&accept=x&authorization=y&content-length=9&a=b=c&d", 200),
        ("", 200),
        ("&&==&=a&%&%zz&%ff", 200),
        (";" * 1_024, 200),
    ],
)
def test_attributes_count_as_the_headers_that_they_carry(
    server: Running, attributes: str, status: int
) -> None:
    assert invoke(server.port, attributes).status == status


def test_attributes_take_the_place_of_headers(server: Running) -> None:
    headers = (("Content-Type", "text/plain"), ("X-Request-Id", "theirs"))
    answer = invoke(server.port, "id=mine&content-type=application/json", headers=headers)
    assert (answer.status, answer.headers["x-request-id"]) == (200, "mine")


def test_an_invocation_is_held_to_the_limit_of_the_deployment(tmp_path: Path) -> None:
    environ = {"SM_MODEL_DIR": str(tmp_path), "MAX_BODY_BYTES": "6000000"}
    with running(*COMMAND, **environ) as server:
        assert invoke(server.port, "", EXAMPLE.ljust(6_000_000)).status == 200
        refused = invoke(server.port, "", EXAMPLE.ljust(6_000_001))
        assert (refused.status, refused.json["release"]) == (413, BUILD.release)
        assert " 6000000 bytes." in refused.json["detail"]


@pytest.mark.parametrize(
    ("attributes", "own_id"),
    [("a.1", "a.1"), ("id=b_2", "b_2"), ("a=b&id=c-3", "c-3"), ("x-request-id=a&id=d4", "d4")],
)
def test_a_request_is_called_what_its_attributes_say(
    server: Running, attributes: str, own_id: str
) -> None:
    answer = invoke(server.port, attributes, b"{}")
    assert answer.headers["x-request-id"] == answer.json["request_id"] == own_id
    assert server.line(request_id=own_id)["status"] == 422


@pytest.mark.parametrize(
    "attributes", ["", "id=", "id=a%20b", "a b", "x-request-id=mine", "id=%0a"]
)
def test_a_request_that_has_no_valid_id_gets_one(server: Running, attributes: str) -> None:
    own_id = invoke(server.port, attributes).headers["x-request-id"]
    assert len(own_id) == 16
    assert server.line(request_id=own_id)["status"] == 200


def test_a_trace_among_the_attributes_is_logged(server: Running) -> None:
    invoke(server.port, f"id=traced&traceparent={TRACE}")
    assert server.line(request_id="traced")["traceparent"] == TRACE


def test_it_is_sent_requests_from_the_moment_that_it_answers_a_ping(tmp_path: Path) -> None:
    gate, port = Gate(tmp_path / "gate"), free_port()
    environ = {"PORT": str(port), "LOAD_GATE": str(gate.path)}
    with starting("tests.gated_endpoint", **environ) as server:
        gate.wait()
        until(lambda: answers(port))
        assert get(port, "/ping").status == 503
        early = invoke(port, "id=early")
        assert (early.status, early.headers["retry-after"]) == (503, "1")
        assert (early.json["request_id"], early.json["release"]) == ("early", BUILD.release)
        gate.open()
        assert server.port == port
        assert get(port, "/ping").status == 200
        assert invoke(port, "").status == 200


def test_while_it_drains_it_answers_and_no_ping(tmp_path: Path) -> None:
    with running(*COMMAND, SM_MODEL_DIR=str(tmp_path), DRAIN_SECONDS="3600") as server:
        server.process.terminate()
        server.line(event="draining")
        assert get(server.port, "/ping").status == 503
        assert invoke(server.port, "").status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.wait() == 0


def test_a_signal_ends_it_with_0(tmp_path: Path) -> None:
    with running(*COMMAND, SM_MODEL_DIR=str(tmp_path)) as server:
        server.process.terminate()
        assert server.wait() == 0


def test_a_model_in_the_folder_is_served_in_place_of_the_builds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []

    class Watched(Predictor):
        def __init__(self, path: Path) -> None:
            loaded.append(path)
            super().__init__(path)

    monkeypatch.setattr("serving.app.Predictor", Watched)
    monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path))
    shutil.copy(MODEL, tmp_path)
    EndpointServer(Release.load(), Options()).load()
    assert loaded == [tmp_path / MODEL.name]


def test_a_folder_that_is_empty_or_missing_leaves_the_builds_model(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    assert model_in(tmp_path) is None
    assert model_in(tmp_path / "missing") is None


def test_a_folder_without_a_model_is_refused_and_the_log_names_what_is_there(
    tmp_path: Path,
) -> None:
    for name in ("model.pkl", "code"):
        (tmp_path / name).touch()
    with starting(*COMMAND, SM_MODEL_DIR=str(tmp_path)) as server:
        assert server.wait() == 1
        (line,) = server.log
        assert line["event"] == "failed to load the model"
        assert f"{tmp_path} holds code, model.pkl, and no model.onnx: pack" in line["error"]


def test_a_model_in_the_folder_that_is_none_ends_it(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with starting(*COMMAND, SM_MODEL_DIR=str(tmp_path)) as server:
        assert server.wait() == 1
        assert str(tmp_path) in server.log[0]["error"]


@pytest.mark.parametrize(("variable", "value"), [("API_VERSION", "v99"), ("RELEASE", "9.9.9")])
def test_deployed_as_another_build_it_refuses_to_start(variable: str, value: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *COMMAND],
        cwd=ROOT,
        env=os.environ | OPTIONS | {variable: value},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.returncode == 1
    assert f"the deployment says {variable}='{value}'" in result.stderr
