"""The server of images, asked what nobody wrote: tests/fuzz.py records what it answers."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.fuzz import answered, requests, statuses

RECORDED = Path(__file__).with_name("fuzz.txt").read_text("utf-8").splitlines()


def test_what_nobody_wrote_is_answered_as_recorded(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project, log = prepared("kubernetes"), tmp_path / "log"
    environ = os.environ | {"PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"}
    command = [project / ".venv/bin/python", "-m", "serving.server"]
    with log.open("w") as out, (tmp_path / "failures").open("w+") as failures:
        server = subprocess.Popen(command, cwd=project, env=environ, stdout=out, stderr=failures)
        try:
            while not (said := log.read_text("utf-8")).endswith("\n"):
                assert server.poll() is None
            port = int(json.loads(said)["url"].rpartition(":")[2])
            for data, recorded in zip(requests(seed=1), RECORDED, strict=False):
                answers = answered(port, data)
                assert statuses(answers) == recorded, (data, answers)
        finally:
            server.terminate()
            status = server.wait(20)
        failures.seek(0)
        assert (status, failures.read()) == (0, "")
