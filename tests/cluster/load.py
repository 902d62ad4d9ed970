"""Clients that ask for predictions all the time and check every answer."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
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
    """One client; with `fresh` it connects anew for each request.

    answers: how many, by release. failures: every answer that was not right.
    """

    def __init__(self, target: Target, stop: threading.Event, *, fresh: bool) -> None:
        super().__init__(daemon=True)
        self.target, self.stop, self.fresh = target, stop, fresh
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        """Ask until told to stop."""
        parts = urlsplit(self.target.url)
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=20)
        while not self.stop.wait(PAUSE):
            problem = self._ask(connection, random.choice([*EXAMPLES]))  # noqa: S311 (no secret)
            if problem:
                self.failures.append(f"{time.strftime('%X')} {problem}")
            if problem or self.fresh:
                connection.close()
        connection.close()

    def _ask(self, connection: HTTPConnection, row: tuple[float, ...]) -> str | None:
        body = json.dumps({"instances": [dict(zip(FIELDS, row, strict=True))]})
        headers = {"Content-Type": "application/json", **self.target.headers}
        try:
            connection.request("POST", self.target.path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            return repr(error)
        if response.status != 200:
            return f"{response.status} {answer[:200]!r}"
        self.answers[response.headers["X-Model-Release"]] += 1
        species = json.loads(answer)["predictions"][0]["species"]
        return None if species == EXAMPLES[row] else f"{row} is no {species}"


class Clients:
    """Several clients, every second one on fresh connections, and what they have seen so far."""

    def __init__(self, target: Target, number: int) -> None:
        self.stop = threading.Event()
        self.each = [Client(target, self.stop, fresh=bool(i % 2)) for i in range(number)]

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
