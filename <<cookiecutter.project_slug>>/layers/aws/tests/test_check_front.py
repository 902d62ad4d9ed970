"""`make check` of a stack on AWS: who may call, and what is left of a retired version."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import BASE_URL, SAID_WHEN_DEPRECATED, Live, live
from tests.stacks import DEPRECATED
from tests.stand_in import answers_as_aws
from tests.support import VERSION

KEY = "a-value-that-nobody-may-see"
OUTPUTS = {f"{VERSION}_base_url": BASE_URL, "api_key_id": "k1"}
GONE = {
    "type": "about:blank",
    "title": "Gone",
    "status": 410,
    "detail": f"{VERSION} was retired on 2027-03-31."
    " How to move on: https://example.com/move#to-v2",
    "pointer": None,
    "request_id": "its-own",
}
HEADERS = {
    "Content-Type": "application/problem+json",
    "X-API-Version": VERSION,
    "X-Request-Id": "its-own",
    **SAID_WHEN_DEPRECATED,
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """The stack, whose server is AWS too; with credentials of nobody."""
    with live(tmp_path, monkeypatch) as own:
        answers_as_aws(own.port, monkeypatch)
        own.changes = {"else": key(KEY)}
        yield own


def key(value: str) -> dict[str, object]:
    """How API Gateway shows an API key."""
    headers = {"Content-Type": "application/json"}
    said = {"id": "k1", "name": "iris-dev", "value": value}
    return {"status": 200, "headers": headers, "body": json.dumps(said)}


def open_to(auth: str) -> dict[str, str]:
    return {"auth": auth, "aws:region": "eu-central-1"}


def test_with_a_key_every_request_has_its_value_and_nothing_shows_it(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack(OUTPUTS, stack=open_to("api_key"))
    assert stack.check() == 0
    assert {headers["x-api-key"] for _, headers in stack.seen} == {KEY}
    stack.changes["all"] = {"status": 403, "body": json.dumps({"detail": "Send a valid key."})}
    assert stack.check() == 1
    said = capsys.readouterr()
    assert "has status 403, not 200 (Send a valid key.); see “On a bad night”" in said.err
    assert KEY not in said.out + said.err


def test_with_sign_in_every_request_has_the_token_that_is_given(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_a1B2c3"
    stack.stack(OUTPUTS, stack={"auth": {"cognito": [pool]}})
    monkeypatch.delenv("TOKEN", raising=False)
    assert stack.check() == 2
    assert "auth asks for a token; write one that is valid as TOKEN." in capsys.readouterr().err
    monkeypatch.setenv("TOKEN", "Bearer a.b.c")
    assert stack.check() == 0
    assert {headers["authorization"] for _, headers in stack.seen} == {"Bearer a.b.c"}


def test_a_key_that_is_gone_could_not_be_asked_with(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"x-amzn-ErrorType": "NotFoundException"}
    stack.changes = {"else": {"status": 404, "headers": headers, "body": "{}"}}
    stack.stack(OUTPUTS, stack=open_to("api_key"))
    assert stack.check() == 2
    assert "there is no API key k1 in this account and region; run" in capsys.readouterr().err
    assert stack.seen == []


def test_who_may_not_see_the_key_is_told_so(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.changes = {"else": {"status": 403, "headers": {}, "body": "{}"}}
    stack.stack(OUTPUTS, stack=open_to("api_key"))
    assert stack.check() == 2
    said = capsys.readouterr().err
    assert said.startswith(f"Could not ask: {VERSION}: AWS does not give the API key k1 (")
    assert said.endswith("credentials of the stack's account that may get this API key.\n")


def test_a_stack_without_a_key_or_a_region_could_not_be_asked(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack({f"{VERSION}_base_url": BASE_URL}, stack=open_to("api_key"))
    assert stack.check() == 2
    assert "the stack has no API key; run `make deploy STACK=dev`." in capsys.readouterr().err
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    stack.stack(OUTPUTS, stack={"auth": "api_key"})
    assert stack.check() == 2
    assert "aws:region is not in Pulumi.dev.yaml; add it." in capsys.readouterr().err


def test_with_iam_every_request_is_signed_for_the_region_of_the_stack(stack: Live) -> None:
    stack.stack(OUTPUTS, stack=open_to("iam"))
    assert stack.check() == 0
    for _, headers in stack.seen:
        assert "/eu-central-1/execute-api/aws4_request" in headers["authorization"]
        assert "host" in headers["authorization"]


def test_without_credentials_nothing_can_be_signed(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    stack.stack(OUTPUTS, stack=open_to("iam"))
    assert stack.check() == 2
    assert "auth is iam, and this shell has no AWS credentials; log in" in capsys.readouterr().err


@pytest.mark.parametrize("auth", ["api_key", "iam"])
def test_credentials_that_can_not_be_had_are_told(
    stack: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], auth: str
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    file = stack.writes("aws", "[default]\ncredential_process = /bin/false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    stack.stack(OUTPUTS, stack=open_to(auth))
    assert stack.check() == 2
    assert "Error when retrieving credentials from custom-process" in capsys.readouterr().err


@pytest.mark.parametrize("auth", ["api_key", "iam"])
def test_credentials_that_only_pulumi_has_are_told(
    stack: Live, capsys: pytest.CaptureFixture[str], auth: str
) -> None:
    role = {"roleArn": "arn:aws:iam::123456789012:role/deploys"}
    stack.stack(OUTPUTS, stack=open_to(auth) | {"aws:assumeRole": role})
    assert stack.check() == 2
    assert "Pulumi.dev.yaml has aws:assumeRole, which only Pulumi uses." in capsys.readouterr().err


def test_a_retired_version_is_gone_with_its_day_and_the_way_on(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack(OUTPUTS, **DEPRECATED | {"state": "retired"})
    stack.changes["else"] = {"status": 410, "headers": HEADERS, "body": json.dumps(GONE)}
    assert stack.check() == 0
    assert capsys.readouterr().out == f"{VERSION}: retired, as Pulumi.dev.yaml says.\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": 200}, "has status 200, not 410 ("),
        ({"headers": HEADERS | {"Sunset": None}}, "has no Sunset, which is Wed, 31 Mar 2027 "),
        (
            {"body": json.dumps(GONE | {"detail": "It was retired."})},
            "has detail It was retired., ",
        ),
    ],
)
def test_a_retired_version_that_answers_otherwise_differs(
    stack: Live, capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    stack.stack(OUTPUTS, **DEPRECATED | {"state": "retired"})
    answer = {"status": 410, "headers": HEADERS, "body": json.dumps(GONE)}
    stack.changes["else"] = answer | change
    assert stack.check() == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert said in sentence
    assert "; run `make deploy STACK=dev`" in sentence


def test_a_retired_version_whose_url_no_deploy_has_exported_could_not_be_asked(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack({"v98_base_url": BASE_URL}, state="retired")
    assert stack.check() == 2
    assert "its URL is not exported yet; run `make deploy STACK=dev`." in capsys.readouterr().err
