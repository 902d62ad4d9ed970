"""AWS Lambda behind API Gateway: translates, nothing more."""

import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from serving.app import App, Request, Response
from serving.events import NotARequest, client_of, keeps_warm, request_of
from serving.problem import Problem, plain

# The most that Lambda returns for one call, counted as JSON.
MAX_RESPONSE_BYTES = 6_291_556
METRICS = {
    "Namespace": "ModelServing",
    "Dimensions": [["service", "api_version"]],
    "Metrics": [
        {"Name": "Latency", "Unit": "Milliseconds"},
        {"Name": "Instances", "Unit": "Count"},
        {"Name": "ServerErrors", "Unit": "Count"},
    ],
}


class Context(Protocol):
    """What this adapter reads of Lambda's context object."""

    aws_request_id: str


class Handler:
    """Answers one event after the other."""

    def __init__(self) -> None:
        if "SECRETS" in os.environ:
            from serving import secrets  # only here: nobody else waits for its libraries

            secrets.load(os.environ)
        self.cors = None
        if "CORS_ORIGINS" in os.environ:
            from serving.cors import Cors  # only here: without it nothing reads it

            self.cors = Cors.load(os.environ)
        self.app = App.load()
        self.cold_start = True

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """The proxy response to a request, nothing to a call that keeps this function warm.

        Raises:
            NotARequest: the event is another. Only so its sender learns that nothing was done.
        """
        started = time.perf_counter()
        try:
            request = request_of(event, context.aws_request_id)
        except NotARequest:
            if not keeps_warm(event):
                raise
            self.cold_start = False
            return {}
        response = self.app(request)
        pages = self.cors.headers(request.headers.get("origin")) if self.cors else None
        result = _proxy_response(response, pages)
        # As JSON in JSON a body is at most three times as long: small ones need no counting.
        if 3 * len(response.body) > MAX_RESPONSE_BYTES and _size(result) > MAX_RESPONSE_BYTES:
            detail = "The answer is larger than 6 MB. Send fewer instances at once."
            response = self.app.failed(response.request_id, Problem(500, detail))
            result = _proxy_response(response, pages)
        self._log(request, client_of(event), response, started)
        return result

    def _log(self, request: Request, client: str, response: Response, started: float) -> None:
        """Write one line, log entry and CloudWatch metric (Embedded Metric Format) at once."""
        line: dict[str, Any] = {
            "_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [METRICS]},
            "service": self.app.build.service,
            "api_version": self.app.build.api_version,
            "release": self.app.build.release,
            "request_id": response.request_id,
            "method": plain(request.method),
            "path": plain(request.path),
            "status": response.status,
            "cold_start": self.cold_start,
            "Latency": round((time.perf_counter() - started) * 1_000, 3),
            "Instances": response.instances,
            "ServerErrors": int(response.status >= 500),
        }
        if client:
            line["client"] = plain(client)
        if response.error:
            line["error"] = response.error
        self.cold_start = False
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()


def _proxy_response(response: Response, pages: Mapping[str, str] | None) -> dict[str, Any]:
    headers = dict(response.headers)
    if pages:
        headers.update(pages)
    return {
        "statusCode": response.status,
        "headers": headers,
        "body": response.body.decode(),
        "isBase64Encoded": False,
    }


def _size(result: dict[str, Any]) -> int:
    return len(msgspec.json.encode(result))


# At import: Lambda gives the init phase a full processor, and the first request waits for nothing.
handler = Handler()
