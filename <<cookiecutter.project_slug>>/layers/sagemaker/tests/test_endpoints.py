"""What `make deploy` says of endpoints that Pulumi has lost; Pulumi and SageMaker are stand-ins."""

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from tests.support import ROOT
from tools import endpoints
from tools.credentials import QUICKLY

PROJECT = "iris"
REGION = "eu-central-1"
# As the hash of the instance type makes them.
V1, V2 = (f"{PROJECT}-dev-{name}" for name in ("v1-940ff1", "v2-4bd25b"))
FILE: dict[str, Any] = {
    "aws:region": REGION,
    f"{PROJECT}:versions": {
        "v1": {"release": "1.4.2"},
        "v2": {"release": "2.0.0", "instance_type": "ml.m5.large"},
        "v3": {"release": "3.0.0", "state": "retired", "sunset": "2027-03-31"},
    },
}
PULUMI = """#!/bin/sh
echo "$*" >> "$HERE/calls"
cat "$HERE/state" 2>/dev/null && exit
echo "error: no stack named 'dev' found" >&2
exit 255
"""
NEVER_DEPLOYED = [{}, {"deployment": None}, {"deployment": {}}, {"deployment": {"resources": None}}]


class Cloud(ThreadingHTTPServer):
    """SageMaker with some endpoints, by name; `refusal`: what it says to everything."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.empty()

    def empty(self) -> None:
        self.endpoints: dict[str, dict[str, str]] = {}
        self.refusal: tuple[str, str] | None = None
        self.asked: list[str] = []

    def answer(self, name: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(name)
        missing = ("ValidationException", f'Could not find endpoint "arn:aws:sagemaker:{name}".')
        if self.refusal or name not in self.endpoints:
            kind, message = self.refusal or missing
            return 400, {"__type": kind, "message": message}
        return 200, {"EndpointName": name} | self.endpoints[name]


class Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Cloud)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"] == "SageMaker.DescribeEndpoint"
        status, said = self.server.answer(asked["EndpointName"])
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class Machine:
    """A folder with a stack file, and Pulumi's stand-in on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\n", encoding="utf-8")
        self.write(FILE)
        self.pulumi_has()

    def write(self, keys: dict[str, Any]) -> None:
        text = json.dumps({"config": keys})
        (self.folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")

    def pulumi_has(self, *names: str) -> None:
        stack = {"urn": "urn:pulumi:dev::x::pulumi:pulumi:Stack::x-dev", "type": "pulumi:pulumi"}
        own = [{"type": "aws:sagemaker/endpoint:Endpoint", "id": name} for name in names]
        self.exports({"version": 3, "deployment": {"resources": [stack, *own]}})

    def exports(self, state: dict[str, Any]) -> None:
        (self.folder / "state").write_text(json.dumps(state), encoding="utf-8")

    def refusal(self) -> str:
        """What is said instead of a deploy."""
        with pytest.raises(SystemExit) as ended:
            endpoints.main("dev")
        return str(ended.value)


@pytest.fixture(scope="module")
def one_cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        thread = Thread(target=cloud.serve_forever, args=(0.01,))
        thread.start()
        yield cloud
        cloud.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def client(one_cloud: Cloud) -> Any:
    """What takes a second to make, for all tests that are not of how it is made."""
    return boto3.Session("test", "test").client(
        "sagemaker", REGION, endpoint_url=one_cloud.url, config=QUICKLY
    )


@pytest.fixture
def cloud(one_cloud: Cloud, client: Any, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    one_cloud.empty()
    monkeypatch.setattr(endpoints, "client", lambda *_: client)
    return one_cloud


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pulumi").write_text(PULUMI, encoding="utf-8")
    (programs / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setattr(endpoints, "ROOT", tmp_path)
    return Machine(tmp_path)


@pytest.fixture
def alone(one_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No region and no credentials of anybody's."""
    one_cloud.empty()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", one_cloud.url)
    return monkeypatch


def test_each_endpoint_that_the_stack_file_asks_for_is_looked_for(
    machine: Machine, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoints.main("dev")
    assert cloud.asked == [V1, V2]
    calls = (machine.folder / "calls").read_text(encoding="utf-8")
    assert calls == "stack export --stack dev\n"
    assert capsys.readouterr() == ("", "")


def test_an_endpoint_without_instances_is_looked_for_by_its_own_name(
    machine: Machine, cloud: Cloud
) -> None:
    machine.write(FILE | {f"{PROJECT}:versions": {"v1": {"release": "1.4.2", "serverless": {}}}})
    endpoints.main("dev")
    assert cloud.asked == [f"{PROJECT}-dev-v1-e97b1c"]


def test_a_secret_elsewhere_in_the_stack_file_hides_no_endpoint(
    machine: Machine, cloud: Cloud
) -> None:
    machine.write(FILE | {f"{PROJECT}:alarm_topic": {"secure": "v1:abc"}})
    endpoints.main("dev")
    assert cloud.asked == [V1, V2]


def test_an_endpoint_that_pulumi_knows_is_its_own(machine: Machine, cloud: Cloud) -> None:
    cloud.endpoints = {V1: {"EndpointStatus": "Failed"}, V2: {"EndpointStatus": "Updating"}}
    machine.pulumi_has(V1, V2)
    endpoints.main("dev")


@pytest.mark.parametrize("state", NEVER_DEPLOYED, ids=json.dumps)
def test_a_stack_that_was_never_deployed_knows_none(
    machine: Machine, cloud: Cloud, state: dict[str, Any]
) -> None:
    cloud.endpoints = {V2: {"EndpointStatus": "Failed"}}
    machine.exports(state)
    assert machine.refusal().startswith(f"{V2}: SageMaker has this endpoint (Failed), and ")


def test_one_that_failed_is_named_with_its_reason_and_the_command_that_deletes_it(
    machine: Machine, cloud: Cloud
) -> None:
    reason = "The primary container did not pass the ping health check."
    cloud.endpoints = {V1: {"EndpointStatus": "Failed", "FailureReason": reason}}
    machine.pulumi_has(V2)
    assert machine.refusal() == (
        f"{V1}: SageMaker has this endpoint (Failed: {reason}), and Pulumi's state of dev has none"
        " of this name. A deploy that failed or was interrupted left it. See that none is under"
        " way. Then delete it, and deploy again.\n"
        f"  aws sagemaker delete-endpoint --endpoint-name {V1} --region {REGION}\n"
        f"  aws sagemaker wait endpoint-deleted --endpoint-name {V1} --region {REGION}"
    )


# What one does, and the commands for that in their order.
COMMANDS = {
    "Creating": ["wait endpoint-in-service"],
    "SystemUpdating": ["wait endpoint-in-service"],
    "InService": ["delete-endpoint", "wait endpoint-deleted"],
    "Deleting": ["wait endpoint-deleted"],
}


@pytest.mark.parametrize("status", COMMANDS)
def test_nothing_is_to_be_deleted_that_a_deploy_may_be_making(
    machine: Machine, cloud: Cloud, status: str
) -> None:
    cloud.endpoints = {V1: {"EndpointStatus": status}}
    fact, *lines = machine.refusal().splitlines()
    where = f"--endpoint-name {V1} --region {REGION}"
    assert lines == [f"  aws sagemaker {command} {where}" for command in COMMANDS[status]]
    assert ("A deploy is making it" in fact) == ("wait endpoint-in-service" in lines[0])
    assert ("nobody calls it" in fact) == (status == "InService")


def test_all_that_are_lost_are_told_at_once(machine: Machine, cloud: Cloud) -> None:
    cloud.endpoints = {name: {"EndpointStatus": "Failed"} for name in (V1, V2)}
    facts = [line for line in machine.refusal().splitlines() if not line.startswith(" ")]
    assert [fact.partition(":")[0] for fact in facts] == [V1, V2]


def test_a_profile_of_the_stack_file_is_asked_and_named(
    machine: Machine, one_cloud: Cloud, alone: pytest.MonkeyPatch
) -> None:
    text = "[profile ours]\naws_access_key_id = a\naws_secret_access_key = b\n"
    (machine.folder / "aws").write_text(text, encoding="utf-8")
    alone.setenv("AWS_CONFIG_FILE", str(machine.folder / "aws"))
    machine.write(FILE | {"aws:profile": "ours"})
    one_cloud.endpoints = {V1: {"EndpointStatus": "Failed"}}
    assert f" --region {REGION} --profile ours\n" in machine.refusal()


def goes_on(capsys: pytest.CaptureFixture[str]) -> str:
    """Why nothing was looked for: a line, and the deploy goes on."""
    endpoints.main("dev")
    printed, said = capsys.readouterr()
    start, _, why = said.partition(": ")
    assert (printed, start) == ("", "not looked for endpoints that Pulumi has lost")
    return why


def test_without_credentials_the_deploy_goes_on(
    machine: Machine, alone: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert goes_on(capsys) == "Unable to locate credentials\n"


def test_where_no_region_is_said_the_deploy_goes_on(
    machine: Machine, alone: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.write({key: value for key, value in FILE.items() if key != "aws:region"})
    assert goes_on(capsys) == "aws:region is not in Pulumi.dev.yaml; add it.\n"


def test_where_only_pulumi_has_the_credentials_nobody_else_is_asked(
    machine: Machine, alone: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    role = "arn:aws:iam::123456789012:role/deploys"
    machine.write(FILE | {"aws:assumeRoles": [{"roleArn": role}]})
    assert goes_on(capsys) == "Pulumi.dev.yaml has aws:assumeRoles, which only Pulumi uses.\n"


def test_without_the_right_to_look_the_deploy_goes_on(
    machine: Machine, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "User: arn:aws:iam::1:user/a is not authorized to perform: sagemaker:DescribeEndpoint"
    cloud.refusal = ("AccessDeniedException", said)
    assert goes_on(capsys).endswith(f"{said}\n")


def test_without_pulumis_state_the_deploy_goes_on(
    machine: Machine, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.folder / "state").write_text("warning: nothing", encoding="utf-8")
    assert goes_on(capsys) == "what `pulumi stack export` said is no JSON\n"
    (machine.folder / "state").unlink()
    assert goes_on(capsys) == "error: no stack named 'dev' found\n"


def test_a_file_that_is_no_yaml_is_pulumis_to_tell(
    machine: Machine, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    path = machine.folder / "Pulumi.dev.yaml"
    path.write_text("config: {", encoding="utf-8")
    assert goes_on(capsys).startswith("while parsing")
    path.write_text("config: {iris:versions: {v1: {sunset: 2027-02-30}}}", encoding="utf-8")
    assert goes_on(capsys) == "day is out of range for month\n"
    path.write_bytes("config: {}".encode("utf-16"))
    assert "can't decode byte" in goes_on(capsys)


def test_a_deploy_looks_before_pulumi_does_anything() -> None:
    command = ["make", "--dry-run", "deploy", "STACK=prod"]
    recipe = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert recipe.index('-m tools.endpoints "prod"') < recipe.index('pulumi up --stack "prod"')
