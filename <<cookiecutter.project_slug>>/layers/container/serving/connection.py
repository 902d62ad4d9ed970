"""HTTP/1.1 on one connection: bytes to requests, responses to bytes, and every limit on a client.

https://www.rfc-editor.org/rfc/rfc9112, whose sections are named where they are kept.
"""

import asyncio
import random
import re
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, cast, override

import httptools

from serving.app import Request, Response
from serving.problem import Problem

if TYPE_CHECKING:
    from serving.server import ModelServer

MAX_HEADERS = 100
MAX_HEAD_BYTES = 65_536
# How much more than the limit is read of a body, so that the client gets to reading the answer.
MAX_DISCARDED_BYTES = 33_554_432
# Requests of one connection that are answered at once; while more have arrived, nothing is read.
MAX_ASKED = 8
# How long a client that has got its last answer may go on sending.
LINGER_SECONDS = 2
# RFC 3986, 3.2.2; nothing in it separates two.
HOST = re.compile(r"[\w.~!$&'()*+;=:%\[\]-]*", re.ASCII)
STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n" for each in HTTPStatus}


class Exchange:
    """A request, and then its response. `last`: the connection ends with it."""

    __slots__ = ("connection", "last", "request", "response")

    def __init__(self, connection: "Connection", request: Request, *, last: bool) -> None:
        self.connection, self.request, self.last = connection, request, last
        self.response: Response | None = None

    def answer(self, response: Response) -> None:
        """Send the response, after those of earlier requests."""
        self.response = response
        self.connection.send_answers()


class Connection(asyncio.Protocol):
    """A client: what it sends goes to a parser, which calls the methods `on_…`.

    arriving: a request has begun, and not ended. head_bytes: received since the last byte of a body
    or of a request, so trailers count too. waiting, asked: requests that have arrived, and those
    of them that are being answered. ended: nothing more is read. until: when the client has taken
    too long for what it is at.
    """

    transport: asyncio.Transport
    # Of the request that is arriving.
    target: bytes
    fields: list[tuple[bytes, bytes]]
    headers: dict[str, str]
    version: str
    body: bytes | bytearray
    body_bytes: int
    too_large: bool

    def __init__(self, server: "ModelServer") -> None:
        self.server, self.options = server, server.options
        self.max_body_bytes = server.release.max_body_bytes
        self.loop = asyncio.get_running_loop()
        self.waiting: deque[Exchange] = deque()
        self.asked: deque[Exchange] = deque()
        self.idle = self.arriving = self.expecting = self.half_closed = self.ended = False
        self.reading = self.writable = True
        self.head_bytes = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpRequestParser(self)
        self.server.connections.add(self)
        self._allow(self.options.request_seconds)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        self.waiting.clear()
        self.asked.clear()
        del self.parser  # it refers to this, and keeps it

    @override
    def data_received(self, data: bytes) -> None:
        if self.ended:
            return
        if self.idle:
            self._begin()
        self.head_bytes += len(data)
        try:
            while data:
                data = self._feed(data)
            if self.head_bytes > MAX_HEAD_BYTES:
                self._refuse(_head_too_large())
        except httptools.HttpParserError as error:
            problem = error.__context__  # what a method below has raised
            if not isinstance(problem, Problem):
                problem = Problem(400, "This is not an HTTP request.")
            self._refuse(problem)

    def _feed(self, data: bytes) -> bytes:
        """Parse; returns what to parse next: nothing, or a request without its offer to upgrade.

        No other protocol is spoken here, so that offer is ignored (RFC 9110, 7.8), but the parser
        has left the body unread. Java's client makes it with every first request.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            method, version = self.parser.get_method(), self.parser.get_http_version().encode()
            if method == b"CONNECT":
                raise httptools.HttpParserError from None
            head = [b"%b %b HTTP/%b" % (method, self.target, version)]
            head += [b"%b: %b" % each for each in self.fields if each[0].lower() != b"upgrade"]
            self.parser = httptools.HttpRequestParser(self)
            return b"\r\n".join([*head, b"", data[upgrade.args[0] :]])
        return b""

    def _begin(self) -> None:
        self.idle = False
        self._allow(self.options.request_seconds)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self.idle:
            self._begin()
        self.arriving = True
        self.target, self.fields, self.body, self.body_bytes = b"", [], b"", 0

    def on_url(self, url: bytes) -> None:
        """A part of the request's target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or after the body a trailer, which nobody reads."""
        self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head; raises Problem for one that is refused."""
        if self.parser.should_upgrade():
            return  # _feed does the rest
        fields, self.fields = self.fields, []
        if len(fields) > MAX_HEADERS:
            raise _head_too_large()
        size = len(self.target)
        headers: dict[str, str] = {}
        for name_bytes, value_bytes in fields:
            size += len(name_bytes) + len(value_bytes)
            name, value = name_bytes.decode("latin-1").lower(), value_bytes.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if size > MAX_HEAD_BYTES:
            raise _head_too_large()
        self.version = version = self.parser.get_http_version()
        _check_head(version, self.target, headers)
        self.headers = headers
        declared = int(headers.get("content-length", "0"))
        self.too_large = declared > self.max_body_bytes
        if declared > self.max_body_bytes + MAX_DISCARDED_BYTES:
            self._arrived(last=True)
        elif version == "1.1" and headers.get("expect", "").lower() == "100-continue":
            if self.too_large:
                self._arrived(last=True)
            elif declared or "transfer-encoding" in headers:
                self.expecting = True
                self._invite()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self.head_bytes = 0
        self.body_bytes += len(body)
        if self.body_bytes > self.max_body_bytes or self.too_large:
            self.too_large, self.body = True, b""
            if self.body_bytes > self.max_body_bytes + MAX_DISCARDED_BYTES:
                self._arrived(last=True)
        elif not self.body:  # as nearly all bodies are: in one part
            self.body = body
        else:
            if isinstance(self.body, bytes):
                self.body = bytearray(self.body)
            self.body += body

    def on_message_complete(self) -> None:
        """The last byte of a request."""
        if not self.parser.should_upgrade():
            self._arrived(last=self.version == "1.0" or not self.parser.should_keep_alive())

    def _arrived(self, *, last: bool) -> None:
        """Have a request answered, unless it has been before its end."""
        if self.ended:
            return
        self.arriving = self.expecting = False
        self.ended, self.head_bytes = last, 0
        method = self.parser.get_method().decode()
        # As the client wrote it: an escaped path is another path, on every target.
        path = self.target.partition(b"?")[0].decode("latin-1")
        body = self.server.too_large if self.too_large else bytes(self.body)
        request = Request(method, path, self.headers, body, new_id())
        exchange = Exchange(self, request, last=last)
        if self.writable and not self.waiting and len(self.asked) < MAX_ASKED:
            self._ask(exchange)
        else:
            self.waiting.append(exchange)
            self._pace()

    def _ask(self, exchange: Exchange) -> None:
        self.asked.append(exchange)
        self.server.answer(exchange.request, exchange.answer)

    def _ask_waiting(self) -> None:
        """Have the server answer what waits, as much as may be at once."""
        while self.waiting and self.writable and len(self.asked) < MAX_ASKED:
            self._ask(self.waiting.popleft())
        self._pace()

    def send_answers(self) -> None:
        """Send what is answered, in the order of the requests (9.3.2)."""
        while self.asked and (response := self.asked[0].response):
            exchange = self.asked.popleft()
            last = exchange.last or (self.server.draining and not (self.asked or self.waiting))
            self._send(response, last=last, bodiless=exchange.request.method == "HEAD")
        if self.waiting:
            self.loop.call_soon(self._ask_waiting)
        elif not (self.asked or self.ended or self.transport.is_closing()):
            self.idle = not self.arriving
            self._await_client()
            self._invite()

    def _send(self, response: Response, *, last: bool, bodiless: bool = False) -> None:
        if self.transport.is_closing():
            return
        head = [STATUS_LINES[response.status]]
        head += [f"{name}: {value}\r\n" for name, value in response.headers]
        head.append(f"content-length: {len(response.body)}\r\ndate: {self.server.date}\r\n")
        head.append("connection: close\r\n\r\n" if last else "\r\n")
        self.transport.write("".join(head).encode() + (b"" if bodiless else response.body))
        if last:
            self._end()

    def _invite(self) -> None:
        """Have a client send the body that it asks about, after all earlier answers."""
        if self.expecting and not (self.asked or self.waiting):
            self.expecting = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, problem: Problem) -> None:
        """Answer what is arriving, and end; only that where earlier requests are answered yet."""
        if self.ended:
            return
        self.arriving = False
        if not self._end_after_answers():
            self._send(self.server.refuse(problem), last=True)

    def _end_after_answers(self) -> bool:
        """Read nothing more; whether there are answers to wait for."""
        self.ended = True
        pending = self.waiting or self.asked
        if pending:
            pending[-1].last = True
        return bool(pending)

    def _end(self) -> None:
        """Close one half: what the client sends meanwhile would destroy its last answer (9.6)."""
        self.ended = True
        self._allow(self.options.request_seconds)  # to read it
        if self.half_closed:
            self.transport.close()
        else:
            self.transport.write_eof()

    @override
    def eof_received(self) -> bool:
        """Whether to stay open: a client that has sent all it has may still read."""
        self.half_closed = True
        self._allow(self.options.request_seconds)
        return self._end_after_answers()

    @override
    def pause_writing(self) -> None:
        self.writable = False
        self._allow(self.options.request_seconds)
        self._pace()

    @override
    def resume_writing(self) -> None:
        self.writable = True
        self._await_client()
        self._ask_waiting()

    def _pace(self) -> None:
        """Read nothing while requests wait, or answers aren't read: they could fill the memory."""
        reading = self.writable and not self.waiting
        if reading is not self.reading and not self.transport.is_closing():
            self.reading = reading
            (self.transport.resume_reading if reading else self.transport.pause_reading)()

    def _await_client(self) -> None:
        options = self.options
        if self.writable:
            self._allow(options.keep_alive_seconds if self.idle else options.request_seconds)

    def _allow(self, seconds: float) -> None:
        self.until = self.loop.time() + seconds

    def end_if_slow(self, now: float) -> None:
        """End a connection whose client takes too long to send, to read, or to ask again."""
        busy = self.waiting or self.asked
        if self.ended and not busy and not self.transport.get_write_buffer_size():
            self.until = min(self.until, now + LINGER_SECONDS)
        if self.writable and busy:  # meanwhile it needn't do anything
            self._allow(self.options.request_seconds)
        elif now <= self.until:
            return
        elif not self.writable or self.transport.is_closing():
            self.transport.abort()
        elif self.arriving:
            seconds = self.options.request_seconds
            self._refuse(Problem(408, f"The request took longer than {seconds:g} s to arrive."))
        else:
            self._allow(self.options.request_seconds)  # for what is not sent yet
            self.transport.close()

    def end_if_idle(self) -> None:
        """End a connection on which nothing is asked, answered, or still to be read."""
        if not (self.arriving or self.waiting or self.asked or self.ended):
            self.ended = True
            self.transport.close()


def new_id() -> str:
    """What a request is called of which the client says no id; no secret."""
    return f"{random.getrandbits(64):016x}"


def _check_head(version: str, target: bytes, headers: dict[str, str]) -> None:
    """Refuse what somebody in front of this server could read otherwise, beside the parser.

    Raises:
        Problem: 400.
    """
    if version not in ("1.1", "1.0"):
        raise Problem(400, "Send HTTP/1.1.")
    if (target[:1] != b"/" and target != b"*") or b"#" in target:  # 3.2
        raise Problem(400, "Send a path as the target of the request, without scheme and host.")
    coding = headers.get("transfer-encoding")
    if coding is not None and (coding.strip().lower() != "chunked" or version == "1.0"):  # 6.1
        raise Problem(400, "Send the body in chunks or with Content-Length, in no other coding.")
    if not HOST.fullmatch(headers.get("host", "" if version == "1.0" else " ")):  # 3.2
        raise Problem(400, "Send one header Host, with the name of a host.")


def _head_too_large() -> Problem:
    return Problem(431, f"Send at most {MAX_HEADERS} headers and {MAX_HEAD_BYTES} bytes of them.")
