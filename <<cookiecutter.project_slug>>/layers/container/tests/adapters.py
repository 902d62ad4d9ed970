"""Every way to the app, by name."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, cast

from tests.support import ROOT, Adapter, over_http, through_app

OPTIONS = {"PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"}


class Running:
    """The server in a process of its own, as the image starts it."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "serving.server"],
            cwd=ROOT,
            env=os.environ | OPTIONS | environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.log: list[dict[str, Any]] = []
        output = cast("IO[str]", self.process.stdout)
        first: dict[str, Any] = json.loads(output.readline())
        assert first["event"] == "ready", first
        self.port = int(first["url"].rpartition(":")[2])
        self.reader = threading.Thread(target=self._read, args=(output,))
        self.reader.start()

    def _read(self, output: IO[str]) -> None:
        self.log.extend(json.loads(line) for line in output)

    def wait(self) -> int:
        """The exit status, and the whole log, once the process has ended."""
        status = self.process.wait(timeout=30)
        self.reader.join()
        return status


@contextmanager
def running(**environ: str) -> Iterator[Running]:
    """A server that is ready."""
    server = Running(environ)
    try:
        yield server
    finally:
        server.process.terminate()
        server.wait()
        cast("IO[str]", server.process.stdout).close()


@contextmanager
def through_server() -> Iterator[Adapter]:
    """The server, over HTTP."""
    with running() as server:
        yield lambda *request: over_http(server.port, *request)


ADAPTERS: dict[str, Callable[[], AbstractContextManager[Adapter]]] = {
    "app": through_app,
    "server": through_server,
}
