"""Start the server, load the model, and end without dropping a request.

`python -m serving.server`; docs/how-it-works.md lists what it reads from the environment.
"""
# pyright: reportUnknownMemberType=false

import asyncio
import json
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from typing import override

import uvicorn
import uvloop

from serving import metrics
from serving.asgi import ModelServer
from serving.connection import Connection
from serving.options import Options, WrongOptions
from serving.release import Release, WrongDeployment


class Http(uvicorn.Server):
    """uvicorn, which here loads the model, ends slow requests, and drains before it ends."""

    def __init__(self, server: ModelServer, url: str) -> None:
        options = server.options
        super().__init__(
            uvicorn.Config(
                server,
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=options.keep_alive_seconds,
                timeout_graceful_shutdown=options.shutdown_seconds,
            )
        )
        self.server, self.url = server, url
        self.failed = False

    @override
    async def main_loop(self) -> None:
        """Listen, and load meanwhile: probes are answered however long that takes."""
        # As a daemon, so that a signal needn't wait for it.
        threading.Thread(target=self._load, daemon=True).start()
        await super().main_loop()

    def _load(self) -> None:
        try:
            self.server.load()
        except BaseException:  # whatever it is, this process can't serve
            say("failed to load the model", error=traceback.format_exc())
            self.failed = self.should_exit = True
        else:
            say("ready", url=self.url)

    @override
    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in [*self.server_state.connections]:
                if isinstance(connection, Connection):  # as all are
                    connection.close_if_slow(now, self.server.options.request_seconds)
        return await super().on_tick(counter)

    @contextmanager
    @override
    def capture_signals(self) -> Generator[None]:
        """SIGTERM drains first, SIGINT doesn't; what is in flight is answered after either."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._drain, self.server.options.drain_seconds)
        loop.add_signal_handler(signal.SIGINT, self._drain, 0)
        yield

    def _drain(self, seconds: float) -> None:
        if self.server.app is None:  # nobody was sent here yet
            seconds = 0
        say("draining", seconds=seconds)
        self.server.draining = True
        asyncio.get_running_loop().call_later(seconds, self._exit)

    def _exit(self) -> None:
        self.should_exit = True


def say(event: str, **more: object) -> None:
    """Write a line of log that belongs to no request."""
    print(json.dumps({"event": event, **more}), flush=True)


def main(kind: type[ModelServer] = ModelServer) -> None:
    """Serve until a signal ends it; exits with 1 where it can't start."""
    try:
        options = Options.load(os.environ)
        release = Release.load()
    except (WrongOptions, WrongDeployment) as problems:
        sys.exit(str(problems))
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    build = release.build
    metrics.BUILD.info(
        {"service": build.service, "api_version": build.api_version, "release": build.release}
    )
    try:
        metrics.listen(options.host, options.metrics_port)
    except OSError as error:
        sys.exit(f"METRICS_PORT is {options.metrics_port}: {error}")
    try:
        listener = _listen(options)
    except OSError as error:
        sys.exit(f"PORT is {options.port}: {error}")
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    http = Http(kind(release, options), url)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(http.serve([listener]))
    # Not sys.exit, which would wait for a model that still works.
    os._exit(http.failed)


def _listen(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family)


if __name__ == "__main__":
    main()
