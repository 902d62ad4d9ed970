"""One connection of a client: uvicorn's, with limits on headers and on slow clients."""
# uvicorn leaves parts of its protocol untyped.
# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false
# pyright: reportMissingTypeStubs=false

from collections.abc import Sized
from typing import cast, override

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.asgi import ModelServer, encoded
from serving.problem import Problem

MAX_HEADERS = 100
MAX_HEAD_BYTES = 65_536


class Connection(HttpToolsProtocol):
    """Closes itself after a request that is no HTTP, too long in its head, or too slow.

    began: since when a request is arriving, or the first one is awaited.
    stalled: since when the client reads nothing of what it asked for.
    head_bytes: received since the last byte of a body or of a request: trailers count too.
    problem: why nothing more is read.
    """

    began: float | None
    stalled: float | None
    head_bytes: int
    problem: Problem | None

    @override
    def connection_made(self, transport: object) -> None:
        super().connection_made(transport)  # pyright: ignore[reportArgumentType]
        self.flow = Flow(self.transport, self.pipeline)
        self.problem = self.stalled = None
        self.began, self.head_bytes = self.loop.time(), 0

    @override
    def data_received(self, data: bytes) -> None:
        if self.problem or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self.began is None:
            self.began = self.loop.time()
        self.head_bytes += len(data)
        try:
            while data:
                data = self._feed(data)
            if self.head_bytes > MAX_HEAD_BYTES:
                self._refuse(_head_too_large())
        except httptools.HttpParserError:
            self._refuse(self.problem or Problem(400, "This is not an HTTP request."))

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
            head = [b"%b %b HTTP/%b" % (method, self.url, version)]
            head += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            return b"\r\n".join([*head, b"", data[upgrade.args[0] :]])
        return b""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.began = self.loop.time()
        if self.cycle and self.cycle.response_complete:
            self.cycle = None  # pyright: ignore[reportAttributeAccessIssue]

    @override
    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # _feed does the rest
        size = len(self.url) + sum([len(name) + len(value) for name, value in self.headers])
        if len(self.headers) > MAX_HEADERS or size > MAX_HEAD_BYTES:
            self.problem = _head_too_large()
            raise ValueError  # which stops the parser
        super().on_headers_complete()
        self.headers = []  # for trailers, which nobody reads

    @override
    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self.head_bytes = 0

    @override
    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self.head_bytes = 0
        if not self.cycle.response_complete:
            self.began = None

    @override
    def eof_received(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Whether to stay open: a client that has sent all it has may still read."""
        if self._answering():
            self.cycle.keep_alive = False
            return True
        return False

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self.stalled = None

    def close_if_slow(self, now: float, seconds: float) -> None:
        """End a connection whose client takes longer than this to send, or to read."""
        if self.flow.write_paused or self.transport.is_closing():
            self.stalled = self.stalled or now
            if now - self.stalled > seconds:
                self.transport.abort()
        elif self.began is None:
            return
        elif self._answering():  # meanwhile nothing more is read
            self.began = now
        elif now - self.began > seconds:
            if self.scope:
                self._refuse(Problem(408, f"The request took longer than {seconds:g} s to arrive."))
            else:
                self.transport.close()  # opened in advance, and never used

    def _answering(self) -> bool:
        """Whether the last request has arrived and is yet to be answered."""
        cycle = self.cycle
        return bool(cycle) and not (cycle.response_complete or cycle.more_body)

    def _refuse(self, problem: Problem) -> None:
        """Answer what is arriving, and close; not where an earlier request is being answered."""
        self.problem = problem
        cycle = self.cycle
        if self.pipeline or self._answering():
            cycle.keep_alive = False
            return
        if not (cycle and cycle.response_started):
            response = cast("ModelServer", self.app).refuse(problem)
            head = b"".join([b"%b: %b\r\n" % header for header in encoded(response)])
            head += b"connection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[response.status] + head + response.body)
        if cycle:
            cycle.disconnected = True  # so that nothing else is said
        self.transport.close()


class Flow(FlowControl):
    """Reads nothing more while requests wait for an earlier one: they could fill the memory."""

    def __init__(self, transport: object, pipeline: Sized) -> None:
        super().__init__(transport)  # pyright: ignore[reportArgumentType]
        self.pipeline = pipeline

    @override
    def resume_reading(self) -> None:
        if not self.pipeline:
            super().resume_reading()


def _head_too_large() -> Problem:
    return Problem(431, f"Send at most {MAX_HEADERS} headers and {MAX_HEAD_BYTES} bytes of them.")
