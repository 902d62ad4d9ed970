"""One connection of a client: uvicorn's, with limits on headers and on slow clients."""
# uvicorn leaves parts of its protocol untyped.
# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false
# pyright: reportMissingTypeStubs=false

import secrets
from typing import override

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.problem import Problem

MAX_HEADERS = 100
MAX_HEAD_BYTES = 65_536


class Connection(HttpToolsProtocol):
    """Closes itself after a request that is no HTTP, too long in its head, or too slow."""

    began: float | None
    head_bytes: int | None
    problem: Problem | None

    @override
    def connection_made(self, transport: object) -> None:
        super().connection_made(transport)  # pyright: ignore[reportArgumentType]
        self.problem = None
        self._begin()

    @override
    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.head_bytes is not None:
            self.head_bytes += len(data)
            if self.head_bytes > MAX_HEAD_BYTES:
                self._refuse(_head_too_large())

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin()

    @override
    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS:
            self.problem = _head_too_large()
            raise ValueError  # which stops the parser
        super().on_headers_complete()
        self.head_bytes = None

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.began = None

    @override
    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls where it can't go on reading."""
        self._refuse(self.problem or Problem(400, "This is not an HTTP request."))

    def close_if_slow(self, now: float, seconds: float) -> None:
        """End a connection whose request takes longer than this to arrive."""
        if self.began is not None and now - self.began > seconds:
            self._refuse(Problem(408, f"The request took longer than {seconds:g} s to arrive."))

    def _begin(self) -> None:
        self.began, self.head_bytes = self.loop.time(), 0

    def _refuse(self, problem: Problem) -> None:
        """Answer what is arriving, and close; not where an earlier request is being answered."""
        self.began = None
        cycle = self.cycle
        if self.pipeline or (cycle and not cycle.response_complete and not cycle.more_body):
            cycle.keep_alive = False
            return
        if not (cycle and not cycle.response_complete and cycle.response_started):
            body = problem.body(secrets.token_hex(8))
            head = (
                b"content-type: application/problem+json\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            )
            self.transport.write(STATUS_LINE[problem.status] + head + body)
        self.transport.close()


def _head_too_large() -> Problem:
    return Problem(431, f"Send at most {MAX_HEADERS} headers and {MAX_HEAD_BYTES} bytes of them.")
