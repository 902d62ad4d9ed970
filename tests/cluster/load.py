"""Clients that ask for predictions all the time and check every answer."""

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, parse_headers
from urllib.parse import urlsplit

EXAMPLES = {  # any rows, and what the sample model says of them
    (5.1, 3.5, 1.4, 0.2): "setosa",
    (6.0, 2.7, 4.2, 1.3): "versicolor",
    (6.7, 3.1, 5.6, 2.4): "virginica",
}
# Seconds between two requests of a client: to load the server, not this machine.
PAUSE = 0.01
FIELDS = ("sepal_length", "sepal_width", "petal_length", "petal_width")


@dataclass
class Target:
    """Where requests go: a URL to connect to, and what names host and API version."""

    url: str
    path: str
    headers: Mapping[str, str]


class Client(threading.Thread):
    """One client, through a connection that stays open.

    answers: how many, by release. failures: every answer that was not right.
    """

    # Requests that are sent before an answer is read.
    at_once = 1
    # Whether each of them has a connection of its own.
    fresh = False

    def __init__(self, target: Target, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.target, self.stop = target, stop
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        """Ask until told to stop."""
        parts = urlsplit(self.target.url)
        connection = Connection(parts.hostname or "", parts.port or 80)
        while not self.stop.wait(PAUSE * self.at_once):
            rows = random.choices([*EXAMPLES], k=self.at_once)  # noqa: S311 (no secret)
            problem = self._ask(connection, rows)
            if problem:
                self.failures.append(f"{time.strftime('%X')} {problem}")
            if problem or self.fresh:
                connection.close()
        connection.close()

    def _ask(self, connection: "Connection", rows: Sequence[tuple[float, ...]]) -> str | None:
        several = [dict(zip(FIELDS, row, strict=True)) for row in rows]
        bodies = [json.dumps({"instances": [each]}) for each in several]
        try:
            connection.send([self._request(connection.host, body) for body in bodies])
            for row in rows:
                status, release, body = connection.receive()
                if status != 200:
                    return f"{status} {body[:200]!r}"
                self.answers[release] += 1
                species = json.loads(body)["predictions"][0]["species"]
                if species != EXAMPLES[row]:
                    return f"{row} is no {species}"
        except (OSError, HTTPException, ValueError, TypeError) as error:
            return repr(error)
        return None

    def _request(self, host: str, body: str) -> str:
        own = {"Host": host, "Content-Type": "application/json", "Content-Length": str(len(body))}
        headers = own | {**self.target.headers}
        lines = [f"POST {self.target.path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
        return "\r\n".join([*lines, "", body])


class Fresh(Client):
    """Connects anew for each request."""

    fresh = True


class Pipelined(Client):
    """Sends four requests, and then reads as many answers."""

    at_once = 4


class Connection:
    """What a client sends and receives; connects where that is needed."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.socket: socket.socket | None = None

    def send(self, requests: Sequence[str]) -> None:
        """Send these at once."""
        if self.socket is None:
            self.socket = socket.create_connection((self.host, self.port), timeout=20)
            self.file = self.socket.makefile("rb")
        self.socket.sendall("".join(requests).encode())

    def receive(self) -> tuple[int, str, bytes]:
        """The next answer: status, release, body; ConnectionError where it is cut off."""
        first = self.file.readline()
        if not first:
            raise ConnectionError("closed before the answer")
        headers = parse_headers(self.file)
        body = self.file.read(int(headers["Content-Length"]))
        if len(body) < int(headers["Content-Length"]):
            raise ConnectionError("closed within the answer")
        return int(first.split()[1]), headers["X-Model-Release"] or "", body

    def close(self) -> None:
        """Close it until something is sent again."""
        if self.socket:
            self.file.close()
            self.socket.close()
            self.socket = None


# One after the other, as many as are wanted.
KINDS = (Client, Fresh, Pipelined)


class Clients:
    """Several clients of every kind, and what they have seen so far."""

    def __init__(self, target: Target, number: int) -> None:
        self.stop = threading.Event()
        self.each = [KINDS[i % len(KINDS)](target, self.stop) for i in range(number)]

    @property
    def answers(self) -> Counter[str]:
        """How many right answers there were, by release."""
        return sum((client.answers.copy() for client in self.each), Counter())

    @property
    def failures(self) -> list[str]:
        """Every answer that was not right."""
        return [failure for client in self.each for failure in client.failures]


@contextmanager
def load(target: Target, clients: int = 8) -> Iterator[Clients]:
    """Clients at work."""
    several = Clients(target, clients)
    for client in several.each:
        client.start()
    try:
        yield several
    finally:
        several.stop.set()
        for client in several.each:
            client.join(30)
