"""`make key`: the value of the key that is asked for, and sentences where it can't be had."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, override

import pytest

from tests.live import BASE_URL, Live, live
from tests.stand_in import answers_as_aws
from tests.support import VERSION
from tools import key

CLIENTS = {"acme": {}, "beta": {"keys": ["a", "b"]}}
OUTPUTS = {
    f"{VERSION}_base_url": BASE_URL,
    "api_key_id": "k1",
    "client_key_ids": {"acme": {"a": "k2"}, "beta": {"a": "k3", "b": "k4"}},
}


class Keys(Live):
    """API Gateway beside the stack: each key's value tells its id."""

    @override
    def answer(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        if not path.startswith("/apikeys/"):
            return super().answer(method, path, headers, body)
        identity = path.removeprefix("/apikeys/").partition("?")[0]
        said = json.dumps({"id": identity, "value": f"value-of-{identity}"})
        return {"status": 200, "headers": {"Content-Type": "application/json"}, "body": said}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keys]:
    with live(tmp_path, monkeypatch, Keys) as own:
        answers_as_aws(own.port, monkeypatch)
        for name in ("CLIENT", "KEY"):
            monkeypatch.delenv(name, raising=False)
        yield own


def deployed(stack: Keys, **keys: Any) -> list[str]:
    """A stack with these keys, and the arguments that name it."""
    own = {"auth": "api_key", "aws:region": "eu-central-1", "clients": CLIENTS} | keys
    stack.stack(OUTPUTS, stack=own)
    return ["dev", "--outputs", str(stack.folder / "outputs.json")]


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ([], "k1"),
        (["--client", "acme"], "k2"),
        (["--client", "acme", "--key", "a"], "k2"),
        (["--client", "beta", "--key", "b"], "k4"),
    ],
)
def test_the_value_that_is_asked_for_is_all_that_is_printed(
    stack: Keys, capsys: pytest.CaptureFixture[str], asked: list[str], value: str
) -> None:
    assert key.main([*deployed(stack), *asked]) == 0
    assert capsys.readouterr() == (f"value-of-{value}\n", "")


@pytest.mark.parametrize(
    ("keys", "asked", "said"),
    [
        ({}, ["--client", "zeta"], "Pulumi.dev.yaml has no client zeta; write CLIENT=acme or beta"),
        ({"clients": {}}, ["--client", "acme"], "… no client acme; there are no clients"),
        ({}, ["--client", "beta"], "beta has several keys; write KEY=a or b"),
        ({}, ["--client", "acme", "--key", "b"], "acme has no key b; write KEY=a"),
        ({}, ["--key", "b"], "KEY is b, and no client is named; write CLIENT too"),
        (
            {"default_key": False},
            [],
            "default_key is false in Pulumi.dev.yaml; write CLIENT=acme or beta",
        ),
        (
            {"clients": {"new": {}}},
            ["--client", "new"],
            "the key a of new is not deployed; run `make deploy STACK=dev`",
        ),
        ({"auth": "iam", "clients": None}, [], "auth is not api_key: there are no API keys"),
    ],
)
def test_what_can_not_be_printed_is_said_why(
    stack: Keys,
    capsys: pytest.CaptureFixture[str],
    keys: dict[str, Any],
    asked: list[str],
    said: str,
) -> None:
    arguments = deployed(stack, **keys)
    if keys.get("clients", CLIENTS) is None:
        stack.stack(OUTPUTS, stack={"aws:region": "eu-central-1", "auth": keys["auth"]})
    assert key.main([*arguments, *asked]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith(f"{said.removeprefix('…').lstrip()}.\n")


@pytest.mark.parametrize(
    ("keys", "environ", "value"),
    [
        ({}, {}, "k1"),
        ({"default_key": False}, {}, "k2"),
        ({"default_key": False}, {"CLIENT": "beta"}, "k3"),
        ({}, {"CLIENT": "beta", "KEY": "b"}, "k4"),
    ],
)
def test_a_check_asks_with_the_key_that_is_named_or_the_first_there_is(
    stack: Keys,
    monkeypatch: pytest.MonkeyPatch,
    keys: dict[str, Any],
    environ: dict[str, str],
    value: str,
) -> None:
    deployed(stack, **keys)
    for name, each in environ.items():
        monkeypatch.setenv(name, each)
    assert stack.check() == 0
    assert {headers["x-api-key"] for _, headers in stack.seen} == {f"value-of-{value}"}
