"""Generated requests: server and Lambda handler answer alike, never with a fault of their own."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import SAME_EACH_TIME
from tests.mapping import JSON, Answer
from tests.processes import Server, exchange, on_lambda, said, serving, unnamed

CLIENTS = 16


class Sent(NamedTuple):
    """A request of any kind; its headers apart from the body's length."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


numbers = st.floats(0.1, 8).map(lambda number: round(number, 2))
names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
rows = st.fixed_dictionaries(dict.fromkeys(names, numbers))
documents = st.lists(rows, min_size=1, max_size=3).map(lambda several: {"instances": several})


def request(document: object) -> Sent:
    """A prediction request."""
    return Sent("POST", "/v1/predict", [JSON], json.dumps(document).encode())


valid = documents.map(request)
# What both ways to the app can carry.
words = st.from_regex(r"([!-~\xa1-\xff]([ -~\xa1-\xff]{0,20}[!-~\xa1-\xff])?)?", fullmatch=True)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
replaced = st.builds(
    lambda row, name, value: row | {name: value}, rows, st.sampled_from(names), values
)
headers = st.tuples(
    st.sampled_from(["X-API-Version", "Content-Type", "Content-Encoding", "X-Request-Id"]),
    words | st.sampled_from(["v1", "application/problem+json", "identity", "gzip", "an-id"]),
)
paths = st.from_regex(r"/(v[0-9]/)?(predict|openapi\.json|[!-\"$->@-~]{0,9})", fullmatch=True)
one_off = st.one_of(
    st.builds(lambda row: request({"instances": [row]}), replaced),
    st.builds(
        lambda row, more: request({"instances": [row | more]}),
        rows,
        st.dictionaries(st.text(), values, min_size=1, max_size=1),
    ),
    st.builds(
        lambda row, name: request({"instances": [{k: v for k, v in row.items() if k != name}]}),
        rows,
        st.sampled_from(names),
    ),
    st.builds(lambda value: request({"instances": value}), values),
    st.builds(
        lambda sent, at, byte: sent._replace(
            body=sent.body[: at % len(sent.body)] + byte + sent.body[at % len(sent.body) + 1 :]
        ),
        valid,
        st.integers(0),
        st.binary(max_size=2),
    ),
    st.builds(
        lambda sent, at: sent._replace(body=sent.body[: at % len(sent.body)]), valid, st.integers(0)
    ),
    st.builds(lambda sent, header: sent._replace(headers=[*sent.headers, header]), valid, headers),
    st.builds(lambda sent, path: sent._replace(path=path), valid, paths),
    st.builds(
        lambda sent, method: sent._replace(method=method),
        valid,
        st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    ),
)
noise = st.builds(lambda sent, body: sent._replace(body=body), valid, st.binary(max_size=200))
wire = st.binary(max_size=200) | st.builds(
    lambda body: b"POST /v1/predict HTTP/1.1\r\n" + body, st.binary(max_size=200)
)
many = st.tuples(
    st.lists(valid, min_size=14, max_size=14),
    st.lists(one_off, min_size=14, max_size=14),
    st.lists(noise, min_size=8, max_size=8),
    st.lists(wire, min_size=4, max_size=4),
)


class Clients:
    """All that asks a server, each over a connection of its own."""

    def __init__(self, server: Server) -> None:
        self.server, self.local = server, threading.local()

    def __call__(self, sent: Sent) -> Answer:
        """Its answer to one request."""
        if not hasattr(self.local, "connection"):
            self.local.connection = self.server.connection()
        return unnamed(said(self.local.connection, *sent))

    def raw(self, data: bytes) -> bytes:
        """What it says to these bytes, until it closes the connection."""
        return exchange(self.server.port, data)


type Handler = Callable[[Sent], Answer]


@pytest.fixture
def handler(prepared: Callable[[str], Path]) -> Iterator[Handler]:
    """The handler, as long as the test runs."""
    with on_lambda(prepared("lambda")) as ask:
        yield lambda sent: unnamed(ask(*sent))


@pytest.fixture
def clients(prepared: Callable[[str], Path]) -> Iterator[Clients]:
    """The server, as long as the test runs."""
    with serving(prepared("kubernetes"), "-m", "serving.server") as server:
        yield Clients(server)


def alone(handler: Handler, row: object) -> object:
    """The prediction of one row."""
    (prediction,) = json.loads(handler(request({"instances": [row]})).body)["predictions"]
    return prediction


def test_server_and_handler_answer_everything_alike(clients: Clients, handler: Handler) -> None:
    statuses: set[int] = set()
    predictions: set[str] = set()

    # To make a failure smaller would take minutes.
    @settings(SAME_EACH_TIME, max_examples=100, phases=[Phase.generate])
    @given(many)
    def check(kinds: tuple[list[Sent], list[Sent], list[Sent], list[bytes]]) -> None:
        *requests, raw = kinds
        several = [sent for each in zip(*requests[:2], strict=True) for sent in each] + requests[2]
        at_the_wire = pool.map(clients.raw, raw)
        answers = [*pool.map(clients, several)]
        for sent, answer in zip(several, answers, strict=True):
            assert answer == handler(sent)
            assert answer.status < 500
            statuses.add(answer.status)
            if answer.status == 200 and b"predictions" in answer.body[:20]:
                found = json.loads(answer.body)["predictions"]
                assert found == [alone(handler, row) for row in json.loads(sent.body)["instances"]]
                predictions.update(map(str, found))
        for answer in at_the_wire:
            assert not re.match(rb"HTTP/1.1 5", answer)

    with ThreadPoolExecutor(CLIENTS) as pool:
        check()
    assert statuses == {200, 400, 404, 405, 415, 422}
    assert len(predictions) > 50  # else an answer to another row would not show
    assert clients(request({"instances": [dict.fromkeys(names, 1)]})).status == 200
    assert clients.server.process.poll() is None
    log = map(json.dumps, [*clients.server.lines.queue])  # some of it may be on its way
    assert not [line for line in log if '"ready"' in line or '"error"' in line]
