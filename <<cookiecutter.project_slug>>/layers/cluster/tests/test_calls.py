"""Who has called, as Prometheus has counted: a server that speaks its API stands in for it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, override
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from infra import clients
from serving.clients import RESERVED
from tools import calls as counting
from tools.calls import APART, UNKNOWN, calls
from tools.clients import Calls
from tools.refused import Refused

NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(days=30)
POD, OTHER_POD = "iris-v1-6d4cf56db6-x7k2p", "iris-v1-6d4cf56db6-b9q4z"
LETS_IN = "abc.def"
STEP = 30 * 24 * 3_600 // 2_000
TOLD = {"client_header": "X-Client", "clients": ["acme", "beta"]}


def ago(**time: float) -> float:
    return (NOW - timedelta(**time)).timestamp()


def series(values: dict[float, float], pod: str = POD, **labels: str) -> dict[str, Any]:
    """A series of a pod, as Prometheus says it; `values` by the second."""
    return {
        "metric": {"namespace": "iris-prod", "pod": pod, **labels},
        "values": [[at, str(value)] for at, value in values.items()],
    }


def through(start: float, value: float, until: float = 0) -> dict[float, float]:
    """A value at each step from a moment, until now or so many seconds ago."""
    end = NOW.timestamp() - until
    return {end - each * STEP: value for each in reversed(range(int((end - start) / STEP) + 1))}


@dataclass
class StandIn:
    """What it says of each metric. asked: the questions, and by which token."""

    started: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[dict[str, str], str | None]] = field(default_factory=list)

    def answer(self, query: str) -> bytes:
        if self.body is not None:
            return self.body
        found = self.started if "process_start_time_seconds" in query else self.requests
        data = {"resultType": "matrix", "result": found}
        return json.dumps({"status": "success", "data": data}).encode()


@contextmanager
def listening(own: StandIn) -> Iterator[str]:
    """Its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(parts.query).items()}
            own.asked.append((given, self.headers["Authorization"]))
            body = own.answer(given.get("query", ""))
            self.send_response(own.status)
            for name, value in own.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def prometheus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """It has read one pod, which has run for 60 days."""
    monkeypatch.setattr(counting, "ROOT", tmp_path)
    stack(tmp_path)
    own = StandIn([series(through(SINCE.timestamp(), ago(days=60)))], [])
    with listening(own) as url:
        monkeypatch.setenv("PROMETHEUS_URL", url + "/")
        monkeypatch.delenv("PROMETHEUS_TOKEN", raising=False)
        yield own


def stack(folder: Path, **keys: Any) -> None:
    """A stack `prod` of a project `iris`."""
    own = {"versions": {"v1": {"release": "1.4.2", "state": keys.pop("state", "live")}}} | keys
    text = yaml.safe_dump({"config": {f"iris:{key}": value for key, value in own.items()}})
    (folder / "Pulumi.yaml").write_text("name: iris\n", "utf-8")
    (folder / "Pulumi.prod.yaml").write_text(text, "utf-8")


def by_client(found: list[Calls]) -> dict[str, tuple[int, float]]:
    return {each.client: (each.calls, each.last_seen.timestamp()) for each in found}


def test_clients_are_told_apart_by_what_each_counter_has_grown_by(
    prometheus: StandIn, tmp_path: Path
) -> None:
    stack(tmp_path, **TOLD)
    start, middle, late = SINCE.timestamp(), ago(days=10), ago(days=2)
    prometheus.requests = [
        # Before the 30 days it had counted 1,000.
        series({start: 1_000, middle: 1_004, late: 1_004}, status="200", client="acme"),
        # A status that it had not counted before.
        series({late: 2, late + STEP: 2}, status="404", client="acme"),
        # The server has started anew.
        series({start: 50, middle: 60, late: 5}, status="200", client="beta"),
        series({start: 7, late: 7}, status="200", client="other"),
        series({start: 7, late: 9}, status="200", client="make-check"),
        series({start: 7, late: 8}, status="200"),
    ]
    assert by_client(calls("v1", "prod", SINCE)) == {
        "acme": (6, late),
        "beta": (15, late),
        UNKNOWN: (1, late),
    }


def test_what_a_new_pod_has_counted_before_it_was_read_counts(
    prometheus: StandIn, tmp_path: Path
) -> None:
    stack(tmp_path, **TOLD)
    at = ago(days=3)
    prometheus.started.append(series(through(at, at - 10), OTHER_POD))
    prometheus.requests = [series({at: 5}, OTHER_POD, status="200", client="acme")]
    assert by_client(calls("v1", "prod", SINCE)) == {"acme": (5, at)}


def test_without_the_keys_all_are_one_and_the_keys_are_named(
    prometheus: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    start, late = SINCE.timestamp(), ago(days=2)
    prometheus.requests = [
        series({start: 1, late: 3}, status="200"),
        series({start: 1, late: 2}, status="200", client="acme"),
    ]
    assert by_client(calls("v1", "prod", SINCE)) == {"": (3, late)}
    assert capsys.readouterr().err == f"{APART.format('prod')}\n"


def test_nobody_has_called_where_no_counter_has_grown(prometheus: StandIn, tmp_path: Path) -> None:
    stack(tmp_path, **TOLD)
    prometheus.requests = [series(through(SINCE.timestamp(), 1_000), status="200", client="acme")]
    assert calls("v1", "prod", SINCE) == []


def test_the_pods_of_one_api_version_are_asked_for_in_their_namespace(
    prometheus: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(tmp_path, namespace={"name": "models"}, **TOLD)
    monkeypatch.setenv("PROMETHEUS_TOKEN", LETS_IN)
    calls("v1", "prod", SINCE)
    of = '{namespace="models",pod=~"iris-v1-[a-z0-9]+-[a-z0-9]+"}'
    for (given, token), metric in zip(
        prometheus.asked,
        (
            "min by (pod) (min_over_time(process_start_time_seconds",
            "max by (pod, status, client) (max_over_time(model_serving_requests_total",
        ),
        strict=True,
    ):
        assert given["query"].startswith(metric + of)
        assert token == f"Bearer {LETS_IN}"
        step = int(given["step"])
        assert given["query"].endswith(f"[{step}s]))")
        start, end = float(given["start"]), float(given["end"])
        assert start <= SINCE.timestamp() < start + step + 60
        assert end >= NOW.timestamp()
        assert (end - start) / step == pytest.approx(round((end - start) / step), abs=0.01)
        assert (end - start) / step < 11_000


def refused(version: str = "v1", since: datetime = SINCE) -> str:
    with pytest.raises(Refused) as why:
        calls(version, "prod", since)
    return str(why.value)


def test_pods_that_prometheus_has_never_read_are_not_nobody(prometheus: StandIn) -> None:
    prometheus.started = []
    assert "has read no pod of v1 in iris-prod since" in refused()
    assert "network.metrics_from" in refused()


def test_nobody_is_not_said_of_time_that_prometheus_does_not_keep(
    prometheus: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ago(days=15)
    prometheus.started = [series(through(kept, ago(days=60)))]
    assert "nobody is known to have called v1, and Prometheus has read its pods since" in refused()
    prometheus.requests = [series({kept: 7, ago(days=1): 8}, status="200")]
    assert [each.calls for each in calls("v1", "prod", SINCE)] == [1]
    assert "This is not all: Prometheus has read its pods since" in capsys.readouterr().err


def test_an_api_version_that_is_new_has_all_of_its_time_read(prometheus: StandIn) -> None:
    at = ago(days=3)
    prometheus.started = [series(through(at, at - 20))]
    assert calls("v1", "prod", SINCE) == []


def test_nobody_is_not_said_where_prometheus_reads_the_pods_no_more(
    prometheus: StandIn, tmp_path: Path
) -> None:
    gone = 24 * 3_600
    prometheus.started = [series(through(SINCE.timestamp(), ago(days=60), until=gone))]
    assert "Prometheus has read none of its pods since" in refused()
    stack(tmp_path, state="retired", **TOLD)
    assert calls("v1", "prod", SINCE) == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "PROMETHEUS_URL is missing; write where Prometheus is, such as"),
        ("localhost:9090", "PROMETHEUS_URL is 'localhost:9090'; write where"),
        ("file:///etc/passwd", "PROMETHEUS_URL is 'file:///etc/passwd'; write where"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1 does not answer ("),
    ],
)
@pytest.mark.usefixtures("prometheus")
def test_where_there_is_no_prometheus_that_is_said(
    url: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_URL", url)
    assert refused().startswith(sentence)


ERROR = b'{"status":"error","errorType":"bad_data","error":"too many samples"}'


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, b"", "lets nobody in (401); set PROMETHEUS_TOKEN, its token."),
        (403, b"", "lets nobody in (403); set PROMETHEUS_TOKEN, its token."),
        (422, ERROR, "answers 422: too many samples."),
        (503, b"<html>", "answers 503: Service Unavailable; write where Prometheus is"),
        (200, b"<html>", "is no Prometheus; write where Prometheus is"),
        (200, b"[]", "is no Prometheus; write where Prometheus is"),
        (200, b'{"status":"success"}', "says is no answer of Prometheus (KeyError('data'))."),
        (200, b'{"status":"success","data":{"result":[1]}}', "says is no answer of Prometheus ("),
    ],
)
def test_an_answer_that_is_none_is_said(
    prometheus: StandIn, status: int, body: bytes, sentence: str
) -> None:
    prometheus.status, prometheus.body = status, body
    assert sentence in refused()


def test_a_token_is_sent_to_nobody_else(
    prometheus: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_TOKEN", LETS_IN)
    elsewhere = StandIn([], [])
    with listening(elsewhere) as url:
        prometheus.status, prometheus.headers = 302, {"Location": f"{url}/api/v1/query_range"}
        assert "answers 302" in refused()
    assert elsewhere.asked == []


def test_settings_and_server_keep_the_same_names_for_others() -> None:
    assert {*clients.RESERVED} == {*RESERVED}
