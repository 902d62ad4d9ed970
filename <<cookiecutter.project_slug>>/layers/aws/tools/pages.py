"""What a browser asks for a page of another origin, and what it must be answered."""

from collections.abc import Iterator
from dataclasses import replace

from infra.cors import ALL, ALLOW_ORIGIN, EXAMPLE
from tools.asking import Credentials, Headers, Question
from tools.deployed import Deployed
from tools.expected import Expected
from tools.front import VERSION_HEADER, Asked


def open_to_browsers(credentials: Credentials) -> Credentials:
    """The same, but none for what a browser asks before a call: it has none then."""

    def own(method: str, url: str, headers: Headers, body: bytes) -> Headers:
        return {} if method == "OPTIONS" else credentials(method, url, headers, body)

    return own


def with_pages(
    deployed: Deployed, asked: Asked, remedy: str | None = None, release: str | None = None
) -> Asked:
    """What an API version is asked, and for each origin that may call it what a browser asks.

    remedy: what else to do where a prediction differs. release: which one has to answer it, where
    no other answer tells it.
    """
    cors = deployed.settings.cors
    if cors is None:
        return asked
    golden = [each for each, wanted in asked.questions if wanted.status == 200 and each.body]
    more = [
        pair
        for origin in cors.origins
        for each in golden[:1]
        for pair in _of_a_page(deployed, origin, each, remedy, release)
    ]
    return replace(asked, questions=(*asked.questions, *more))


def _of_a_page(
    deployed: Deployed, origin: str, golden: Question, remedy: str | None, release: str | None
) -> Iterator[tuple[Question, Expected]]:
    """May it be called, and read?"""
    page = EXAMPLE if origin == ALL else origin
    for_a_page = f"for a page of {page}"
    may_read = {ALLOW_ORIGIN: origin}
    question = {
        "Origin": page,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key",
    }
    # It names no API version, so under the header scheme it goes to the default one.
    if default := deployed.default_version:
        question[VERSION_HEADER] = default
    yield (
        Question(f"OPTIONS {for_a_page}", "OPTIONS", golden.path, question, ""),
        Expected(204, may_read, remedy=deployed.redeploy),
    )
    headers = {**golden.headers, "Origin": page}
    yield (
        replace(golden, name=f"a prediction {for_a_page}", headers=headers),
        Expected(200, may_read, release=release, remedy=remedy or deployed.redeploy),
    )
