"""What a front and this server could read differently is refused, and its connection closed.

Where two servers disagree about where a request ends, a client can hide one in another's body. The
sections are those of RFC 9112, unless they say otherwise.
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.adapters import Running, running
from tests.raw import CHUNKED, Client, chunked, post
from tests.support import EXAMPLE, PREDICT

HIDDEN = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"


def request(line: str = f"POST {PREDICT} HTTP/1.1", *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1") + body


def coded(coding: str, *headers: str) -> bytes:
    """A body in one chunk, under a header that may say so."""
    return post(chunked(EXAMPLE), f"Transfer-Encoding: {coding}", *headers)


def sized(length: str) -> bytes:
    return post(EXAMPLE, f"Content-Length: {length}")


def in_chunks(text: bytes) -> bytes:
    return post(text, CHUNKED)


REFUSED = {
    "2.2 a bare LF ends the request line": b"GET /livez HTTP/1.1\nHost: here\r\n\r\n",
    "2.2 a bare LF ends a header": post(b"", "A: b\nContent-Length: 0"),
    "2.2 a bare LF ends the head": b"GET /livez HTTP/1.1\r\nHost: here\r\n\n",
    "2.2 a bare CR in a header": post(b"", "A: b\rContent-Length: 9"),
    "2.2 two CR end a header": post(b"", "A: b\r"),
    "2.2 space before the first header": request("GET /livez HTTP/1.1", " A: b", "Host: here"),
    "2.3 another version": request("GET /livez HTTP/2.0", "Host: here"),
    "2.3 a version before all": request("GET /livez HTTP/0.9", "Host: here"),
    "2.3 no version": request("GET /livez", "Host: here"),
    "2.3 a version in lower case": request("GET /livez http/1.1", "Host: here"),
    "3 space in the target": request("GET /livez HTTP/1.1 HTTP/1.1", "Host: here"),
    "3 space after the version": request("GET /livez HTTP/1.1 ", "Host: here"),
    "3 a tab for a space": request("GET\t/livez HTTP/1.1", "Host: here"),
    "3.2 no Host": request("GET /livez HTTP/1.1"),
    "3.2 two Hosts": request("GET /livez HTTP/1.1", "Host: here", "Host: there"),
    "3.2 two Hosts in one": request("GET /livez HTTP/1.1", "Host: here, there"),
    "3.2 a Host with a path": request("GET /livez HTTP/1.1", "Host: here/livez"),
    "3.2 a Host with a user": request("GET /livez HTTP/1.1", "Host: me@here"),
    "3.2.2 an absolute target": request("GET http://there/livez HTTP/1.1", "Host: here"),
    "3.2.3 an authority for a target": request("GET here:80 HTTP/1.1", "Host: here"),
    "3.2 no target at all": request("GET  HTTP/1.1", "Host: here"),
    "3.2 a target with a fragment": request("GET /livez#a HTTP/1.1", "Host: here"),
    "3.2 a target with a control character": request("GET /li\x01vez HTTP/1.1", "Host: here"),
    "3.2 a target with a null": request("GET /livez\0 HTTP/1.1", "Host: here"),
    "3.2 a target beyond ASCII": request("GET /liv\xe9z HTTP/1.1", "Host: here"),
    "5 a header without a colon": post(b"", "Content-Length"),
    "5 a header without a name": post(b"", ": a"),
    "5.1 space before a colon": post(EXAMPLE, f"Content-Length : {len(EXAMPLE)}"),
    "5.1 a tab before a colon": post(EXAMPLE, f"Content-Length\t: {len(EXAMPLE)}"),
    "5.1 a control character in a name": post(b"", "A\x01: b"),
    "5.1 a name beyond ASCII": post(b"", "\xc4: b"),
    "5.2 folding": post(b"", "A: b\r\n c"),
    "5.2 folding of a length": post(EXAMPLE, f"Content-Length:\r\n {len(EXAMPLE)}"),
    "RFC 9110, 5.5 a null": post(b"", "A: b\0c"),
    "RFC 9110, 5.5 a control character": post(b"", "A: b\x0bc"),
    "RFC 9110, 5.5 a deleting character": post(b"", "A: b\x7fc"),
    "6.1 chunks and a length": coded("chunked", "Content-Length: 5"),
    "6.1 a length and chunks": post(chunked(EXAMPLE), "Content-Length: 5", CHUNKED),
    "6.1 chunks by HTTP/1.0": post(chunked(EXAMPLE), CHUNKED, version="1.0"),
    "6.1 another coding": coded("gzip"),
    "6.1 another coding before": coded("gzip, chunked"),
    "6.1 another coding after": coded("chunked, gzip"),
    "6.1 another coding in a header before": coded("gzip", CHUNKED),
    "6.1 another coding in a header after": coded("chunked", "Transfer-Encoding: gzip"),
    "6.1 chunked of no coding": coded("identity, chunked"),
    "6.1 a coding that is none": coded("identity"),
    "6.1 an empty coding": coded(""),
    "6.1 an empty coding before": coded(", chunked"),
    "6.1 chunked twice": coded("chunked, chunked"),
    "6.1 chunked in two headers": coded("chunked", CHUNKED),
    "6.1 almost chunked": coded("xchunked"),
    "6.1 chunked in quotes": coded('"chunked"'),
    "6.1 chunked with a parameter": coded("chunked;q=1"),
    "6.1 chunked after a vertical tab": coded("\x0bchunked"),
    "6.3 two unequal lengths": post(EXAMPLE, "Content-Length: 5", "Content-Length: 6"),
    "6.3 two equal lengths": post(b"12345", "Content-Length: 5", "Content-Length: 5"),
    "6.3 two lengths in one": sized("5, 5"),
    "6.3 a length with a sign": sized("+5"),
    "6.3 a length in hexadecimal": sized("0x5"),
    "6.3 a length with a space in it": sized("5 5"),
    "6.3 a length beyond 64 bits": sized(str(2**64)),
    "7.1 a bare LF after a size": in_chunks(b"1\nx\r\n0\r\n\r\n"),
    "7.1 a bare LF after a chunk": in_chunks(b"1\r\nx\n0\r\n\r\n"),
    "7.1 a bare LF at the end": in_chunks(b"0\r\n\n"),
    "7.1 a chunk longer than its size": in_chunks(b"1\r\nxy\r\n0\r\n\r\n"),
    "7.1 a size in another notation": in_chunks(b"0x1\r\nx\r\n0\r\n\r\n"),
    "7.1 a size with a sign": in_chunks(b"+1\r\nx\r\n0\r\n\r\n"),
    "7.1 a size after a space": in_chunks(b" 1\r\nx\r\n0\r\n\r\n"),
    "7.1 a size before a space": in_chunks(b"1 \r\nx\r\n0\r\n\r\n"),
    "7.1 a size beyond 64 bits": in_chunks(b"10000000000000001\r\nx\r\n0\r\n\r\n"),
    "7.1 no size": in_chunks(b"\r\nx\r\n0\r\n\r\n"),
    "7.1.1 a bare LF in an extension": in_chunks(b"1;a\nb\r\nx\r\n0\r\n\r\n"),
    "7.1.1 a bare CR in an extension": in_chunks(b"1;a\rb\r\nx\r\n0\r\n\r\n"),
    "7.1.1 a null in an extension": in_chunks(b"1;a\0b\r\nx\r\n0\r\n\r\n"),
    "7.1.2 a length in the trailer": in_chunks(b"0\r\nContent-Length: 5\r\n\r\n"),
    "7.1.2 a coding in the trailer": in_chunks(b"0\r\nTransfer-Encoding: chunked\r\n\r\n"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(REQUEST_SECONDS="2") as server:
        yield server


@pytest.mark.parametrize("name", REFUSED)
def test_what_two_could_read_differently_is_refused(server: Running, name: str) -> None:
    with Client(server.port) as client:
        with suppress(ConnectionError):
            client.send(REFUSED[name] + HIDDEN)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert client.is_closed()  # and what was hidden is not answered


READ = {
    "2.2 empty lines before a request": b"\r\n\r\n" + post(),
    "5.1 tabs around a value": post(EXAMPLE, f"Content-Length:\t{len(EXAMPLE)}\t"),
    "6.1 chunked in capitals": coded("CHUNKED"),
    "6.3 a length with zeros in front": sized(f"00{len(EXAMPLE)}"),
    "7.1.1 an extension": in_chunks(b'%x;a="b"\r\n%b\r\n0\r\n\r\n' % (len(EXAMPLE), EXAMPLE)),
    "RFC 9110, 5.5 a value beyond ASCII": post(EXAMPLE, "A: \xe4"),
    "3.2 no Host by HTTP/1.0": request(
        f"POST {PREDICT} HTTP/1.0",
        "Content-Type: application/json",
        f"Content-Length: {len(EXAMPLE)}",
        body=EXAMPLE,
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_all_read_alike_is_answered(server: Running, name: str) -> None:
    with Client(server.port) as client:
        client.send(READ[name])
        assert client.answer().status == 200
