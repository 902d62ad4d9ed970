"""A client that sends what it likes, byte by byte."""

import socket
from typing import Self

from tests.support import EXAMPLE, PREDICT, Answer

CHUNKED = "Transfer-Encoding: chunked"


class Client:
    """One connection to a server on the loopback interface."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "POST") -> Answer:
        """The next response."""
        status = int(self.file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        return Answer(status, headers, self.file.read(length))

    def is_closed(self) -> bool:
        """Whether the server has ended the connection and says nothing more; waits for that."""
        try:
            return self.file.read(1) == b""
        except ConnectionError:
            return True


def post(body: bytes = EXAMPLE, *headers: str, version: str = "1.1", path: str = PREDICT) -> bytes:
    """A prediction request; the body's length only where no header is about it."""
    lines = [f"POST {path} HTTP/{version}", "Host: here", "Content-Type: application/json"]
    if not any(each.startswith(("Content-Length", "Transfer-Encoding")) for each in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1") + body


def chunk(data: bytes) -> bytes:
    """A chunk of a body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked(body: bytes, *trailers: str) -> bytes:
    """A body in one chunk."""
    end = "\r\n".join(["0", *trailers, "", ""]).encode()
    return chunk(body) + end
