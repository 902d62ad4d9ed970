"""Pages of other origins: what a function's answers say of them, as the front's answers do."""

import json
import os
import subprocess
import sys
from email.message import Message
from typing import Any

import pytest

from infra.cors import ALLOW_ORIGIN, EXAMPLE, MOST_ORIGINS
from infra.cors import SAID as SAID_BY_THE_FRONT
from infra.pages import told
from serving import lambda_handler
from serving.lambda_handler import Handler
from serving.release import WrongDeployment
from tests.stacks import TWO, Stacks
from tests.support import EXAMPLE as BODY
from tests.support import PREDICT, ROOT
from tools.gateway import Context, proxy_event

ONE, OTHER = "https://app.example.org", "http://localhost:5173"
EXPOSE = "Access-Control-Expose-Headers"
NOTHING = Message()


def headers(handler: Handler, origin: str | None = ONE, body: bytes = BODY) -> dict[str, str]:
    """What an answer to a page says of pages."""
    asked = Message()
    asked["content-type"] = "application/json"
    if origin:
        asked["oRIGIN"] = origin
    result = handler(proxy_event("POST", PREDICT, asked, body), Context("from-the-context"))
    assert result["statusCode"] == (200 if body == BODY else 422)
    found: dict[str, str] = result["headers"]
    return {k: v for k, v in found.items() if k.startswith("Access-Control-") or k == "Vary"}


def handler_for(monkeypatch: pytest.MonkeyPatch, origins: str) -> Handler:
    monkeypatch.setenv("CORS_ORIGINS", origins)
    return Handler()


@pytest.mark.parametrize("body", [BODY, b"{}"], ids=["a prediction", "an error"])
@pytest.mark.parametrize("origins", [ONE, "*"])
def test_every_answer_says_whose_pages_may_read_it_and_what_of_it(
    monkeypatch: pytest.MonkeyPatch, origins: str, body: bytes
) -> None:
    handler = handler_for(monkeypatch, origins)
    said = {ALLOW_ORIGIN: origins, EXPOSE: ", ".join(SAID_BY_THE_FRONT)}
    for origin in (ONE, OTHER, None):
        assert headers(handler, origin, body) == said


@pytest.mark.parametrize("body", [BODY, b"{}"], ids=["a prediction", "an error"])
def test_of_several_the_pages_own_is_named_and_no_other_page_may_read_it(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    handler = handler_for(monkeypatch, f"{ONE} {OTHER}")
    for origin in (ONE, OTHER):
        said = {ALLOW_ORIGIN: origin, EXPOSE: ", ".join(SAID_BY_THE_FRONT), "Vary": "Origin"}
        assert headers(handler, origin, body) == said
    for origin in (None, "https://evil.example", "null", f"{ONE}.evil.example", ONE.upper(), "*"):
        assert headers(handler, origin, body) == {"Vary": "Origin"}


def test_an_answer_over_lambdas_limit_says_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = handler_for(monkeypatch, ONE)
    monkeypatch.setattr(lambda_handler, "MAX_RESPONSE_BYTES", 10)
    asked = proxy_event("GET", "/openapi.json", NOTHING, b"")
    result = handler(asked, Context("from-the-context"))
    assert result["statusCode"] == 500
    assert result["headers"][ALLOW_ORIGIN] == ONE


def test_without_the_variable_no_answer_says_it_and_nothing_is_imported() -> None:
    assert headers(Handler()) == {}
    script = "import sys, serving.lambda_handler; sys.exit('serving.cors' in sys.modules)"
    environ = {k: v for k, v in os.environ.items() if k != "CORS_ORIGINS"}
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0


@pytest.mark.parametrize(
    "text", ["", "app.example.org", f"{ONE},{OTHER}", f"* {ONE}", f"{ONE}\nX-A: b", "null"]
)
def test_what_is_no_list_of_origins_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    with pytest.raises(WrongDeployment) as refused:
        handler_for(monkeypatch, text)
    assert str(refused.value) == (
        f"CORS_ORIGINS is {text!r}; write *, or origins such as {EXAMPLE} with a space between"
        " them."
    )


def test_what_a_stack_file_says_is_what_a_function_reads(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    cors = stacks.settings(cors={"origin": [ONE, OTHER]}).cors
    handler = handler_for(monkeypatch, told(cors)["CORS_ORIGINS"])
    assert headers(handler, OTHER)[ALLOW_ORIGIN] == OTHER


def test_more_origins_than_lambda_takes_beside_a_versions_variables_are_refused(
    stacks: Stacks,
) -> None:
    origin = [f"https://{'a' * 60}.{number}.example.org" for number in range(MOST_ORIGINS)]
    small: Any = {"v1": TWO["v1"] | {"env": {"TEXT": "a" * 2_000}}, "v2": TWO["v2"]}
    stacks.settings(small, cors={"origin": origin})
    large: Any = {"v1": TWO["v1"] | {"env": {"TEXT": "a" * 3_000}}, "v2": TWO["v2"]}
    size = len(json.dumps({"TEXT": "a" * 3_000, "CORS_ORIGINS": " ".join(origin)}))
    (said,) = stacks.refusal(large, cors={"origin": origin})
    assert said.startswith("cors.origin: with versions.v1.env it has ")
    assert said.endswith(
        " bytes as JSON, and Lambda takes 4,096; write fewer origins, or fewer variables."
    )
    assert size > 4_096 - 100
