"""Requests that nobody wrote, and what a server answers to them.

Of each ten, three are right, three are one mutation away from that, and four are bytes. `python -m
tests.fuzz PORT >tests/fuzz.txt` records the statuses of a server that is known to be right.
"""

import json
import random
import re
import sys
from collections.abc import Iterator
from itertools import islice

from tests.processes import exchange

PREDICT = "/v1/predict"
ROW = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
BODY = json.dumps({"instances": [ROW]}).encode()
# What HTTP is made of, for bytes that get further than the first one.
TOKENS = [
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"\0", b"\x7f", b"\xff", b"0", b"-1"),
    *(b"POST ", b"GET ", b"/livez", b"/v1/predict", b"*", b" HTTP/1.1", b" HTTP/1.0", b"#"),
    *(b"Host: a", b"Content-Length: ", b"Transfer-Encoding: chunked", b"Expect: 100-continue"),
    *(b"Connection: close", b"Upgrade: h2c", b"\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", BODY),
]
# Of an answer, what is the way's and not the app's, or by chance.
TRANSPORT = ("connection", "date", "server")
ID = re.compile(r"\b[0-9a-f]{16}\b")


def requests(seed: int) -> Iterator[bytes]:
    """The same for the same seed, without an end."""
    source = random.Random(seed)  # noqa: S311 (no secret)
    while True:
        kind = source.random()
        if kind < 0.3:
            yield right(source)
        elif kind < 0.6:
            yield mutated(source, right(source))
        else:
            yield b"".join(source.choices(TOKENS, k=source.randint(1, 40)))


def right(source: random.Random) -> bytes:
    """A request by the book, or two of them."""
    method, path = source.choice([("POST", PREDICT)] * 4 + [("GET", "/livez"), ("HEAD", PREDICT)])
    path += source.choice(["", "", "?a=b"])
    headers = [f"Host: {source.choice(['here', 'here:80', '[::1]:80'])}"]
    headers += source.sample(["Accept: */*", "X-Api-Version: v1", "X-Api-Version: v9"], 1)
    headers += source.sample(["X-Request-Id: mine", "Connection: close", "A: b", "A: c"], 2)
    body = b""
    if method == "POST":
        headers.append(f"Content-Type: {source.choice(['application/json'] * 4 + ['text/plain'])}")
        body = source.choice([BODY] * 4 + [b"{}", b"[", BODY.replace(b"5.1", b"-5.1")])
        if source.random() < 0.3:
            headers.append("Transfer-Encoding: chunked")
            middle = source.randint(1, len(body))
            parts = [part for part in (body[:middle], body[middle:]) if part]
            body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in parts) + b"0\r\n\r\n"
        else:
            headers.append(f"Content-Length: {len(body)}")
    source.shuffle(headers)
    version = source.choice(["1.1"] * 9 + ["1.0"])
    if version == "1.0" and "Transfer-Encoding: chunked" in headers:
        version = "1.1"
    head = "\r\n".join([f"{method} {path} HTTP/{version}", *headers, "", ""])
    one = head.encode() + body
    return one + right(source) if source.random() < 0.1 else one


def mutated(source: random.Random, data: bytes) -> bytes:
    """The data with one mistake."""
    at = source.randrange(len(data))
    to = min(len(data), at + source.randint(1, 8))
    lines = data.split(b"\r\n")
    line = source.randrange(len(lines))
    match source.randrange(6):
        case 0:  # a byte is another one
            return data[:at] + bytes([source.randrange(256)]) + data[at + 1 :]
        case 1:  # some are missing
            return data[:at] + data[to:]
        case 2:  # some are there twice
            return data[:to] + data[at:]
        case 3:  # a line is there twice
            return b"\r\n".join([*lines[: line + 1], *lines[line:]])
        case 4:  # something stands in between
            return data[:at] + source.choice(TOKENS) + data[at:]
        case _:  # the end is missing
            return data[:at]


def answered(port: int, data: bytes) -> list[str]:
    """All answers to what is sent through a connection of its own, a line each."""
    heads = re.split(rb"(?=HTTP/1\.1 \d\d\d )", exchange(port, data))
    return [_line(each) for each in heads if each]


def statuses(answers: list[str]) -> str:
    """Of each answer its status, or `nothing`."""
    return " ".join(each[:3] for each in answers) or "nothing"


def _line(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    pairs = [field.split(": ", 1) for field in fields]
    own = {name.lower(): value for name, value in pairs if name.lower() not in TRANSPORT}
    length = int(own.pop("content-length", "0"))
    content = body.decode()
    if body and (len(body) != length):
        content = f"{len(body)} bytes of {length}"
    elif "predictions" in content:
        content = f"{len(json.loads(content)['predictions'])} predictions"
    return ID.sub("…", " ".join([first.split(" ")[1], json.dumps(own), content]))


if __name__ == "__main__":
    for each in islice(requests(seed=1), 2_000):
        print(statuses(answered(int(sys.argv[1]), each)))
