"""A client of the SageMaker target gets what Lambda's client gets, byte for byte.

The real container and the real Lambda handler answer; between client and container stand the
program's own mapping templates, in `tests/mapping.py`.
"""

import contextlib
import functools
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import SAME_EACH_TIME
from tests.deployed import DEPRECATED, Deployed
from tests.local_cloud.emulator import free_port
from tests.mapping import FRONTS_ID, JSON, Answer, Gateway, Headers, endpoint
from tests.processes import Server, on_lambda, serving, unnamed
from tests.project import table
from tests.test_fuzz import words

TABLES = table("mapping")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
# The container with a model that waits where a test tells it to, and fails at eight instances.
GATED = "tests.gated_endpoint"
# The same for Lambda.
BROKEN = """
from serving import app
def predict(self, instances):
    raise RuntimeError("the model is broken")
app.Predictor.predict = predict
"""


# What a client gets: from headers, and a body by its name.
type Client = Callable[..., Answer]


@contextlib.contextmanager
def predicting(project: Path, code: str = "", **environ: str) -> Iterator[Client]:
    """What a client of the Lambda handler gets."""
    with on_lambda(project, code, **environ) as ask:
        yield lambda *headers, body: ask("POST", "/v1/predict", headers, body)


@pytest.fixture(scope="module")
def project(prepared: Callable[[str], Path]) -> Path:
    return prepared("sagemaker")


@pytest.fixture(scope="module")
def contract(project: Path) -> dict[str, Any]:
    return json.loads((project / "contracts/v1.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def example(contract: dict[str, Any]) -> bytes:
    return contract["x-golden-requests"][0]["request"]["body"].encode()


@pytest.fixture(scope="module")
def many(example: bytes) -> bytes:
    return json.dumps({"instances": json.loads(example)["instances"] * 8}).encode()


@pytest.fixture(scope="module")
def live(project: Path) -> Deployed:
    return Deployed(project)


@pytest.fixture(scope="module")
def deprecated(project: Path) -> Deployed:
    return Deployed(project, state="deprecated", **DEPRECATED)


@pytest.fixture(scope="module")
def container(project: Path, live: Deployed) -> Iterator[Server]:
    with serving(project, "-m", "serving.sagemaker", "serve", **live.environ) as container:
        yield container


@pytest.fixture(scope="module")
def handler(prepared: Callable[[str], Path]) -> Iterator[Client]:
    with predicting(prepared("lambda")) as ask:
        yield ask


def front_of(deployed: Deployed, container: Server) -> Client:
    """What a client gets from the front of what is deployed."""
    gateway = Gateway(deployed.operation, endpoint(invoking(container)))
    return lambda *headers, body: gateway(headers, body, FRONTS_ID)


def invoking(container: Server) -> Callable[[Headers, bytes], Answer | None]:
    """What a container says to SageMaker."""
    return functools.partial(container.ask, "POST", "/invocations")


@pytest.fixture(scope="module")
def front(live: Deployed, container: Server) -> Client:
    return front_of(live, container)


def test_every_golden_request_is_answered_as_on_lambda(
    front: Client, handler: Client, live: Deployed, contract: dict[str, Any]
) -> None:
    statuses: list[int] = []
    for golden in contract["x-golden-requests"]:
        request = golden["request"]
        if request["method"] == "POST" and request["path"] in live.paths and request["body"]:
            headers, body = request["headers"].items(), request["body"].encode()
            answer = front(*headers, body=body)
            assert answer == handler(*headers, body=body), golden["name"]
            assert answer.status == golden["response"]["status"]
            statuses.append(answer.status)
    assert {200, 400, 404, 415, 422} == {*statuses}
    assert len(statuses) > 10


def test_an_empty_body_is_an_empty_object_as_soon_as_a_template_has_seen_it(
    front: Client, handler: Client
) -> None:
    assert unnamed(front(JSON, body=b"")) == unnamed(handler(JSON, body=b"{}"))


@pytest.mark.parametrize("spelt", [str, str.upper, str.lower, str.title, str.swapcase])
@pytest.mark.parametrize("case", TABLES["errors"].values(), ids=TABLES["errors"])
def test_every_error_is_answered_as_on_lambda_however_headers_are_spelt(
    front: Client, handler: Client, example: bytes, case: Any, spelt: Callable[[str], str]
) -> None:
    given = dict([JSON]) | case.get("headers", {})
    headers = [(spelt(name), value) for name, value in given.items() if value is not None]
    body = case["body"].encode("latin-1") * case.get("times", 1) if "body" in case else example
    answer = front(*headers, body=body)
    assert answer.status == case["status"]
    # API Gateway makes text of any body, for Lambda too.
    body = body.decode(errors="replace").encode()
    assert unnamed(answer) == unnamed(handler(*headers, body=body))


def test_a_model_that_fails_is_answered_as_on_lambda(
    project: Path, prepared: Callable[[str], Path], live: Deployed, many: bytes
) -> None:
    with predicting(prepared("lambda"), BROKEN) as ask, serving(project, "-m", GATED) as broken:
        answer = front_of(live, broken)(JSON, ("X-Request-Id", "mine"), body=many)
        assert answer.status == 500
        assert answer == ask(JSON, ("X-Request-Id", "mine"), body=many)
        assert "the model is broken" in broken.line("request_id", "mine")["error"]


def soon(condition: Callable[[], object]) -> Any:
    """What a condition gives as soon as that is something."""
    end = time.monotonic() + 10
    while not (found := condition()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.005)
    return found


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A named pipe at which the model of tests/gated.py waits until it is opened here."""
    os.mkfifo(tmp_path / "gate")
    return tmp_path / "gate"


def opened(gate: Path) -> int | None:
    """What opens the gate, once the model waits there."""
    with contextlib.suppress(OSError):
        return os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
    return None


def unavailable(front: Client, container: Server, example: bytes) -> None:
    """What a client gets is what the container says to anybody: to be asked again soon."""
    headers = [JSON, ("X-Request-Id", "mine")]
    answer = front(*headers, body=example)
    assert answer == container.ask("POST", "/v1/predict", headers, example)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_while_it_loads_the_client_is_told_to_come_again(
    project: Path, live: Deployed, example: bytes, gate: Path
) -> None:
    with serving(project, "-m", GATED, PORT=str(free_port()), LOAD_GATE=str(gate)) as loading:
        soon(lambda: loading.ask("GET", "/livez", [], b""))
        unavailable(front_of(live, loading), loading, example)


def test_where_the_queue_is_full_the_client_is_told_to_come_again(
    project: Path, live: Deployed, example: bytes, many: bytes, gate: Path
) -> None:
    pair = json.dumps({"instances": json.loads(many)["instances"][:2]}).encode()
    with (
        serving(project, "-m", GATED, GATE=str(gate), MAX_QUEUED="1") as full,
        ThreadPoolExecutor() as pool,
    ):
        first = pool.submit(invoking(full), [JSON], pair)
        at_the_gate = soon(lambda: opened(gate))
        # One of the two waits, and for the other there is no room.
        several = [pool.submit(invoking(full), [JSON], example) for _ in range(2)]
        (refused,), (waiting,) = wait(several, 10, FIRST_COMPLETED)
        unavailable(front_of(live, full), full, example)
        os.close(at_the_gate)
        statuses = [said.status for each in (first, waiting, refused) if (said := each.result(10))]
        assert statuses == [200, 200, 503]


@pytest.mark.parametrize("name", ["X-Request-Id", "x-request-id", "X-REQUEST-ID", "x-ReQuEsT-iD"])
def test_a_valid_request_id_comes_back_and_is_in_the_log(
    front: Client, container: Server, example: bytes, name: str
) -> None:
    own_id = f"mine.{name}_1"
    assert front(JSON, (name, own_id), body=example).headers["x-request-id"] == own_id
    assert container.line("request_id", own_id)["status"] == 200
    error = front(JSON, (name, own_id), body=b"")
    assert error.headers["x-request-id"] == json.loads(error.body)["request_id"] == own_id
    assert container.line("request_id", own_id)["status"] == 422


WORTHLESS = TABLES["worthless"] | {"too much": "a" * 129, "far too much": "a" * 5_000}


@pytest.mark.parametrize("body", [None, b"{}"])
@pytest.mark.parametrize("name", WORTHLESS)
def test_a_worthless_request_id_changes_nothing_but_itself(
    front: Client, container: Server, handler: Client, example: bytes, name: str, body: Any
) -> None:
    headers = [JSON, ("X-Request-Id", WORTHLESS[name])]
    answer = front(*headers, body=body or example)
    assert answer.headers["x-request-id"] == FRONTS_ID
    assert container.line("request_id", FRONTS_ID)["status"] == answer.status
    assert unnamed(answer) == unnamed(handler(*headers, body=body or example))


def test_without_a_request_id_the_fronts_own_is_in_header_body_and_log(
    front: Client, container: Server
) -> None:
    for content_type in ("application/json", "text/csv"):
        answer = front(("Content-Type", content_type), body=b"{}")
        assert answer.headers["x-request-id"] == FRONTS_ID
        assert json.loads(answer.body)["request_id"] == FRONTS_ID
        assert container.line("request_id", FRONTS_ID)["status"] == answer.status


def test_the_trace_is_in_the_log(front: Client, container: Server, example: bytes) -> None:
    front(JSON, ("traceparent", TRACE), ("X-Request-Id", "traced"), body=example)
    assert container.line("request_id", "traced")["traceparent"] == TRACE


@pytest.fixture(scope="module")
def deprecated_handler(prepared: Callable[[str], Path]) -> Iterator[Client]:
    environ = {name.upper(): value for name, value in DEPRECATED.items()}
    with predicting(prepared("lambda"), **environ) as ask:
        yield ask


@pytest.mark.parametrize("body", [None, b"{", b"{}", b" " * (1_048_576 + 1)])
def test_a_deprecated_version_says_so_on_every_answer(
    deprecated: Deployed,
    deprecated_handler: Client,
    container: Server,
    example: bytes,
    body: bytes | None,
) -> None:
    headers = [JSON, ("X-Request-Id", "mine")]
    answer = front_of(deprecated, container)(*headers, body=body or example)
    assert {"deprecation", "sunset", "link"} <= answer.headers.keys()
    assert answer == deprecated_handler(*headers, body=body or example)


def test_to_deprecate_a_version_changes_nothing_of_its_container(
    live: Deployed, deprecated: Deployed
) -> None:
    assert live.environ == deprecated.environ
    assert live.environ.keys() == {"API_VERSION", "RELEASE"}


values = words | st.sampled_from(["v1", "v2", "identity", "gzip", "an-id", "a" * 300, TRACE])


@st.composite
def requests(draw: st.DrawFn, types: list[str], example: bytes) -> tuple[list[Any], bytes]:
    """A request, each of its headers but once, in any case; the media type has a template."""
    names = ["x-request-id", "x-api-version", "content-encoding", "traceparent", "x-other", "get"]
    headers = draw(st.dictionaries(st.sampled_from(names), values, max_size=3))
    if content_type := draw(st.sampled_from([*types[:1] * 9, *types, None])):
        parameters = draw(st.sampled_from(["", "; charset=utf-8", "; charset=latin-1"]) | words)
        headers["content-type"] = f"{content_type};{parameters}" if parameters else content_type
    spelt = [
        (draw(st.sampled_from([name, name.upper(), name.title()])), value)
        for name, value in headers.items()
    ]
    cut, byte = draw(st.integers(1, len(example))), draw(st.binary(max_size=1))
    bodies = [example, example, example[:cut], example[: cut - 1] + byte + example[cut:]]
    return spelt, draw(st.sampled_from(bodies) | st.binary(min_size=1))


def test_whatever_is_asked_is_answered_as_on_lambda(
    front: Client, handler: Client, live: Deployed, example: bytes
) -> None:
    statuses: set[int] = set()
    types = [*live.integration["requestTemplates"]]

    @settings(SAME_EACH_TIME, max_examples=400, phases=[Phase.generate])
    @given(requests(types, example))
    def check(request: tuple[list[tuple[str, str]], bytes]) -> None:
        headers, body = request
        text = body.decode(errors="replace").encode()
        answer, same = front(*headers, body=body), handler(*headers, body=text)
        assert unnamed(answer) == unnamed(same)
        if answer.headers["x-request-id"] != FRONTS_ID:
            assert answer == same
        statuses.add(answer.status)

    check()
    assert statuses == {200, 400, 404, 415, 422}
