"""The server's log: a line of JSON for each request and for each event of its life."""

import asyncio
import json
import re
import sys
import time
from typing import Any

import msgspec

from serving.app import Request, Response
from serving.release import Build

# https://www.w3.org/TR/trace-context/#traceparent-header
TRACE_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def say(event: str, **more: object) -> None:
    """Write a line that belongs to no request."""
    print(json.dumps({"event": event, **more}), flush=True)


class Log:
    """Lines about requests; those of one turn of the event loop are written at once."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.lines: list[bytes] = []

    def answered(self, request: Request | None, response: Response, seconds: float) -> None:
        """Log a response; `request` is None where what came was none."""
        line: dict[str, Any] = {
            "time": time.time(),
            "service": self.build.service,
            "api_version": self.build.api_version,
            "release": self.build.release,
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
            asyncio.get_running_loop().call_soon(self.write)
        self.lines.append(msgspec.json.encode(line))

    def write(self) -> None:
        """Write what is not written yet."""
        lines, self.lines = self.lines, []  # first, as the rest may fail
        if lines:
            sys.stdout.buffer.write(b"\n".join([*lines, b""]))
            sys.stdout.buffer.flush()
