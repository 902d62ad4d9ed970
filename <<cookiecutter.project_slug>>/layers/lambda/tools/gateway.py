"""API Gateway and Lambda on this machine, as far as a request can tell: HTTP in, proxy events out.

`python -m tools.gateway [v2=dist/…-host.zip …]` serves this working tree and, beside it, other
builds, each in a process of its own. A request goes to the build that its path or its
X-API-Version names, else to the working tree. Run by `make serve`.
"""

import argparse
import base64
import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, cast, override

ROOT = Path(__file__).parent.parent
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html, and Lambda's own limit.
MAX_REQUEST_BYTES = 10_485_760
MAX_RESPONSE_BYTES = 6_291_556
ROUTES = ("predict", "openapi.json")
# What a deployment tells one build, never the one beside it.
DEPLOYMENT = (
    "API_VERSION",
    "RELEASE",
    "DEPRECATED_ON",
    "SUNSET",
    "MIGRATION_URL",
    "MAX_BODY_BYTES",
    "SECRETS",
)


@dataclass
class Context:
    """Lambda's context object, as far as the handler reads it."""

    aws_request_id: str


class Function:
    """A build in a process of its own, which answers one event after the other, as Lambda does."""

    def __init__(self, folder: Path, *flags: str, environ: Mapping[str, str]) -> None:
        command = [sys.executable, *flags, __file__, "--function", folder]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe)
        self.events = cast("IO[bytes]", self.process.stdin)
        self.answers = cast("IO[bytes]", self.process.stdout)
        self.lock = threading.Lock()
        try:
            hello = self._read()
        except ValueError:
            self.process.wait()  # for all that it has to say
            raise
        self.api_version: str = hello["api_version"]
        self.example: dict[str, Any] = hello["example"]

    def invoke(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """The function's answer to a proxy event.

        Raises:
            ValueError: it gave none that Lambda passes on.
            OSError: it has ended.
        """
        with self.lock:
            self.events.write(json.dumps(event).encode() + b"\n")
            self.events.flush()
            return self._read()

    def _read(self) -> Mapping[str, Any]:
        line = self.answers.readline()
        if len(line) > MAX_RESPONSE_BYTES:
            raise ValueError("the function's answer is larger than 6 MB")
        return json.loads(line)

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.communicate()


def run_function(folder: str) -> None:
    """The inside of a `Function`: events from standard input, answers to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gateway's to handle
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the handler prints is its log
    sys.path.insert(0, folder)
    from serving.release import WrongDeployment

    try:
        from serving.lambda_handler import handler
    except WrongDeployment as refusal:
        sys.exit(str(refusal))
    example = json.loads(handler.app.openapi)["x-golden-requests"][0]["request"]
    hello = {"api_version": handler.app.api_version, "example": example}
    print(json.dumps(hello), file=answers, flush=True)
    for line in sys.stdin:
        result = handler(json.loads(line), Context(str(uuid.uuid4())))
        print(json.dumps(result, ensure_ascii=False), file=answers, flush=True)


@contextlib.contextmanager
def functions(beside: Mapping[str, str]) -> Iterator[dict[str, Function]]:
    """The working tree (first) and the zips of `beside` (API version to path), running.

    Raises:
        SystemExit: a build is missing or does not start.
    """
    running: dict[str, Function] = {}
    elsewhere = {k: v for k, v in os.environ.items() if k not in DEPLOYMENT}
    with contextlib.ExitStack() as stack:
        own = _start("The working tree", ROOT, "-P", environ=os.environ)
        stack.callback(own.stop)
        running[own.api_version] = own
        for api_version, path in beside.items():
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            if not zipfile.is_zipfile(path):
                sys.exit(f"{path} is no zip, or missing: make it with `make build ARCH=host`.")
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            environ = elsewhere | {"API_VERSION": api_version}
            # -I -S: nothing but what is in the zip and in Python itself.
            function = _start(path, Path(folder), "-I", "-S", environ=environ)
            stack.callback(function.stop)
            if running.setdefault(api_version, function) is not function:
                sys.exit(f"{path} is {api_version}, as the working tree is: one must be another.")
        yield running


def _start(what: str, folder: Path, *flags: str, environ: Mapping[str, str]) -> Function:
    try:
        return Function(folder, *flags, environ=environ)
    except ValueError:
        sys.exit(f"{what} did not start: see above. ARCH=host builds for this machine.")


def proxy_event(method: str, target: str, headers: Message, body: bytes) -> dict[str, Any]:
    """The request as a proxy event of format 1.0."""
    path = target.partition("?")[0]
    *parents, last = path.strip("/").split("/")
    known = last in ROUTES and len(parents) < 2
    names = {name.lower(): name for name in headers}
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {
        "resource": path if known else "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {name: headers.get_all(name, [])[-1] for name in names.values()},
        "multiValueHeaders": {name: headers.get_all(name) for name in names.values()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None if known else {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "stage": "live",
            "path": path,
            "httpMethod": method,
            "protocol": "HTTP/1.1",
            "requestTimeEpoch": time.time_ns() // 1_000_000,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": headers.get("User-Agent")},
        },
        "body": text or None,
        "isBase64Encoded": encoded,
    }


def told_before_a_call(origin: str | None) -> Mapping[str, str]:
    """What API Gateway tells a browser that asks whether a page may call."""
    from infra.cors import may_send
    from serving.cors import Cors

    return {**may_send(max_age=0), **Cors.load(os.environ).headers(origin)}


class Front(BaseHTTPRequestHandler):
    """Turns each request into an event, and the function's answer into the response."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    running: Mapping[str, Function]

    def answer(self) -> None:
        """Answer a request of any method."""
        if self.command == "OPTIONS" and "CORS_ORIGINS" in os.environ:
            self._send(204, told_before_a_call(self.headers.get("Origin")), b"")
            return
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self._refuse(400, "Send the body with a Content-Length.")
            return
        if len(length) > 18 or int(length) > MAX_REQUEST_BYTES:
            self._refuse(413, "The request is larger than 10 MB, the most of API Gateway.")
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the client has gone
            self.close_connection = True
            return
        event = proxy_event(self.command, self.path, self.headers, body)
        try:
            result = self._function(event["path"]).invoke(event)
            answer = int(result["statusCode"]), {**result["headers"]}, result["body"].encode()
        except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
            self._refuse(502, "The function gave no proxy response.", repr(error))
        else:
            self._send(*answer)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """`do_GET`, `do_POST` and so on: every method is answered alike."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _function(self, path: str) -> Function:
        own = next(iter(self.running.values()))
        by_header = self.running.get(self.headers.get("X-API-Version", ""), own)
        return self.running.get(path.strip("/").partition("/")[0], by_header)

    def _refuse(self, status: int, detail: str, reason: str = "") -> None:
        """The gateway's own error, in the form of the app's."""
        from serving.problem import Problem

        self.close_connection = True
        self.log_error("%s %s", detail, reason)
        headers = {"Content-Type": "application/problem+json", "Connection": "close"}
        self._send(status, headers, Problem(status, detail).body(str(uuid.uuid4())))

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        length = {} if status == 204 else {"Content-Length": str(len(body))}
        for name, value in {**headers, **length}.items():
            self.send_header(name, value)
        with contextlib.suppress(ConnectionError):  # the client has gone
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    @override
    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Write nothing: the handler logs each request."""


def server(running: Mapping[str, Function], port: int) -> ThreadingHTTPServer:
    """A server for these builds on the loopback interface; port 0: any that is free."""
    front = type("Front", (Front,), {"running": running})
    return ThreadingHTTPServer(("127.0.0.1", port), front)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m tools.gateway")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("beside", nargs="*", metavar="v2=dist/…-host.zip")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    beside = dict(each.partition("=")[::2] for each in arguments.beside)
    if "" in beside.values():
        parser.error("a build beside the working tree is named as v2=dist/…-host.zip")
    with contextlib.suppress(KeyboardInterrupt), functions(beside) as running:
        try:
            http = server(running, arguments.port)
        except (OSError, OverflowError) as error:
            sys.exit(f"Port {arguments.port}: {error}. Choose another: make serve PORT=…")
        with http:
            url = f"http://127.0.0.1:{http.server_port}"
            names = ", ".join(running)
            print(f"Serving {names} on {url}; Ctrl-C stops it. Try:\n", file=sys.stderr)
            for function in running.values():
                print(f"  {curl(url, function.example)}\n", file=sys.stderr)
            http.serve_forever()


def curl(url: str, request: Mapping[str, Any]) -> str:
    """A golden request as a command to paste."""
    header = shlex.quote(f"Content-Type: {request['headers']['Content-Type']}")
    return f"curl -i {url}{request['path']} -H {header} -d {shlex.quote(request['body'])}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--function"]:
        run_function(sys.argv[2])
    else:
        main()
