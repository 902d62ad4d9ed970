"""Secrets at the start: read into the environment, or refused with what to do; never shown."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import pytest

from serving import secrets
from serving.release import WrongDeployment
from tests.support import ROOT

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:iris/{}-a1B2c3"
VALUE = "s3cr3t"
# What starts on this target.
(MODULE,) = (
    each for each in ("lambda_handler", "sagemaker") if (ROOT / f"serving/{each}.py").exists()
)


class Manager(BaseHTTPRequestHandler):
    """Secrets Manager, as far as it is asked here: each secret is what its name says."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["SecretId"].rpartition("/")[2].removesuffix("-a1B2c3")
        status, answer = 200, dict[str, Any](ARN=asked["SecretId"], Name=name, VersionId="v" * 32)
        match name:
            case "binary":
                answer["SecretBinary"] = "AAAA"
            case "gone":
                status, answer = 400, {"__type": "ResourceNotFoundException", "message": VALUE}
            case "forbidden":
                status, answer = 400, {"__type": "AccessDeniedException", "message": VALUE}
            case "locked":
                status, answer = 400, {"__type": "DecryptionFailure", "message": VALUE}
            case _:
                answer["SecretString"] = f"{VALUE} of {name}"
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Manager) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield
        server.shutdown()


def told(**names: str) -> dict[str, str]:
    """An environment that asks for these."""
    return {"SECRETS": json.dumps({key: ARN.format(name) for key, name in names.items()})}


@pytest.mark.usefixtures("manager")
def test_each_secret_is_in_its_variable() -> None:
    environ = told(FEATURES="token", DB_KEY="db")
    secrets.load(environ)
    assert (environ["FEATURES"], environ["DB_KEY"]) == ("s3cr3t of token", "s3cr3t of db")


@pytest.mark.usefixtures("manager")
def test_what_can_not_be_read_is_said_at_once_with_its_variable_and_its_secret() -> None:
    environ = told(A="gone", B="token", C="forbidden", D="binary", E="locked")
    with pytest.raises(WrongDeployment) as refused:
        secrets.load(environ)
    assert str(refused.value).splitlines() == [
        f"A: there is no secret {ARN.format('gone')}; make it, or correct secrets.A.",
        f"C: the role of this may not read the secret {ARN.format('forbidden')}; its boundary, the"
        " policy of the secret and that of its key have to let it.",
        f"D: the secret {ARN.format('binary')} is no text; store it as one.",
        f"E: Secrets Manager refuses the secret {ARN.format('locked')} (DecryptionFailure); see to"
        " it there.",
    ]
    # Nothing of it is half there.
    assert environ.keys() == {"SECRETS"}


def test_a_network_without_a_way_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(WrongDeployment) as refused:
        secrets.load(told(A="token", B="token"))
    assert str(refused.value) == (
        f"A: Secrets Manager can't be asked for {ARN.format('token')} (EndpointConnectionError);"
        " let this reach it, in a VPC by an endpoint for it or a NAT gateway."
    )


@pytest.mark.usefixtures("manager")
def test_without_a_secret_nothing_starts_and_no_value_is_shown() -> None:
    environ = os.environ | told(FEATURES="token", DB_KEY="forbidden")
    command = [sys.executable, "-m", f"serving.{MODULE}"]
    said = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 1
    assert (
        f"DB_KEY: the role of this may not read the secret {ARN.format('forbidden')};"
        in said.stderr
    )
    assert VALUE not in said.stdout + said.stderr


def test_nobody_without_secrets_waits_for_the_libraries_of_aws() -> None:
    loaded = (
        f"import sys, serving.{MODULE}; print([each for each in sys.modules if 'boto' in each])"
    )
    command = [sys.executable, "-c", loaded]
    assert subprocess.check_output(command, cwd=ROOT, text=True).strip() == "[]"
