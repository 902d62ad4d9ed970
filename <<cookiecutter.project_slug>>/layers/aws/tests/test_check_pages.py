"""`make check` of a stack that pages of other origins may call: asked as a browser asks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, override

import pytest

from infra.cors import ALLOW_ORIGIN
from tests.live import BASE_URL, Live, live
from tests.stand_in import answers_as_aws
from tests.support import VERSION
from tests.test_check_front import KEY, key

ONE, OTHER = "https://app.example.org", "http://localhost:5173"


@dataclass
class Browsed(Live):
    """A stack that says of each page that it may call, but for what `asked` and `read` change.

    browsers: what was asked before a call. pages: which of them then called.
    """

    origin: str | list[str] = ONE
    asked: dict[str, Any] = field(default_factory=dict)
    read: dict[str, Any] = field(default_factory=dict)
    browsers: list[dict[str, str]] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    @override
    def answer(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        page = headers.get("origin")
        said = {ALLOW_ORIGIN: "*" if self.origin == "*" else page}
        if method == "OPTIONS":
            self.browsers.append(headers | {"path": path})
            return {"status": 204, "headers": said, "body": ""} | self.asked
        answer = super().answer(method, path, headers, body)
        if page is None:
            return answer
        self.pages.append(page)
        return answer | {"headers": answer["headers"] | said | self.read}

    def opened(self, origin: str | list[str] = ONE, **keys: Any) -> None:
        """Its file lets pages of this origin call, and its outputs are those of a deploy."""
        self.origin = origin
        outputs = {f"{VERSION}_base_url": BASE_URL, "api_key_id": "k1"}
        self.stack(outputs, stack={"cors": {"origin": origin}} | keys)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browsed]:
    """The stack, whose server is AWS too."""
    with live(tmp_path, monkeypatch, Browsed) as own:
        answers_as_aws(own.port, monkeypatch)
        own.changes = {"else": key(KEY)}
        yield own


@pytest.mark.parametrize(
    ("origin", "pages"), [(ONE, [ONE]), ("*", [ONE]), ([OTHER, ONE], [OTHER, ONE])]
)
def test_for_each_origin_a_browsers_question_is_asked_and_then_a_prediction(
    stack: Browsed, origin: Any, pages: list[str]
) -> None:
    stack.opened(origin)
    assert stack.check() == 0
    assert stack.pages == pages
    for headers, page in zip(stack.browsers, pages, strict=True):
        assert headers["origin"] == page
        assert headers["path"] == f"/{VERSION}/predict"
        assert headers["access-control-request-method"] == "POST"


@pytest.mark.parametrize("auth", ["api_key", "iam"])
def test_a_browsers_question_has_no_credentials_and_the_prediction_has(
    stack: Browsed, auth: str
) -> None:
    stack.opened(**{"auth": auth, "aws:region": "eu-central-1"})
    assert stack.check() == 0
    (question,) = stack.browsers
    assert question.keys().isdisjoint({"x-api-key", "authorization"})
    header = {"api_key": "x-api-key", "iam": "authorization"}[auth]
    assert all(header in headers for _, headers in stack.seen)


def test_without_the_key_nothing_of_pages_is_asked(stack: Browsed) -> None:
    assert stack.check() == 0
    assert (stack.browsers, stack.pages) == ([], [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": 405}, "has status 405, not 204; run `make deploy STACK=dev`"),
        ({"headers": {}}, f"has no {ALLOW_ORIGIN}, which is {ONE}; run `make deploy STACK=dev`"),
        (
            {"headers": {ALLOW_ORIGIN: OTHER}},
            f"has {ALLOW_ORIGIN} {OTHER}, not {ONE}; run `make deploy STACK=dev`",
        ),
    ],
)
def test_a_browser_that_may_not_call_is_told_with_the_remedy(
    stack: Browsed, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
) -> None:
    stack.opened()
    stack.asked = change
    assert stack.check() == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    place = f"{VERSION}: the answer to “OPTIONS for a page of {ONE}” "
    assert sentence.startswith(f"{place}{said}")


def test_a_prediction_that_no_page_may_read_is_told_with_the_remedy(
    stack: Browsed, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.opened()
    stack.read = {ALLOW_ORIGIN: None}
    assert stack.check() == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    place = f"{VERSION}: the answer to “a prediction for a page of {ONE}” has no {ALLOW_ORIGIN}"
    assert sentence.startswith(f"{place}, which is {ONE}; ")
    assert "deploy" in sentence
