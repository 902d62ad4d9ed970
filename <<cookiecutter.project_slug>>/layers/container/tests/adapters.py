"""Every way to the app, by name."""

import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, cast

from tests.support import ROOT, Adapter, over_http, through_app

OPTIONS = {"PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"}


class Running:
    """The server in a process of its own, as the image starts it.

    module: another one to start, with another model.
    """

    def __init__(self, module: str = "serving.server", *arguments: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | OPTIONS | environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.log: list[dict[str, Any]] = []
        self.output = cast("IO[str]", self.process.stdout)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        self.log.extend(json.loads(line) for line in self.output)

    def line(self, seconds: float = 60, **members: object) -> dict[str, Any]:
        """The first line of the log that says this."""

        def found() -> dict[str, Any] | None:
            return next((each for each in self.log if members.items() <= each.items()), None)

        until(lambda: found() or not self.reader.is_alive(), seconds)
        line = found()
        assert line, self.log
        return line

    @property
    def port(self) -> int:
        """Where it serves, once it is ready, however long the model takes to load."""
        return int(self.line(math.inf, event="ready")["url"].rpartition(":")[2])

    def wait(self) -> int:
        """The exit status, and the whole log, once the process has ended."""
        status = self.process.wait(timeout=15)
        self.reader.join()
        self.output.close()
        return status


def free_port() -> int:
    """A port that nothing listens on, for now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a condition; fails where it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.005)


@contextmanager
def starting(module: str = "serving.server", *arguments: str, **environ: str) -> Iterator[Running]:
    """A server that has been started, and is gone afterwards."""
    server = Running(module, *arguments, **environ)
    try:
        yield server
        server.process.terminate()
    except BaseException:
        server.process.kill()
        raise
    finally:
        server.wait()


@contextmanager
def running(module: str = "serving.server", *arguments: str, **environ: str) -> Iterator[Running]:
    """A server that is ready."""
    with starting(module, *arguments, **environ) as server:
        assert server.port
        yield server


@contextmanager
def through_server() -> Iterator[Adapter]:
    """The server, over HTTP."""
    with running() as server:
        yield lambda *request: over_http(server.port, *request)


ADAPTERS: dict[str, Callable[[], AbstractContextManager[Adapter]]] = {
    "app": through_app,
    "server": through_server,
}
