"""The model behind HTTP: an ASGI app that translates, batches, and says whether it is ready.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

import asyncio
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

from serving import metrics
from serving.app import App, Request, Response, id_of
from serving.batcher import Batcher
from serving.contract import EXAMPLE_REQUEST
from serving.options import Options
from serving.problem import Problem
from serving.release import Release
from serving.work import Work, work_of

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

# A model that takes longer than this would keep probes waiting: it gets a thread.
SLOW_SECONDS = 0.005
# How much more than the limit is read of a body, so that the client gets to reading the answer.
MAX_DISCARDED_BYTES = 33_554_432
LIVE, READY = "/livez", "/readyz"
TRACE_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
OK = (("Content-Type", "application/json"),)


class ModelServer:
    """Answers probes at once, and predictions as soon as the model is ready.

    model: a file that is loaded in place of the build's own.
    draining: whoever asks is told to go elsewhere, and is still answered.
    """

    model: Path | None = None

    def __init__(self, release: Release, options: Options) -> None:
        self.release, self.options = release, options
        # In place of a body that is not kept, for the app to refuse. Zeros that nobody reads or
        # writes are in no memory.
        self.too_large = bytes(release.max_body_bytes + 1)
        self.app: App | None = None
        self.batcher: Batcher
        self.draining = False
        self.answered = metrics.Answered()
        self.lines: list[bytes] = []
        self.in_flight = 0
        metrics.IN_FLIGHT.set_function(lambda: self.in_flight)

    def load(self) -> None:
        """Load the model and have it answer; from then on this server is ready.

        Raises:
            RuntimeError: the model can't answer its own example.
            FileNotFoundError: the contract or the model is missing.
        """
        started = time.perf_counter()
        app = App.load(self.model)
        seconds = warm_up(app, self.options.max_batch)
        self.batcher = Batcher(
            app,
            max_batch=self.options.max_batch,
            max_queued=self.options.max_queued,
            in_thread=seconds > SLOW_SECONDS,
            observe=metrics.BATCH.observe,
        )
        metrics.QUEUED.set_function(lambda: len(self.batcher.queue))
        metrics.LOAD.set(time.perf_counter() - started)
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # As the client wrote it: an escaped path is another path, on every target.
        path: str = scope["raw_path"].decode("latin-1")
        headers = _headers(scope)
        # A client that asks before it sends gets these answers at once, and then can't go on.
        if path in (LIVE, READY):
            await self._send(send, self._probe(path), close="expect" in headers)
            return
        unread = "expect" in headers and _declared(headers) > self.release.max_body_bytes
        body = self.too_large if unread else await self._body(headers, receive)
        if body is None:  # the client has gone
            return
        started = time.perf_counter()
        fallback_id = secrets.token_hex(8)
        request = Request(scope["method"], path, headers, body, fallback_id)
        self.in_flight += 1
        try:
            response = await self._response(request)
            await self._send(send, response, close=unread)
        finally:
            self.in_flight -= 1
        self._done(request, response, time.perf_counter() - started)

    def refuse(self, problem: Problem) -> Response:
        """The response to what is no request, or none to the end; logged like any other."""
        response = self._problem(problem, secrets.token_hex(8))
        self._done(None, response, 0)
        return response

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes | None:
        """The body, `too_large` for one over the limit, None where the client went away."""
        declared, limit = _declared(headers), self.release.max_body_bytes
        parts: list[bytes] = []
        size, more = 0, declared <= limit + MAX_DISCARDED_BYTES
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return None
            size += len(message["body"])
            if max(size, declared) > limit:
                parts.clear()
            else:
                parts.append(message["body"])
            more = message["more_body"] and size <= limit + MAX_DISCARDED_BYTES
        return self.too_large if max(size, declared) > limit else b"".join(parts)

    def _probe(self, path: str) -> Response:
        request_id = secrets.token_hex(8)
        if path == READY and (self.app is None or self.draining):
            return self._unavailable(request_id)
        return Response(200, OK, b'{"status":"ok"}', request_id)

    async def _response(self, request: Request) -> Response:
        if self.app is None:
            return self._unavailable(id_of(request))
        accepted = self.app.accept(request)
        if isinstance(accepted, Work):
            return await self.batcher.answer(accepted)
        return accepted

    def _unavailable(self, request_id: str) -> Response:
        why = "This server is shutting down." if self.draining else "The model is being loaded."
        detail = f"{why} Send it again later."
        return self._problem(Problem(503, detail, headers=(("Retry-After", "1"),)), request_id)

    def _problem(self, problem: Problem, request_id: str) -> Response:
        headers = (("Content-Type", "application/problem+json"), ("X-Request-Id", request_id))
        headers += self.release.headers() + problem.headers
        return Response(problem.status, headers, problem.body(request_id), request_id)

    async def _send(self, send: Send, response: Response, *, close: bool) -> None:
        headers = encoded(response)
        if close or self.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    def _done(self, request: Request | None, response: Response, seconds: float) -> None:
        self.answered(response.status, seconds)
        self._log(request, response, seconds)

    def _log(self, request: Request | None, response: Response, seconds: float) -> None:
        """One line of JSON; those of one turn of the event loop are written at once."""
        line: dict[str, Any] = {
            "time": time.time(),
            "service": self.release.build.service,
            "api_version": self.release.build.api_version,
            "release": self.release.build.release,
            "request_id": response.request_id,
            "method": request and request.method,
            "path": request and request.path,
            "status": response.status,
            "latency_ms": round(seconds * 1_000, 3),
            "instances": response.instances,
        }
        trace_parent = request.headers.get("traceparent") if request else None
        if trace_parent and TRACE_PARENT.fullmatch(trace_parent):
            line["traceparent"] = trace_parent
        if response.error:
            line["error"] = response.error
        if not self.lines:
            asyncio.get_running_loop().call_soon(self._write)
        self.lines.append(msgspec.json.encode(line))

    def _write(self) -> None:
        lines, self.lines = self.lines, []  # first, as the rest may fail
        sys.stdout.buffer.write(b"\n".join([*lines, b""]))
        sys.stdout.buffer.flush()


def encoded(response: Response) -> list[tuple[bytes, bytes]]:
    """The headers of a response as HTTP has them."""
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", b"%d" % len(response.body)))
    return headers


def _headers(scope: Message) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in scope["headers"]:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _declared(headers: dict[str, str]) -> int:
    return int(headers.get("content-length", "0"))


def warm_up(app: App, max_batch: int) -> float:
    """Have the model answer its example, alone and in growing batches; seconds of the slowest.

    Raises:
        RuntimeError: the model can't answer its own example.
    """
    seconds = 0.0
    work = work_of("warm-up", EXAMPLE_REQUEST)
    while seconds <= SLOW_SECONDS and len(work.instances) <= max_batch:
        # The first call of a size is not like the others, and any may be interrupted.
        seconds = min(_measure(app, work) for _ in range(3))
        work = Work(work.request_id, work.instances * 2, work.parameters)
    return seconds


def _measure(app: App, work: Work) -> float:
    started = time.perf_counter()
    (response,) = app.answer([work])
    if response.status != 200:
        reason = response.error or response.body.decode()
        raise RuntimeError(f"The model can't answer its own example:\n{reason}")
    return time.perf_counter() - started
