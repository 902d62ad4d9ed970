"""What the tests share: an answer as a client sees it, and the app without any adapter."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec

from serving.app import App, Request
from serving.contract import EXAMPLE_REQUEST
from serving.release import Build

ROOT = Path(__file__).parent.parent
BUILD = Build.load()
VERSION = BUILD.api_version
CONTRACT: dict[str, Any] = json.loads((ROOT / f"contracts/{VERSION}.json").read_text("utf-8"))
EXAMPLE = msgspec.json.encode(EXAMPLE_REQUEST)
GOLDEN: dict[str, dict[str, Any]] = {each["name"]: each for each in CONTRACT["x-golden-requests"]}
PREDICT = f"/{VERSION}/predict"
JSON = ("Content-Type", "application/json")
# What the way through a network adds to an answer.
TRANSPORT = {"connection", "content-length", "date", "server"}

type Headers = tuple[tuple[str, str], ...]


def interruptible(module: str) -> list[str]:
    """The command that runs a module; what runs in the background may ignore interrupts else."""
    own = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    run = f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    return [sys.executable, "-c", f"import runpy, signal; {own}; {run}"]


@dataclass(frozen=True)
class Answer:
    """A response: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


type Adapter = Callable[[str, str, Headers, bytes], Answer]


def answer(status: int, headers: Headers, body: bytes) -> Answer:
    """An answer without what the transport added."""
    lower = {name.lower(): value for name, value in headers}
    return Answer(status, {k: v for k, v in lower.items() if k not in TRANSPORT}, body)


@contextmanager
def through_app() -> Iterator[Adapter]:
    """The app itself."""
    app = App.load()

    def send(method: str, path: str, headers: Headers, body: bytes) -> Answer:
        joined: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            joined[key] = f"{joined[key]}, {value}" if key in joined else value
        response = app(Request(method, path, joined, body, "fallback"))
        return answer(response.status, response.headers, response.body)

    yield send


def over_http(port: int, method: str, path: str, headers: Headers, body: bytes) -> Answer:
    """The answer of a server on the loopback interface."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (*headers, ("Content-Length", str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    result = answer(response.status, (*response.getheaders(),), response.read())
    connection.close()
    return result


def predict(adapter: Adapter, body: bytes = EXAMPLE, *headers: tuple[str, str]) -> Answer:
    """The answer to a prediction request."""
    return adapter("POST", PREDICT, (JSON, *headers), body)


def send_golden(adapter: Adapter, name: str) -> Answer:
    """The answer to a golden request of the contract."""
    request = GOLDEN[name]["request"]
    headers = (*request["headers"].items(),)
    return adapter(request["method"], request["path"], headers, request["body"].encode())
