"""What a client can do to a connection: every limit, and bytes that are no request."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import pytest

from serving.app import Response
from serving.connection import LINGER_SECONDS, MAX_ASKED, MAX_HEAD_BYTES, MAX_HEADERS
from serving.contract import EXAMPLE_REQUEST
from serving.problem import MAX_BODY_BYTES
from tests.adapters import Running, running
from tests.raw import CHUNKED, Client, chunked, post
from tests.support import BUILD, EXAMPLE, PREDICT, VERSION
from tests.wire import Held, Wire

LARGE = bytes(20 * MAX_BODY_BYTES)
HALF = post()[:-10]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(REQUEST_SECONDS="1") as server:
        yield server
        assert server.process.poll() is None
        with Client(server.port) as client:
            client.send(post())
            assert client.answer().status == 200


@pytest.fixture
def client(server: Running) -> Iterator[Client]:
    with Client(server.port) as client:
        yield client


def several(count: int) -> bytes:
    """The body of a request with so many instances, by which its answer is known."""
    return msgspec.json.encode({"instances": EXAMPLE_REQUEST.instances * count})


def predicted(body: bytes) -> int:
    return len(json.loads(body)["predictions"])


REFUSED = {
    "garbage": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a version that never was": (400, post(EXAMPLE, version="7.3")),
    "a tunnel": (400, b"CONNECT somewhere.else:443 HTTP/1.1\r\nHost: here\r\n\r\n"),
    "a length that is no number": (400, post(EXAMPLE, "Content-Length: many")),
    "a negative length": (400, post(EXAMPLE, "Content-Length: -1")),
    "an empty length": (400, post(EXAMPLE, "Content-Length:")),
    "a length beyond all numbers": (400, post(EXAMPLE, f"Content-Length: {'9' * 30}")),
    "two lengths": (400, post(EXAMPLE, "Content-Length: 5", "Content-Length: 6")),
    "one length twice": (400, post(b"12345", "Content-Length: 5", "Content-Length: 5")),
    "a length and chunks": (400, post(chunked(EXAMPLE), "Content-Length: 5", CHUNKED)),
    "a length in the trailer": (
        400,
        post(chunked(EXAMPLE, "Content-Length: many"), CHUNKED),
    ),
    "chunks of no length": (400, post(b"zz\r\n", CHUNKED)),
    "a body in another coding": (400, post(EXAMPLE, "Transfer-Encoding: gzip")),
    "a header with a null": (400, post(EXAMPLE, "X-Odd: a\0b")),
    "a header with a space": (400, post(EXAMPLE, "X Odd : a")),
    "too many headers": (431, post(EXAMPLE, *["a: b"] * MAX_HEADERS)),
    "headers too long": (431, post(EXAMPLE, *["a: " + "b" * 1_000] * 66)),
    "one header too long": (431, post(EXAMPLE, "a: " + "b" * MAX_HEAD_BYTES)),
    "a path too long": (431, post(EXAMPLE, path="/" + "a" * MAX_HEAD_BYTES)),
    "a header without an end": (431, b"GET / HTTP/1.1\r\na: " + b"b" * MAX_HEAD_BYTES),
    "a trailer without an end": (
        431,
        post(b"1\r\n{\r\n0\r\na: " + b"b" * 10 * MAX_HEAD_BYTES, CHUNKED),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_is_refused_in_the_apps_own_form(
    server: Running, client: Client, name: str
) -> None:
    status, data = REFUSED[name]
    with suppress(ConnectionError):  # it may be refused before its end
        client.send(data)
    answer = client.answer()
    assert answer.status == answer.json["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json["request_id"]
    assert answer.headers["x-api-version"] == VERSION
    assert answer.headers["x-model-release"] == BUILD.release
    assert answer.headers["connection"] == "close"
    assert client.is_closed()
    line = server.line(request_id=answer.json["request_id"])
    assert (line["status"], line["method"], line["path"]) == (status, None, None)


def test_as_many_headers_as_allowed_are_read(client: Client) -> None:
    client.send(post(EXAMPLE, *["a: " + "b" * 600] * (MAX_HEADERS - 3)))
    assert client.answer().status == 200


def test_a_body_over_the_limit_is_refused_and_the_connection_goes_on(client: Client) -> None:
    for request in (post(LARGE), post(chunked(LARGE), CHUNKED)):
        client.send(request)
        assert client.answer().status == 413
    client.send(post())
    assert client.answer().status == 200


def test_a_body_declared_as_endless_is_refused_before_it_comes(client: Client) -> None:
    client.send(post(b"", f"Content-Length: {10**12}"))
    assert client.answer().status == 413
    assert client.is_closed()  # after REQUEST_SECONDS


def test_who_asks_before_sending_is_told_to_go_on(client: Client) -> None:
    expects = "Expect: 100-continue"
    client.send(post(b"", expects, f"Content-Length: {len(EXAMPLE)}"))
    assert client.answer().status == 100
    client.send(EXAMPLE)
    assert client.answer().status == 200
    client.send(post(b"", expects, f"Content-Length: {MAX_BODY_BYTES + 1}"))
    refused = client.answer()
    assert (refused.status, refused.headers["connection"]) == (413, "close")
    assert client.is_closed()


def test_what_is_asked_before_sending_is_held_to_the_limit_of_the_deployment() -> None:
    expects = "Expect: 100-continue"
    with running(MAX_BODY_BYTES="1024") as server, Client(server.port) as client:
        client.send(post(b"", expects, "Content-Length: 1024"))
        assert client.answer().status == 100
        client.send(EXAMPLE.ljust(1_024))
        assert client.answer().status == 200
        client.send(post(b"", expects, "Content-Length: 1025"))
        assert client.answer().status == 413


def test_pipelined_requests_are_answered_in_their_order(client: Client) -> None:
    counts = [1 + i % 7 for i in range(300)]
    requests = [post(several(n), f"X-Request-Id: {i}") for i, n in enumerate(counts)]
    client.send(b"".join(requests))
    for i, count in enumerate(counts):
        answer = client.answer()
        assert (answer.status, answer.headers["x-request-id"]) == (200, str(i))
        assert predicted(answer.body) == count


def test_many_small_requests_are_no_large_head(client: Client) -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"
    for _ in range(10):
        client.send(request * 200)
        assert {client.answer("GET").status for _ in range(200)} == {200}


def test_nothing_more_is_read_while_requests_wait_for_earlier_ones() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        numbers = [b"%d" % i for i in range(MAX_ASKED + 2)]
        wire.connection.data_received(b"".join(map(post, numbers)))
        wire.transport.pause_reading.assert_called_once_with()
        assert [request.body for request, _ in server.asked] == numbers[:MAX_ASKED]
        for is_reading in (False, True):
            assert wire.transport.resume_reading.called is is_reading
            while server.asked:
                request, answered = server.asked.pop()  # the last one first
                answered(Response(200, (), request.body, ""))
            await asyncio.sleep(0)
        assert re.findall(rb"\r\n\r\n(\d+)", wire.written) == numbers

    asyncio.run(scenario())


def test_nothing_is_read_or_asked_for_a_client_that_does_not_read() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        wire.connection.pause_writing()
        wire.transport.pause_reading.assert_called_once_with()
        wire.connection.data_received(post() * 2)
        assert server.asked == []
        wire.connection.resume_writing()
        wire.transport.resume_reading.assert_called_once_with()
        assert len(server.asked) == 2

    asyncio.run(scenario())


def test_an_answer_for_a_client_that_has_gone_is_dropped() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        expects = post(b"", "Expect: 100-continue", "Content-Length: 5")
        wire.connection.data_received(post() + expects)
        wire.transport.is_closing.return_value = True
        wire.connection.connection_lost(ConnectionResetError())
        ((_, answered),) = server.asked
        answered(Response(200, (), b"", ""))
        wire.transport.write.assert_not_called()
        assert server.connections == set()

    asyncio.run(scenario())


def allowed(wire: Wire) -> float:
    """Seconds until the client has taken too long."""
    return wire.connection.until - asyncio.get_running_loop().time()


def test_who_does_not_read_has_the_time_of_a_request_and_then_that_of_an_idle_one() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        wire.connection.data_received(post())
        wire.transport.write.side_effect = lambda _: wire.connection.pause_writing()
        ((_, answered),) = server.asked
        answered(Response(200, (), b"large", ""))
        options = server.options
        assert allowed(wire) <= options.request_seconds < options.keep_alive_seconds
        wire.connection.resume_writing()
        assert allowed(wire) > options.request_seconds

    asyncio.run(scenario())


def test_a_closed_connection_whose_client_does_not_read_is_given_up() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        wire.connection.end_if_slow(wire.connection.until + 1)
        wire.transport.close.assert_called_once_with()
        wire.transport.is_closing.return_value = True
        wire.connection.end_if_slow(wire.connection.until - 1)
        wire.transport.abort.assert_not_called()
        wire.connection.end_if_slow(wire.connection.until + 1)
        wire.transport.abort.assert_called_once_with()

    asyncio.run(scenario())


def test_a_client_has_time_to_read_its_last_answer_and_little_after_it() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        wire.connection.data_received(post(EXAMPLE, "Connection: close"))
        ((_, answered),) = server.asked
        answered(Response(200, (), b"large", ""))
        wire.transport.write_eof.assert_called_once_with()
        now = asyncio.get_running_loop().time()
        wire.transport.get_write_buffer_size.return_value = 5
        wire.connection.end_if_slow(now + LINGER_SECONDS + 1)
        assert allowed(wire) > server.options.request_seconds - 1
        wire.transport.get_write_buffer_size.return_value = 0
        wire.connection.end_if_slow(now)
        assert allowed(wire) <= LINGER_SECONDS
        wire.transport.close.assert_not_called()
        wire.connection.end_if_slow(now + LINGER_SECONDS + 1)
        wire.transport.close.assert_called_once_with()

    asyncio.run(scenario())


def test_at_the_end_nobody_is_waited_for_but_whoever_is_answered_or_reads() -> None:
    async def scenario() -> None:
        idle, asking, reading = (Wire(Held()) for _ in range(3))
        asking.connection.data_received(HALF)
        reading.connection.data_received(b"garbage\r\n\r\n")
        for wire in (idle, asking, reading):
            wire.connection.end_if_idle()
        idle.transport.close.assert_called_once_with()
        asking.transport.close.assert_not_called()
        reading.transport.close.assert_not_called()

    asyncio.run(scenario())


def test_a_trailer_that_ends_the_connection_is_heeded(client: Client) -> None:
    client.send(post(chunked(EXAMPLE, "Connection: close"), CHUNKED))
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.is_closed()


def test_garbage_after_a_request_does_not_cost_its_answer(client: Client) -> None:
    client.send(post() + b"\0garbage\r\n\r\n")
    assert client.answer().status == 200
    assert client.is_closed()


def test_a_client_that_has_sent_all_it_has_is_answered(client: Client) -> None:
    client.send(post())
    client.socket.shutdown(socket.SHUT_WR)
    assert client.answer().status == 200
    assert client.is_closed()


def test_a_client_that_has_sent_all_it_has_gets_an_answer_that_takes_time() -> None:
    async def scenario() -> None:
        server = Held()
        wire = Wire(server)
        wire.connection.data_received(post())
        assert wire.connection.eof_received()
        ((_, answered),) = server.asked
        wire.transport.close.assert_not_called()
        answered(Response(200, (), b"late", ""))
        assert wire.written.endswith(b"late")
        wire.transport.close.assert_called_once_with()

    asyncio.run(scenario())


def test_a_truncated_request_is_not_answered(client: Client) -> None:
    client.send(HALF)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.is_closed()


@pytest.mark.parametrize("data", [HALF, post(), post()[:30], b""])
def test_a_client_that_drops_its_connection_harms_nobody(client: Client, data: bytes) -> None:
    client.send(data)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_http_1_0_is_answered_and_closed(client: Client) -> None:
    client.send(post(version="1.0"))
    assert client.answer().status == 200
    assert client.is_closed()


def test_an_answer_to_head_has_no_body(client: Client) -> None:
    client.send(f"HEAD {PREDICT} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    answer = client.answer("HEAD")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    client.send(post())
    assert client.answer().status == 200


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_an_offer_of_another_protocol_is_ignored(client: Client, protocol: str) -> None:
    offer = "Connection: Upgrade", f"Upgrade: {protocol}"
    client.send(post(several(2), *offer) + post(chunked(several(3)), CHUNKED, *offer))
    client.send(post(several(4), *offer)[:-10])
    assert [predicted(client.answer().body) for _ in range(2)] == [2, 3]
    client.send(several(4)[-10:])
    assert predicted(client.answer().body) == 4


def test_a_trailer_is_no_header(client: Client) -> None:
    trailers = "X-API-Version: v99", "X-Request-Id: from-the-trailer"
    client.send(post(chunked(EXAMPLE, *trailers), CHUNKED))
    answer = client.answer()
    assert answer.status == 200
    assert answer.headers["x-request-id"] != "from-the-trailer"


SLOW = {
    "headers": (408, post()[:30]),
    "a body": (408, HALF),
    "chunks": (408, post(b"5\r\n12", CHUNKED)),
    "a second request": (200, post() + HALF),
    "nothing": (None, b""),
    "an empty line": (None, b"\r\n"),
    "an empty line after a request": (200, post() + b"\r\n"),
}


def test_who_does_not_send_in_time_is_refused(server: Running) -> None:
    clients = {name: Client(server.port) for name in SLOW}
    for name, (_, data) in SLOW.items():
        clients[name].send(data)
    for name, (status, _) in SLOW.items():
        with clients[name] as client:
            if status:
                assert client.answer().status == status, name
            if name == "a second request":
                assert client.answer().status == 408
            if name == "an empty line after a request":
                client.send(b"\r\n")
            assert client.is_closed(), name


def test_who_does_not_read_in_time_is_cut_off(client: Client) -> None:
    asked = f"GET /openapi.json HTTP/1.1\r\nHost: here\r\nPadding: {'x' * 4_000}\r\n\r\n"
    with pytest.raises(ConnectionError):
        client.send(asked.encode() * 10_000)  # with answers, more than all buffers on the way hold
