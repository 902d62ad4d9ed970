"""`make check` of endpoints: with `front: none` by InvokeEndpoint, on this machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.live import RELEASE, Live, live
from tests.stand_in import answers_as_aws
from tests.support import GOLDEN, PREDICT, VERSION

OUTPUTS = {f"{VERSION}_endpoint": "iris-dev-v1-940ff1"}
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
PREDICTIONS = {
    name: each
    for name, each in GOLDEN.items()
    if each["request"]["path"] == PREDICT and each["request"]["body"]
}


class Endpoint(Live):
    """An endpoint whose container is ours, as `serving/sagemaker.py` has it; its `release`."""

    release = RELEASE

    def answer(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        assert path == "/endpoints/iris-dev-v1-940ff1/invocations"
        attributes = {name: value[0] for name, value in parse_qs(headers[ATTRIBUTES]).items()}
        named = attributes["x-api-version"]
        own = {"x-api-version": named, "content-type": headers["content-type"]}
        said = super().answer(method, f"/{VERSION}/predict", own, body)
        if said["status"] == 200:
            kept = {"Content-Type": "application/json", ATTRIBUTES: self.release}
            return said | {"headers": kept}
        if said.get("service"):
            return said
        problem = said["body"].removesuffix("}") + f', "release": "{self.release}"}}'
        error = {"OriginalStatusCode": said["status"], "OriginalMessage": problem, "Message": "No."}
        kind = {"x-amzn-errortype": "ModelError", "Content-Type": "application/json"}
        return {"status": 424, "headers": kind, "body": json.dumps(error)}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with live(tmp_path, monkeypatch, Endpoint) as own:
        answers_as_aws(own.port, monkeypatch)
        own.stack(OUTPUTS, stack={"front": "none", "aws:region": "eu-central-1"})
        yield own


def test_without_a_front_an_endpoint_is_asked_for_every_prediction(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stack.check() == 0
    assert [name for name, _ in stack.seen] == [
        name for name in PREDICTIONS if PREDICTIONS[name]["request"]["method"] == "POST"
    ]
    assert f"{VERSION}: release {RELEASE}, as Pulumi.dev.yaml says." in capsys.readouterr().out


def test_the_release_that_sagemaker_has_gone_back_to_is_named(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.release = "1.4.1"
    assert stack.check() == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "has X-Model-Release 1.4.1, not 1.4.2; SageMaker may have rolled back: see" in sentence
    assert f"“the example” (and {len(stack.seen) - 1} more)" in sentence


def test_a_container_that_breaks_the_contract_differs(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.changes = {"the example": {"body": "{}"}, "no instances": {"status": 400}}
    assert stack.check() == 1
    schema, status = capsys.readouterr().err.splitlines()
    assert "“the example” breaks the contract's schema: 'predictions' is a required" in schema
    assert "“no instances” has status 400, not 422" in status


def refused(code: str, message: str) -> dict[str, Any]:
    """What SageMaker itself answers in place of an endpoint."""
    kind = {"x-amzn-errortype": code, "Content-Type": "application/json"}
    body = json.dumps({"Message": message})
    return {"all": {"status": 400, "headers": kind, "body": body, "service": True}}


def test_who_may_not_invoke_it_could_not_ask(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.changes = refused("AccessDeniedException", "You may not.")
    assert stack.check() == 2
    assert "You may not; this shell needs AWS credentials that may" in capsys.readouterr().err


def test_a_throttled_call_is_tried_again(stack: Endpoint) -> None:
    stack.changes, stack.later = refused("ThrottlingException", "Rate exceeded"), (2, {})
    assert stack.check() == 0


def test_an_endpoint_that_does_not_answer_differs(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.changes = {"all": {"cut": True, "service": True}}
    assert stack.check() == 1
    assert "“the example” did not come: Connection was closed" in capsys.readouterr().err


def test_an_endpoint_that_is_not_there_differs(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.changes = refused("ValidationError", "Endpoint iris-dev-v1-940ff1 not found.")
    assert stack.check() == 1
    assert "did not come: SageMaker says An error occurred (ValidationError)" in (
        capsys.readouterr().err
    )


def test_without_aws_an_endpoint_could_not_be_asked(
    stack: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    assert stack.check() == 2
    assert "Unable to locate credentials; this shell needs AWS" in capsys.readouterr().err


def test_of_a_retired_version_there_is_no_endpoint_to_ask(
    stack: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.stack(OUTPUTS, stack={"front": "none"}, state="retired")
    assert stack.check() == 0
    assert "is retired, and front is none: there is no endpoint to ask." in capsys.readouterr().out


def test_api_gateway_is_not_asked_what_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live(tmp_path, monkeypatch) as fronted:
        assert fronted.check() == 0
    asked = {name for name, _ in fronted.seen}
    assert GOLDEN.keys() - asked == {"the example at the short path", "an empty body"}
