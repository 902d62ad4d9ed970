"""The emulators, each in an environment of its own, for as long as a test needs them.

ministack serves what it has; moto only knows what there is, but SageMaker too.
"""

import os
import platform
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import botocore.config

from tests.project import ROOT

ACCOUNT = "123456789012"
REGION = "eu-central-1"
START_SECONDS = 20
# The emulators' own key, which may do everything.
ROOT_KEY = ("test", "test")
# What runs here, by the name that Lambda has for it.
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def free_port() -> int:
    """A port of the loopback interface that nothing uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def client(url: str, service: str, key: tuple[str, str] = ROOT_KEY) -> Any:
    """A client of a service of an emulator; it tries once."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        config=botocore.config.Config(retries={"max_attempts": 0}),
    )


def make_bucket(url: str, name: str, *, versions: bool = True) -> str:
    """Make a bucket in an emulator; its name."""
    s3 = client(url, "s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if versions:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@contextmanager
def emulator(**settings: str) -> Iterator[str]:
    """The address of a fresh ministack. `settings`: its environment variables.

    Raises:
        RuntimeError: it ended at once, or did not answer; the text is its log.
    """
    port = free_port()
    environ = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
    }
    program = Path(__file__).with_name("ministack_more.py")
    with _running("ministack", [program], environ | settings, port) as url:
        yield url


@contextmanager
def moto() -> Iterator[str]:
    """The address of a fresh moto.

    Raises:
        RuntimeError: it ended at once, or did not answer; the text is its log.
    """
    port = free_port()
    arguments = ["-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with _running("moto", arguments, {"MOTO_ACCOUNT_ID": ACCOUNT}, port) as url:
        yield url


@contextmanager
def _running(
    name: str, arguments: Sequence[str | Path], settings: Mapping[str, str], port: int
) -> Iterator[str]:
    """Run a program of the environment of this name until its port is needed no more."""
    command = [ROOT / f".{name}" / "bin" / "python", *arguments]
    # Unpacked functions stay behind in its temporary folder.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        log = Path(folder, "log")
        with log.open("w") as file:
            process = subprocess.Popen(
                command, env=environ | {"TMPDIR": folder, **settings}, stdout=file, stderr=file
            )
        try:
            _wait(name, process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{name} did not start:\n{log.read_text()[-2_000:]}")
