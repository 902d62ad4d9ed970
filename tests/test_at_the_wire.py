"""The server of images, asked what nobody wrote: tests/fuzz.py records what it answers."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.load import Target, load
from tests.fuzz import answered, requests, statuses
from tests.processes import Server, serving

RECORDED = Path(__file__).with_name("fuzz.txt").read_text("utf-8").splitlines()
# Of load, and after how many of them the memory has to be what it needs.
SECONDS, FIRST_SECONDS = 300, 60


@pytest.fixture
def server(prepared: Callable[[str], Path], tmp_path: Path) -> Iterator[Server]:
    """The server of images, which in the end has said of no failure."""
    failures = tmp_path / "failures"
    with failures.open("w") as file:
        module = ("-m", "serving.server")
        with serving(prepared("kubernetes"), *module, stderr=file.fileno()) as server:
            yield server
    assert failures.read_text("utf-8") == ""


def test_what_nobody_wrote_is_answered_as_recorded(server: Server) -> None:
    for data, recorded in zip(requests(seed=1), RECORDED, strict=False):
        answers = answered(server.port, data)
        assert statuses(answers) == recorded, (data, answers)


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc: not Linux")
def test_under_load_it_keeps_neither_memory_nor_connections(server: Server) -> None:
    process = Path("/proc", str(server.process.pid))

    def kilobytes() -> int:
        lines = (process / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

    def wild(seed: int) -> None:
        source = requests(seed)
        while time.monotonic() < end:
            answered(server.port, next(source))

    opened = len([*(process / "fd").iterdir()])
    end = time.monotonic() + SECONDS
    others = [threading.Thread(target=wild, args=[seed]) for seed in (2, 3)]
    for each in others:
        each.start()
    with load(Target(f"http://127.0.0.1:{server.port}", "/v1/predict", {}), 6) as clients:
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
