"""A question to an API version, the answer to it, and the way over HTTP between the two."""

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    IncompleteRead,
    RemoteDisconnected,
)
from typing import override
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 10
# More than any front here waits for a model.
ANSWER_SECONDS = 35
# More than what a golden request is answered with.
MOST_BYTES = 10_000_000
PORTS = {"http": 80, "https": 443}

type Headers = Mapping[str, str]


class CannotAsk(Exception):
    """Why an API version can't be asked: a sentence that says what to do."""


class NotAsked(Exception):
    """Why there is nothing to ask an API version."""


class NotDeployed(Exception):
    """What of the stack file is not there: a sentence that says what to do."""


class Unreachable(CannotAsk):
    """Nothing can be connected to there, or not yet."""


class NoAnswer(Exception):
    """What happened to a question that was sent."""


@dataclass(frozen=True)
class Question:
    """A request. `path`: seen from the API version's address."""

    name: str
    method: str
    path: str
    headers: Headers
    body: str


@dataclass(frozen=True)
class Answer:
    """A response; names of headers in lower case."""

    status: int
    headers: Headers
    body: bytes


# What asks; and what is opened for several questions, one after the other.
type Ask = Callable[[Question], Answer]
type Way = Callable[[], AbstractContextManager[Ask]]
# What a request has to say beside its own headers so that it is let in: method, URL, headers, body.
type Credentials = Callable[[str, str, Headers, bytes], Headers]


def nobody(_method: str, _url: str, _headers: Headers, _body: bytes) -> Headers:
    """The credentials where everybody may call."""
    return {}


@dataclass(frozen=True)
class Address:
    """Where to connect to, in place of the name in a URL."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> "Address":
        """From `host:port`, an IPv6 address in brackets.

        Raises:
            CannotAsk: it is something else.
        """
        with contextlib.suppress(ValueError):
            parts = urlsplit(f"//{text}")
            whole = parts.netloc == text and not re.search(r"\s", text)
            if whole and parts.hostname and parts.port:
                return cls(parts.hostname, parts.port)
        raise CannotAsk(f"ADDRESS is {text}; write host and port, such as localhost:8000.")


@dataclass(frozen=True)
class OverHttp:
    """The way to a base URL, through one connection that stays open.

    remedy: what to do where nothing can be connected to. headers: what every request says that
    says nothing else by that name. elsewhere: where to connect to.
    """

    base_url: str
    remedy: str
    headers: Headers
    credentials: Credentials
    elsewhere: Address | None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Ask]:
        """Open it."""
        connection = _Connection(urlsplit(self.base_url), self.elsewhere, self.remedy)

        def ask(question: Question) -> Answer:
            url = self.base_url + question.path
            body = question.body.encode()
            own = {**self.headers, **question.headers}
            signed = self.credentials(question.method, url, own, body)
            return connection.answer(question.method, url, {**own, **signed}, body)

        with contextlib.closing(connection):
            yield ask


def _whole(response: HTTPResponse) -> bytes:
    """The body of a response.

    Raises:
        TimeoutError, HTTPException: it is too long, in time or in bytes.
    """
    until, body = time.monotonic() + ANSWER_SECONDS, b""
    while part := response.read1(MOST_BYTES):
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(f"more than {MOST_BYTES} bytes")
        if time.monotonic() > until:
            raise TimeoutError
    if response.length:
        raise IncompleteRead(body, response.length)
    return body


class _Connection(HTTPConnection):
    """A connection to a URL's server, wherever that is."""

    def __init__(self, url: SplitResult, elsewhere: Address | None, remedy: str) -> None:
        self.url, self.remedy = url, remedy
        self.name = url.hostname or ""
        self.there = elsewhere or Address(self.name, url.port or PORTS[url.scheme])
        self.context = ssl.create_default_context() if url.scheme == "https" else None
        super().__init__(self.there.host, self.there.port)

    def answer(self, method: str, url: str, headers: Headers, body: bytes) -> Answer:
        """The answer to a request.

        Raises:
            Unreachable: there is no connection, and none can be had.
            NoAnswer: there was one, and it brought none.
        """
        path = urlsplit(url).path or "/"
        every = {"Host": self.url.netloc, "User-Agent": "make-check", **headers}
        used = self.sock is not None
        try:
            if self.sock is None:
                self.connect()
            self.request(method, path, body or None, every)
            response = self.getresponse()
            said = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, said, _whole(response))
        except (RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            if used:  # it had stayed open for too long
                return self.answer(method, url, headers, body)
            raise NoAnswer(f"the connection was cut ({error})") from None
        except TimeoutError:
            self.close()
            raise NoAnswer(f"nothing whole came within {ANSWER_SECONDS} s") from None
        except (HTTPException, OSError) as error:
            self.close()
            raise NoAnswer(f"the connection broke ({error!r})") from None

    @override
    def connect(self) -> None:
        """Connect, with TLS where the URL says so, for the name in the URL.

        Raises:
            Unreachable: it can't be done.
        """
        where = f"{self.there.host}:{self.there.port}"
        try:
            raw = socket.create_connection((self.there.host, self.there.port), CONNECT_SECONDS)
            if self.context:
                raw = self.context.wrap_socket(raw, server_hostname=self.name)
        except (socket.gaierror, UnicodeError):
            raise Unreachable(f"{self.there.host} does not resolve; {self.remedy}.") from None
        except ssl.SSLError as error:
            reason = getattr(error, "verify_message", "") or error.reason or str(error)
            raise Unreachable(
                f"{where} has no TLS for {self.name} that is trusted here ({reason}); give its"
                " front a certificate for that name, or trust its issuer: SSL_CERT_FILE=ca.pem."
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unreachable(f"{where} takes no connection ({reason}); {self.remedy}.") from None
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(ANSWER_SECONDS)
        self.sock = raw
