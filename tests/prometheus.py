"""Prometheus and its promtool, where this machine has them: Debian's package `prometheus`."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.project import ROOT

# Where .ci/run puts them.
UNPACKED = ROOT / ".prometheus"
MISSING = "{} is missing: Debian's package prometheus has it, and .ci/run unpacks that as root"


def program(name: str) -> str | None:
    """The path of one of its programs."""
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], str(UNPACKED)]))


def free_port() -> int:
    """A port that nothing listens on, for now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ask(url: str, query: str) -> list[Any]:
    """What Prometheus says to a query."""
    whole = f"{url}/api/v1/query?{urlencode({'query': query})}"
    with urlopen(whole, timeout=10) as response:  # noqa: S310 (of this machine)
        said = json.load(response)
    assert said["status"] == "success"
    return said["data"]["result"]


def until(url: str, query: str) -> None:
    """Wait until Prometheus has something to say to a query."""
    end = time.monotonic() + 60
    while True:
        try:
            if ask(url, query):
                return
        except URLError:  # it is starting
            pass
        assert time.monotonic() < end, query
        time.sleep(0.1)


@contextmanager
def reading(folder: Path, port: int, labels: Mapping[str, str]) -> Iterator[str]:
    """The URL of a Prometheus that reads a port of this machine each second, as of these labels."""
    binary, own = program("prometheus"), free_port()
    assert binary
    folder.mkdir()
    target = {"targets": [f"127.0.0.1:{port}"], "labels": dict(labels)}
    job = {"job_name": "pods", "scrape_interval": "1s", "static_configs": [target]}
    (folder / "prometheus.yaml").write_text(yaml.safe_dump({"scrape_configs": [job]}), "utf-8")
    command = [binary, "--config.file=prometheus.yaml", "--storage.tsdb.path=data"]
    with subprocess.Popen(
        [*command, f"--web.listen-address=127.0.0.1:{own}"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{own}"
        try:
            until(url, "up == 1")
            yield url
        finally:
            process.kill()
