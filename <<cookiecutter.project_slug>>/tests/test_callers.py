"""`make callers`: what is printed of those who have called, and the status it ends with."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml

from tests.support import ROOT
from tools import callers
from tools.clients import Calls
from tools.refused import Refused

PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["name"]
EVENING = datetime(2026, 11, 30, 19, 2, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    versions = {"v1": {"release": "1.4.2", "state": "retired"}, "v2": {"release": "2.0.0"}}
    config = {"config": {f"{PROJECT}:versions": versions}}
    (tmp_path / "Pulumi.yaml").write_text(f"name: {PROJECT}\n", "utf-8")
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump(config), "utf-8")
    monkeypatch.setattr(callers, "ROOT", tmp_path)


def _found(monkeypatch: pytest.MonkeyPatch, *found: Calls) -> list[tuple[str, str, datetime]]:
    asked: list[tuple[str, str, datetime]] = []

    def calls(version: str, stack: str, since: datetime) -> list[Calls]:
        asked.append((version, stack, since))
        return [*found]

    monkeypatch.setattr(callers, "calls", calls)
    return asked


def test_who_calls_is_told_by_how_much(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_rome = EVENING.astimezone(timezone(timedelta(hours=1)))
    gone = Calls("gone", EVENING, 0)
    _found(monkeypatch, Calls("beta", in_rome, 97), Calls("acme", EVENING, 1_203), gone)
    assert callers.main(["prod", "v1"]) == callers.SOMEBODY == 1
    assert capsys.readouterr().out.splitlines() == [
        "client  last seen (UTC)   calls   share",
        "acme    2026-11-30 19:02  1,203  92.5 %",
        "beta    2026-11-30 19:02     97   7.5 %",
    ]


def test_where_nobody_calls_the_status_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _found(monkeypatch, Calls("gone", EVENING, 0))
    assert callers.main(["prod", "v1"]) == callers.NOBODY == 0
    assert capsys.readouterr().out.startswith("Nobody has called v1 of prod since 20")


def test_calls_of_clients_that_nothing_tells_apart_are_those_of_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _found(monkeypatch, Calls("", EVENING, 3))
    assert callers.main(["prod", "v1"]) == callers.SOMEBODY
    assert capsys.readouterr().out.splitlines()[1].split() == [
        *("all", "2026-11-30", "19:02", "3", "100.0", "%")
    ]


def test_a_name_is_no_command_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _found(monkeypatch, Calls("a\x1b]0;b\n\u202ec", EVENING, 1))
    callers.main(["prod", "v1"])
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("a\ufffd]0;b\ufffd\ufffdc  ")


@pytest.mark.parametrize(
    ("text", "long"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("30d", timedelta(days=30)),
        ("4w", timedelta(days=28)),
    ],
)
def test_since_is_a_number_and_a_unit(
    text: str, long: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _found(monkeypatch)
    before = datetime.now(UTC) - long
    callers.main(["prod", "v1", "--since", text])
    [(version, stack, since)] = asked
    assert (version, stack) == ("v1", "prod")
    assert before <= since <= datetime.now(UTC) - long


@pytest.mark.parametrize(
    "text", ["", "30", "d", "0d", "-1d", "1.5d", "30D", "30 d", "٣d", "99999d"]
)
def test_any_other_since_is_refused_with_one_that_can_be(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = _found(monkeypatch)
    assert callers.main(["prod", "v1", f"--since={text}"]) == callers.NOT_ASKED == 2
    assert "such as 30d" in capsys.readouterr().err
    assert not asked


@pytest.mark.parametrize(
    ("stack", "version", "sentence"),
    [
        ("prod", "v3", "Could not ask: VERSION is 'v3'; Pulumi.prod.yaml has v1, v2."),
        ("prod", "", "Could not ask: VERSION is missing: make callers VERSION=v1 STACK=prod."),
        ("live", "v1", "Could not ask: Pulumi.live.yaml is missing: the stacks here are: prod."),
    ],
)
def test_what_no_stack_has_nobody_is_asked_about(
    stack: str,
    version: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = _found(monkeypatch)
    assert callers.main([stack, version]) == callers.NOT_ASKED
    assert capsys.readouterr().err == f"{sentence}\n"
    assert not asked


def test_who_can_not_be_asked_is_nobody_and_nobody_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def calls(*_: object) -> list[Calls]:
        raise Refused("the log is gone.")

    monkeypatch.setattr(callers, "calls", calls)
    assert callers.main(["prod", "v1"]) == callers.NOT_ASKED
    said = capsys.readouterr()
    assert said.err == "Could not ask: the log is gone.\n"
    assert said.out == ""
