"""The server of images, asked what nobody wrote: tests/fuzz.py records what it answers."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster.load import Target, load
from tests.fuzz import answered, requests, statuses

RECORDED = Path(__file__).with_name("fuzz.txt").read_text("utf-8").splitlines()
# Of load, and after how many of them the memory has to be what it needs.
SECONDS, FIRST_SECONDS = 300, 60


@contextmanager
def serving(project: Path, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The server of a project and its port; it says of no failure, and ends with 0."""
    log = folder / "log"
    environ = os.environ | {"PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"}
    command = [project / ".venv/bin/python", "-m", "serving.server"]
    with log.open("w") as out, (folder / "failures").open("w+") as failures:
        server = subprocess.Popen(command, cwd=project, env=environ, stdout=out, stderr=failures)
        try:
            while not (said := log.read_text("utf-8")).endswith("\n"):
                assert server.poll() is None
                time.sleep(0.01)
            yield server, int(json.loads(said)["url"].rpartition(":")[2])
        finally:
            server.terminate()
            status = server.wait(20)
        failures.seek(0)
        assert (status, failures.read()) == (0, "")


def test_what_nobody_wrote_is_answered_as_recorded(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    with serving(prepared("kubernetes"), tmp_path) as (_, port):
        for data, recorded in zip(requests(seed=1), RECORDED, strict=False):
            answers = answered(port, data)
            assert statuses(answers) == recorded, (data, answers)


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc: not Linux")
def test_under_load_it_keeps_neither_memory_nor_connections(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    with serving(prepared("kubernetes"), tmp_path) as (server, port):
        process = Path("/proc", str(server.pid))

        def kilobytes() -> int:
            lines = (process / "status").read_text().splitlines()
            return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

        def wild() -> None:
            source = requests(seed=threading.get_ident())
            while time.monotonic() < end:
                answered(port, next(source))

        opened = len([*(process / "fd").iterdir()])
        end = time.monotonic() + SECONDS
        others = [threading.Thread(target=wild) for _ in range(2)]
        for each in others:
            each.start()
        with load(Target(f"http://127.0.0.1:{port}", "/v1/predict", {}), 6) as clients:
            time.sleep(FIRST_SECONDS)
            first = kilobytes()
            for each in others:
                each.join()
            last = kilobytes()
        assert clients.failures == []
        assert last <= 1.05 * first, f"{first} kB after {FIRST_SECONDS} s, {last} kB at the end"
        until = time.monotonic() + 10
        while len([*(process / "fd").iterdir()]) > opened:
            assert time.monotonic() < until, "connections are left open"
            time.sleep(0.1)
