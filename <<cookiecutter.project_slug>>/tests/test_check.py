"""What `make check` says of what is live, and the status it ends with."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live import BASE_URL, RELEASE, SAID_WHEN_DEPRECATED, Live, live
from tests.stacks import DEPRECATED
from tests.support import GOLDEN, ROOT, VERSION, interruptible
from tools import asking, check, deployed

CASES = yaml.safe_load((ROOT / "tests/differences.yaml").read_text("utf-8"))
OLD = {"all": {"headers": {"X-Model-Release": "1.4.1"}}}
# Behind a URL that ends with the API version it is the example itself.
SHORT = "the example at the short path"
ONE = {"the example": {"status": 503, "body": "{}"}}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    with live(tmp_path, monkeypatch) as own:
        yield own


def test_where_all_is_as_the_stack_file_says_that_is_said(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stack.check() == 0
    said = capsys.readouterr()
    assert said.out == f"{VERSION}: release {RELEASE}, as Pulumi.dev.yaml says.\n"
    assert said.err == ""


def test_every_golden_request_is_asked_over_one_connection(
    stack: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    connect = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda *given: opened.append(given) or connect(*given)
    )
    assert stack.check() == 0
    assert GOLDEN.keys() - {name for name, _ in stack.seen} <= {SHORT, "an empty body"}
    assert opened == [(("127.0.0.1", stack.port), 10)]


@pytest.mark.parametrize("case", CASES, ids=[each["what"] for each in CASES])
def test_what_differs_is_said_with_what_to_do(
    stack: Live, capsys: pytest.CaptureFixture[str], case: dict[str, Any]
) -> None:
    stack.stack(**case.get("stack", {}))
    stack.changes = case.get("answers", {})
    assert stack.check() == (1 if case["said"] else 0)
    sentences = capsys.readouterr().err.splitlines()
    assert len(sentences) == len(case["said"]), sentences
    for sentence, part in zip(sentences, case["said"], strict=True):
        assert re.match(rf"{VERSION}: the answer to “.*\.$", sentence)
        assert part in sentence


def test_a_deprecated_version_says_so_on_every_answer(stack: Live) -> None:
    stack.stack(**DEPRECATED)
    assert stack.check() == 1
    stack.changes = {"all": {"headers": SAID_WHEN_DEPRECATED}}
    assert stack.check() == 0


def test_a_rollout_under_way_is_waited_for(stack: Live, capsys: pytest.CaptureFixture[str]) -> None:
    stack.changes, stack.later = OLD, (len(GOLDEN) + 4, {})
    assert stack.check(wait=30) == 0
    told = capsys.readouterr().out.splitlines()
    assert re.fullmatch(
        rf"{VERSION}: not yet: the answer to “the example” has X-Model-Release 1.4.1, not 1.4.2\."
        r" Asking for 30 s more at most\.",
        told[0],
    )
    assert told[1:] == [f"{VERSION}: release {RELEASE}, as Pulumi.dev.yaml says."]


def test_while_it_waits_it_asks_what_differs_and_then_everything(stack: Live) -> None:
    assert stack.check() == 0
    whole, stack.seen = stack.seen, []
    stack.changes, stack.later = ONE, (len(whole) + 3, {})
    assert stack.check(wait=30) == 0
    names = [name for name, _ in whole]
    assert [name for name, _ in stack.seen] == names + ["the example"] * 4 + names


def test_what_stays_different_is_all_said_in_the_end(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.changes = ONE | {"a wrong method": {"status": 500, "body": "{}"}}
    assert stack.check(wait=1) == 1
    sentences = capsys.readouterr().err.splitlines()
    assert [re.findall("“(.*?)”", each)[0] for each in sentences] == [
        "the example",
        "a wrong method",
    ]


def test_what_no_waiting_mends_is_not_waited_for(stack: Live) -> None:
    stack.changes = {"a batch of three": {"body": "[" * 200_000}}
    assert stack.check(wait=20) == 1
    assert [name for name, _ in stack.seen].count("a batch of three") == 3


def test_an_answer_without_an_end_did_not_come(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 100_000)
    stack.changes = {"the example": {"body": " " * 100_001}}
    assert stack.check() == 1
    assert "“the example” did not come: the connection broke" in capsys.readouterr().err
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.3)
    stack.changes = {"the example": {"body": " " * 100, "drips": True}}
    assert stack.check() == 1
    assert "“the example” did not come: nothing whole came within 0.3 s" in capsys.readouterr().err


def test_an_interrupt_ends_it_whatever_it_waits_for(stack: Live) -> None:
    stack.changes = ONE
    for name in ("infra", "serving", "tools"):
        (stack.folder / name).symlink_to(ROOT / name)
    where = ["--outputs", "outputs.json", "--address", f"127.0.0.1:{stack.port}", "--wait", "15"]
    with subprocess.Popen(
        [*interruptible("tools.check"), "dev", *where],
        cwd=stack.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline().startswith(f"{VERSION}: not yet: ")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=8)
    assert (process.returncode, said) == (130, "")


def test_what_it_was_too_fast_for_is_asked_again(stack: Live) -> None:
    stack.changes = {"the example": {"status": 429, "body": "{}"}}
    stack.later = (2, {})
    assert stack.check() == 0


def test_what_stays_throttled_is_not_asked_all_the_rest(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "PAUSE_SECONDS", 0)
    stack.changes = {"all": {"status": 429, "body": "{}"}}
    assert stack.check() == 1
    assert len(stack.seen) == check.TIMES + 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_connection_that_was_closed_meanwhile_is_opened_again(stack: Live) -> None:
    stack.changes = {"a batch of three": {"cut": True}}
    stack.later = (4, {})
    assert stack.check() == 0


def test_what_is_listed_and_was_never_deployed_differs(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack({"namespace": "iris-dev", "api_key_id": "k1"})
    assert stack.check() == 1
    assert capsys.readouterr().err == (
        f"{VERSION}: is not deployed: the outputs have no {VERSION}_base_url; run `make deploy"
        " STACK=dev`.\n"
    )


def test_a_closed_port_could_not_be_asked(stack: Live, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert stack.check("--address", f"127.0.0.1:{port}") == 2
    said = capsys.readouterr().err
    assert said.startswith(
        f"Could not ask: {VERSION}: 127.0.0.1:{port} takes no connection (Connection refused); "
    )


@pytest.mark.parametrize("name", ["nowhere.invalid", f"{'a' * 64}.invalid"])
def test_a_name_that_does_not_resolve_could_not_be_asked(
    stack: Live, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert stack.check("--address", f"{name}:80") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"Could not ask: {VERSION}: {name} does not resolve; ")
    assert "what you gave as ADDRESS listens" in said


def test_a_difference_counts_more_than_what_could_not_be_asked(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    (stack.folder / f"contracts/{VERSION}.json").unlink()
    more = {"v98": {"release": "9.8.0"}}
    stack.stack(stack={"versions": more})
    assert stack.check() == 1
    assert capsys.readouterr().err.splitlines() == [
        "v98: is not deployed: the outputs have no v98_base_url; run `make deploy STACK=dev`.",
        f"Could not ask: {VERSION}: contracts/{VERSION}.json is missing; get it from the commit"
        f" that made {VERSION}.",
    ]


@pytest.mark.parametrize(
    "text", ["localhost", "localhost:http", ":80", "http://a:80", "a:b:c", "[::1", "a b:80", "a:0"]
)
def test_an_address_without_host_or_port_is_refused(
    stack: Live, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert stack.check("--address", text) == 2
    assert capsys.readouterr().err == (
        f"Could not ask: ADDRESS is {text}; write host and port, such as localhost:8000.\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("outputs.json", "{}", "dev has no outputs; run `make deploy STACK=dev` first."),
        ("outputs.json", "[1]", "is not what `pulumi stack output --json --show-secrets` prints."),
        ("outputs.json", "secret", "is not what `pulumi stack output --json --show-secrets` pri"),
        ("Pulumi.dev.yaml", "config: {iris:versions: {}}", "Pulumi.dev.yaml can't be used:\n"),
        ("Pulumi.dev.yaml", "{", "Pulumi.dev.yaml can't be used:\n"),
        (
            "Pulumi.dev.yaml",
            "config: {1: a, a: {2027-01-01: b}}",
            "Pulumi.dev.yaml can't be used:\n",
        ),
        (
            "Pulumi.dev.yaml",
            "config: {a: {secure: v1}}",
            "a: is a secret, which only Pulumi reads.",
        ),
        (f"contracts/{VERSION}.json", "{", "is not JSON; get it from the commit that made"),
        (f"contracts/{VERSION}.json", "{}", f"is no contract of {VERSION}; get it from the commit"),
    ],
)
def test_what_can_not_be_read_is_named(
    stack: Live, capsys: pytest.CaptureFixture[str], name: str, text: str, said: str
) -> None:
    stack.writes(name, text)
    assert stack.check() == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", [{"value": BASE_URL}, "iris.example.org", "https://a:b/v1", "http://a b/v1"], ids=str
)
def test_an_output_that_is_no_url_is_named(
    stack: Live, capsys: pytest.CaptureFixture[str], url: object
) -> None:
    stack.stack({f"{VERSION}_base_url": url})
    assert stack.check() == 2
    assert f"{VERSION}_base_url is {url}, which is no URL; run `make" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "outputs.json"])
def test_a_file_that_is_missing_is_named(
    stack: Live, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (stack.folder / name).unlink()
    assert stack.check() == 2
    assert name in capsys.readouterr().err


def test_an_unquoted_day_is_read_as_pulumi_reads_it(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    days = 'deprecated_on: 2026-12-01, sunset: "2027-03-31"'
    version = f'{{release: "1.4.2", state: deprecated, {days}}}'
    stack.writes("Pulumi.dev.yaml", f"config:\n  versions:\n    {VERSION}: {version}\n")
    assert stack.check() == 2
    assert f'versions.{VERSION}.deprecated_on: stands without quotes; write "2026-12-01".' in (
        capsys.readouterr().err
    )


PULUMI = """#!/bin/sh
echo "$*" > "$FOLDER/called"
cat "$FOLDER/outputs.json"
exit "$(cat "$FOLDER/status")"
"""


@pytest.fixture
def pulumi(stack: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    """The stack, with a stand-in for Pulumi on the PATH that says its outputs."""
    stack.writes("status", "0")
    stack.writes("pulumi", PULUMI).chmod(0o755)
    monkeypatch.setenv("FOLDER", str(stack.folder))
    monkeypatch.setenv("PATH", f"{stack.folder}:/usr/bin:/bin")
    return stack


def test_without_a_file_pulumi_says_the_outputs(pulumi: Live) -> None:
    where = f"127.0.0.1:{pulumi.port}"
    assert check.main(["dev", "--address", where]) == 0
    called = (pulumi.folder / "called").read_text("utf-8")
    assert called == "stack output --json --show-secrets --stack dev\n"


def test_where_pulumi_fails_it_could_not_be_asked(
    pulumi: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.writes("status", "1")
    assert check.main(["dev"]) == 2
    assert capsys.readouterr().err == (
        "Could not ask: `pulumi stack output` did not say where the stack is; see above.\n"
    )


def test_without_pulumi_it_could_not_be_asked(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(stack.folder))
    assert check.main(["dev"]) == 2
    assert capsys.readouterr().err == (
        f"Could not ask: pulumi is not on the PATH: {deployed.INSTALL}, or write"
        " OUTPUTS=outputs.json.\n"
    )


def deploy(pulumi: Live, *variables: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """What `make deploy` says without a terminal; status: of the check at its end."""
    checks = f'case "$2" in tools.check) exit {status}; esac'
    python = pulumi.writes("python", f'#!/bin/sh\necho "$*"\n{checks}\n')
    python.chmod(0o755)
    # Whatever became of .venv, nothing is installed.
    command = ["make", "-o", ".venv/installed", "deploy", f"PYTHON={python}", *variables]
    # Not as a part of the `make test` around it, which would say where it enters and leaves.
    around = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    return subprocess.run(
        command,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in around},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("status", "ends_with"), [(0, 0), (1, 2), (2, 0)])
def test_a_deploy_ends_with_a_check_and_fails_where_that_finds_a_difference(
    pulumi: Live, status: int, ends_with: int
) -> None:
    said = deploy(pulumi, "YES=1", "WAIT=7", status=status)
    assert said.returncode == ends_with, said.stderr
    # On a cluster what watches the rollouts runs Pulumi.
    called = (pulumi.folder / "called").read_text("utf-8")
    assert called == "up --stack dev --yes\n" or "-m tools.deploy dev --yes\n" in said.stdout
    assert said.stdout.endswith("-m tools.check dev --wait 7\n")


def test_without_a_terminal_a_deploy_wants_a_yes(pulumi: Live) -> None:
    said = deploy(pulumi)
    assert said.returncode == 2
    assert said.stderr.startswith(
        "There is no terminal to ask on: YES=1 deploys what the preview shows.\n"
    )
    assert not (pulumi.folder / "called").exists()


def test_who_says_yes_makes_no_stack(pulumi: Live) -> None:
    said = deploy(pulumi, "YES=1", "STACK=dev", "MAKEFLAGS=--dry-run")
    assert 'pulumi stack select  "dev"' in said.stdout


def test_the_host_is_the_urls_wherever_it_is_reached(stack: Live) -> None:
    stack.stack({f"{VERSION}_base_url": BASE_URL.replace("org", "org:8443")})
    assert stack.check() == 0
    assert {headers["host"] for _, headers in stack.seen} == {"iris.example.org:8443"}


def test_a_check_needs_nothing_that_a_build_makes(stack: Live) -> None:
    made = {each.name for each in stack.folder.iterdir()}
    assert made == {"Pulumi.yaml", "Pulumi.dev.yaml", "contracts", "outputs.json"}
    assert stack.check() == 0
    assert json.loads((stack.folder / "outputs.json").read_text("utf-8"))
