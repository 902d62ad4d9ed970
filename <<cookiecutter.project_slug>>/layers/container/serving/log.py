"""The server's log: a line of JSON for each request and for each event of its life."""

import asyncio
import json
import re
import sys
import time

import msgspec

from serving.app import Request, Response
from serving.release import Build

# https://www.w3.org/TR/trace-context/#traceparent-header
TRACE_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def say(event: str, **more: object) -> None:
    """Write a line that belongs to no request."""
    print(json.dumps({"event": event, **more}), flush=True)


class Line(msgspec.Struct, omit_defaults=True):
    """What is logged of a request; `method` and `path` are None where what came was none."""

    time: float
    service: str
    api_version: str
    release: str
    request_id: str
    method: str | None
    path: str | None
    status: int
    latency_ms: float
    instances: int
    traceparent: str | None = None
    error: str | None = None
    client: str | None = None


class Log:
    """Lines about requests; those of one turn of the event loop are written at once."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.lines: list[bytes] = []

    def answered(
        self,
        request: Request | None,
        response: Response,
        seconds: float,
        client: str | None = None,
    ) -> None:
        """Log a response. client: whose, where they are told apart."""
        build = self.build
        trace = request.headers.get("traceparent") if request else None
        line = Line(
            time.time(),
            build.service,
            build.api_version,
            build.release,
            response.request_id,
            request and request.method,
            request and request.path,
            response.status,
            round(seconds * 1_000, 3),
            response.instances,
            trace if trace and TRACE_PARENT.fullmatch(trace) else None,
            response.error,
            client,
        )
        if not self.lines:
            asyncio.get_running_loop().call_soon(self.write)
        self.lines.append(msgspec.json.encode(line))

    def write(self) -> None:
        """Write what is not written yet."""
        lines, self.lines = self.lines, []  # first, as the rest may fail
        if lines:
            sys.stdout.buffer.write(b"\n".join([*lines, b""]))
            sys.stdout.buffer.flush()
