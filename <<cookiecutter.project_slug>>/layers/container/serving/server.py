"""Start the server, load the model, and end without dropping a request.

`python -m serving.server`; docs/how-it-works.md lists what it reads from the environment.
"""

import asyncio
import errno
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

import uvloop

from serving import metrics
from serving.app import App, Request, Response, id_of
from serving.batcher import Batcher, Limit
from serving.clients import Clients
from serving.connection import Connection, new_id
from serving.log import Log, say
from serving.options import Options, WrongOptions
from serving.problem import Problem
from serving.release import Release, WrongDeployment
from serving.work import Work

LIVE, READY = "/livez", "/readyz"
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
        self.connections: set[Connection] = set()
        self.log = Log(release.build)
        named = options.clients and options.client_header
        self.clients = Clients(options.client_header, options.clients) if named else None
        self.in_flight = 0
        self.date = formatdate(usegmt=True)
        metrics.IN_FLIGHT.set_function(lambda: self.in_flight)

    def load(self) -> None:
        """Load the model and have it answer; from then on this server is ready.

        Raises:
            RuntimeError: the model can't answer its own example.
            FileNotFoundError: the contract or the model is missing.
        """
        started, options = time.perf_counter(), self.options
        app = App.load(self.model)
        limit = Limit.measured(app, options.max_batch)
        self.batcher = Batcher(
            app, limit, max_batch=options.max_batch, max_queued=options.max_queued
        )
        metrics.QUEUED.set_function(lambda: len(self.batcher.queue))
        metrics.BATCH_LIMIT.set_function(lambda: limit.instances)
        metrics.LOAD.set(time.perf_counter() - started)
        self.app = app

    def answer(self, request: Request, answered: Callable[[Response], object]) -> None:
        """Give `answered` the response, now or later."""
        if request.path in (LIVE, READY):
            answered(self._probe(request.path))
            return
        started = time.perf_counter()
        self.in_flight += 1

        def done(response: Response) -> None:
            self.in_flight -= 1
            answered(response)
            self._count(request, response, time.perf_counter() - started)

        if self.app is None:
            done(self._unavailable(id_of(request)))
            return
        accepted = self.app.accept(request)
        if isinstance(accepted, Work):
            self.batcher.put(accepted, done)
        else:
            done(accepted)

    def refuse(self, problem: Problem) -> Response:
        """The response to what is no request, or none to the end; logged like any other."""
        response = self._problem(problem, new_id())
        self._count(None, response, 0)
        return response

    def _count(self, request: Request | None, response: Response, seconds: float) -> None:
        client = self.clients and self.clients.of(request.headers if request else {})
        metrics.ANSWERED(response.status, seconds, client)
        self.log.answered(request, response, seconds, client)

    def _probe(self, path: str) -> Response:
        request_id = new_id()
        if path == READY and (self.app is None or self.draining):
            return self._unavailable(request_id)
        return Response(200, OK, b'{"status":"ok"}', request_id)

    def _unavailable(self, request_id: str) -> Response:
        why = "This server is shutting down." if self.draining else "The model is being loaded."
        detail = f"{why} Send it again later."
        return self._problem(Problem(503, detail, headers=(("Retry-After", "1"),)), request_id)

    def _problem(self, problem: Problem, request_id: str) -> Response:
        headers = (("Content-Type", "application/problem+json"), ("X-Request-Id", request_id))
        headers += self.release.headers() + problem.headers
        return Response(problem.status, headers, problem.body(request_id), request_id)


class Life:
    """A server from its first probe to its last answer.

    url: where it listens. failed: it couldn't load its model.
    """

    def __init__(self, server: ModelServer, url: str) -> None:
        self.server, self.url, self.failed = server, url, False

    async def run(self, listener: socket.socket) -> None:
        """Listen, and load meanwhile: probes are answered however long that takes."""
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        seconds = self.server.options.drain_seconds
        # SIGTERM drains first, SIGINT doesn't; what is in flight is answered after either.
        self.loop.add_signal_handler(signal.SIGTERM, self._drain, seconds)
        self.loop.add_signal_handler(signal.SIGINT, self._drain, 0)
        listening = await self.loop.create_server(
            lambda: Connection(self.server), sock=listener, backlog=2_048
        )
        self._tick()
        # As a daemon, so that a signal needn't wait for it.
        threading.Thread(target=self._load, daemon=True).start()
        await self.over.wait()
        listening.close()
        end = self.loop.time() + self.server.options.shutdown_seconds
        while self.server.connections and self.loop.time() < end:
            for connection in [*self.server.connections]:
                connection.end_if_idle()
            await asyncio.sleep(0.01)
        with suppress(OSError):  # nobody reads it any more
            self.server.log.write()

    def _load(self) -> None:
        try:
            self.server.load()
        except BaseException:  # whatever it is, this process can't serve
            say("failed to load the model", error=traceback.format_exc())
            self.failed = True
            self.loop.call_soon_threadsafe(self.over.set)
        else:
            say("ready", url=self.url, batch_limit=self.server.batcher.limit.instances)

    def _tick(self) -> None:
        """Each second: what has taken too long, and what time it is (RFC 9110, 6.6.1)."""
        self.loop.call_later(1, self._tick)
        self.server.date = formatdate(usegmt=True)
        for connection in [*self.server.connections]:
            connection.end_if_slow(self.loop.time())

    def _drain(self, seconds: float) -> None:
        if self.server.app is None:  # nobody was sent here yet
            seconds = 0
        self.server.draining = True
        self.loop.call_later(seconds, self.over.set)
        say("draining", seconds=seconds)  # last, as it may fail


def main(kind: type[ModelServer] = ModelServer) -> None:
    """Serve until a signal ends it; exits with 1 where it can't start."""
    try:
        options = Options.load(os.environ)
        release = Release.load()
    except (WrongOptions, WrongDeployment) as problems:
        sys.exit(str(problems))
    build = release.build
    metrics.BUILD.info(
        {"service": build.service, "api_version": build.api_version, "release": build.release}
    )
    try:
        first_of(options.hosts, lambda host: metrics.listen(host, options.metrics_port))
    except OSError as error:
        sys.exit(f"METRICS_PORT is {options.metrics_port}: {error}")
    try:
        listener = first_of(options.hosts, lambda host: _listen(host, options))
    except OSError as error:
        sys.exit(f"PORT is {options.port}: {error}")
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    life = Life(kind(release, options), url)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(life.run(listener))
    # Not sys.exit, which would wait for a model that still works.
    os._exit(life.failed)


def first_of[T](hosts: Sequence[str], listen: Callable[[str], T]) -> T:
    """What listens on the first address of which this machine has the family."""
    *others, last = hosts
    for host in others:
        try:
            return listen(host)
        except OSError as error:
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                raise
    return listen(last)


def _listen(host: str, options: Options) -> socket.socket:
    address = (host, options.port)
    if ":" not in host:
        return socket.create_server(address)
    both = bool(options.dual_stack) and socket.has_dualstack_ipv6()
    return socket.create_server(address, family=socket.AF_INET6, dualstack_ipv6=both)


if __name__ == "__main__":
    main()
