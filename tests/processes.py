"""Server and Lambda handler of a rendered project, each in a process of its own."""

import base64
import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from queue import Queue
from typing import Any

from tests.mapping import Answer, Headers
from tests.project import ENVIRON

type Ask = Callable[[str, str, Headers, bytes], Answer]

# The handler: a request a line in, its answer a line out.
HANDLER = """
import base64, json, os, sys
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
from tests.adapters import through_handler
with through_handler() as send:
    for line in sys.stdin:
        method, path, headers, body = json.loads(line)
        said = send(method, path, [tuple(each) for each in headers], base64.b64decode(body))
        print(json.dumps([said.status, said.headers, said.body.decode()]), file=answers, flush=True)
"""
# What differs from one transport to the other.
TRANSPORT = {"connection", "content-length", "date"}


def start(
    project: Path, *arguments: str, stderr: int = subprocess.DEVNULL, **environ: str
) -> subprocess.Popen[str]:
    """Python of a rendered project, with a pipe to it and one from it."""
    return subprocess.Popen(
        [project / ".venv/bin/python", *arguments],
        cwd=project,
        env=ENVIRON | {"PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"} | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


class Server:
    """The server of a rendered project, and its log line by line."""

    def __init__(self, process: subprocess.Popen[str], port: int = 0) -> None:
        self.process, self.lines = process, Queue[dict[str, Any]]()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.port = port or int(self.line("url")["url"].rpartition(":")[2])

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(json.loads(line))

    def line(self, member: str, value: object = None) -> dict[str, Any]:
        """The next line of the log that has this member, with this value."""
        while True:
            line = self.lines.get(timeout=10)
            if member in line and value in (None, line[member]):
                return line

    def connection(self) -> HTTPConnection:
        """A connection to it."""
        return HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, method: str, path: str, headers: Headers, body: bytes) -> Answer | None:
        """Its answer to anybody, or None where there is none."""
        connection = self.connection()
        try:
            return said(connection, method, path, headers, body)
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()


def exchange(port: int, data: bytes) -> bytes:
    """What a server says to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        with contextlib.suppress(OSError):  # it may have refused what has come already
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            return client.makefile("rb").read()
    return b""


def said(
    connection: HTTPConnection, method: str, path: str, headers: Headers, body: bytes
) -> Answer:
    """What a server says, without what the transport adds."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in (*headers, ("Content-Length", str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    lower = {name.lower(): value for name, value in response.getheaders()}
    kept = {name: value for name, value in lower.items() if name not in TRANSPORT}
    return Answer(response.status, kept, response.read())


def unnamed(answer: Answer) -> Answer:
    """The answer, its request being called the same everywhere."""
    rest = dict(answer.headers)
    own_id = rest.pop("x-request-id")
    return answer._replace(headers=rest, body=answer.body.replace(f'"{own_id}"'.encode(), b'"id"'))


@contextmanager
def serving(
    project: Path, *arguments: str, stderr: int = subprocess.DEVNULL, **environ: str
) -> Iterator[Server]:
    """A server that is gone afterwards; with a `PORT` it needn't be ready."""
    with start(project, *arguments, stderr=stderr, **environ) as process:
        try:
            server = Server(process, int(environ.get("PORT", "0")))
            yield server
        except BaseException:
            process.kill()
            raise
        process.terminate()
        assert process.wait(timeout=30) == 0
        server.reader.join()


@contextmanager
def on_lambda(project: Path, code: str = "", **environ: str) -> Iterator[Ask]:
    """What the Lambda handler answers to one request after the other; `code` runs before it."""
    with start(project, "-c", code + HANDLER, **environ) as process:

        def ask(method: str, path: str, headers: Headers, body: bytes) -> Answer:
            assert process.stdin
            assert process.stdout
            line = json.dumps([method, path, [*headers], base64.b64encode(body).decode()])
            process.stdin.write(line + "\n")
            process.stdin.flush()
            status, names, text = json.loads(process.stdout.readline())
            return Answer(status, names, text.encode())

        yield ask
        process.communicate(timeout=10)
