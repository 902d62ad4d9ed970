"""Requests that the tests of h11 and httptools hold are read, or refused, as those say."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.corpora import fetch, h11_chunks, h11_connections, h11_messages, httptools_requests
from tests.fuzz import answered
from tests.processes import Server, serving

CODED = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
FOLDED = "folding is refused, as a front may read it otherwise (RFC 9112, 5.2)"
# What we refuse, and they accept.
REFUSED = {
    b"header\r\n\tnonsense": FOLDED,
    b"kUd\x01UpAt": "a control character is in no value (RFC 9110, 5.5)",
    b"5   \t \r\n": "no space follows the size of a chunk (RFC 9112, 7.1)",
    b"Hot diggity dogg": "no upgrade is made, so what follows is the next request, and is none",
    b"SADFFDSA": "no request either; their test ends before it",
    b"; hello": "a space in an extension: llhttp takes none, though a recipient should (7.1.1)",
}


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    fetch(folder)
    return folder


@pytest.fixture(scope="module")
def server(prepared: Callable[[str], Path]) -> Iterator[Server]:
    with serving(prepared("kubernetes"), "-m", "serving.server") as server:
        yield server


def accepts(server: Server, data: bytes) -> bool:
    """Whether all that is sent is a request that is answered; no path here leads to the model."""
    answers = answered(server.port, data)
    assert {each[:3] for each in answers} <= {"400", "404"}, answers
    return bool(answers) and all(each.startswith("404") for each in answers)


@pytest.mark.parametrize(
    ("cases", "number", "before"),
    [
        (h11_messages, 12, b""),
        (h11_chunks, 12, CODED),
        (h11_connections, 18, b""),
        (httptools_requests, 11, b""),
    ],
)
def test_requests_are_read_as_their_authors_say(
    server: Server,
    corpora: Path,
    cases: Callable[[Path], Iterator[tuple[bytes, bool]]],
    number: int,
    before: bytes,
) -> None:
    found = [*cases(corpora)]
    assert len(found) == number
    for data, accepted in found:
        refused = any(part in data for part in REFUSED)
        assert accepts(server, before + data) == (accepted and not refused), data
        assert accepted or not refused, f"they refuse it too: {data!r}"
