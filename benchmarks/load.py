"""Start a server on one core, load it from another with wrk, and see what it does and takes."""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from http.client import HTTPConnection, HTTPException
from itertools import cycle, islice
from operator import itemgetter
from pathlib import Path

from tests.cluster.load import EXAMPLES, FIELDS
from tests.project import ENVIRON, ROOT

SERVER_CORE, CLIENT_CORE = "0", "1"
APPS = Path(__file__).parent / "apps"
# Connections and rows of a request.
CASES = [(1, 1), (32, 1), (1, 64), (32, 64)]
WARM_UP_SECONDS = SECONDS = 1
# While others use more of the machine than this many cores, a window is measured again.
OTHERS, TRIES = 0.2, 8
JSON = {"Content-Type": "application/json"}

# wrk prints nothing that a program can read; with this it does.
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[%s]==]
done = function(summary, latency)
  local e = summary.errors
  print(string.format('\\n{"seconds": %%f, "requests": %%d, "p50": %%f, "p99": %%f, "failed": %%d}',
    summary.duration / 1e6, summary.requests, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def rows(number: int) -> Sequence[tuple[float, ...]]:
    """So many rows to predict."""
    return [*islice(cycle(EXAMPLES), number)]


def instances(number: int) -> dict:
    """A request of our contract."""
    return {"instances": [dict(zip(FIELDS, row, strict=True)) for row in rows(number)]}


def species(answer: dict) -> list[str]:
    """What an answer of our contract says of each row."""
    return [prediction["species"] for prediction in answer["predictions"]]


@dataclass(frozen=True)
class Server:
    """How a server is started and asked. Its command finds the port in `PORT`, or as `{port}`.

    species: what an answer says of each row; None where it says nothing.
    """

    name: str
    command: Sequence[str | Path]
    environ: Mapping[str, str]
    folder: Path
    path: str = "/predict"
    ready: str = "/readyz"
    request: Callable[[int], dict] = instances
    species: Callable[[dict], list[str]] | None = species


@dataclass(frozen=True)
class Load:
    """What a server answers under load; latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float


@dataclass
class Measured:
    """What one round saw of a server: seconds until it was ready, megabytes at most, answers.

    contested: windows during which others worked on this machine, at each try.
    """

    start: float
    megabytes: float = 0
    contested: int = 0
    loads: dict[tuple[int, int], Load] = field(default_factory=dict)


def check_machine() -> None:
    """End the program where this machine can't measure."""
    if shutil.which("wrk") is None:
        sys.exit("wrk, which makes the load, is not on the PATH: apt-get install wrk")
    if not {int(SERVER_CORE), int(CLIENT_CORE)} <= os.sched_getaffinity(0):
        sys.exit("This takes two cores: one for the server, one for the load.")
    os.sched_setaffinity(0, {int(CLIENT_CORE)})


def environment(name: str, python: str, packages: Sequence[str], project: Path) -> Path:
    """The Python of an environment with these packages, kept for the next time.

    What our server needs as well has the same version as in the project.
    """
    folder = ROOT / ".peers" / name
    locked = project / "requirements" / "runtime.txt"
    installed, wanted = folder / "installed", f"{python} {packages}\n{locked.read_text('utf-8')}"
    if not (installed.exists() and installed.read_text("utf-8") == wanted):
        subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", python, folder], check=True)
        command = ["uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", folder]
        subprocess.run([*command, "--constraints", locked, *packages], check=True)
        installed.write_text(wanted, "utf-8")
    return folder / "bin" / "python"


def measure(server: Server) -> Measured:
    """Start a server, load it in each way, and end it."""
    with running(server) as (process, port, start):
        measured = Measured(start)
        for connections, number in CASES:
            body = json.dumps(server.request(number))
            _check(server, port, body, number)
            _wrk(server, port, body, connections, WARM_UP_SECONDS)
            tries: list[tuple[float, Load]] = []
            while len(tries) < TRIES and not (tries and tries[-1][0] <= OTHERS):
                before = _others(process.pid)
                load = _wrk(server, port, body, connections, SECONDS)
                tries.append(((_others(process.pid) - before) / SECONDS, load))
            others, measured.loads[connections, number] = min(tries, key=itemgetter(0))
            measured.contested += others > OTHERS
        measured.megabytes = _megabytes(process.pid)
    return measured


@contextmanager
def running(server: Server) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """The process of a server, its port, and the seconds until it was ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # What Python compiles is stored, as it is in an image.
    environ = {k: v for k, v in ENVIRON.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            ["taskset", "--cpu-list", SERVER_CORE]
            + [str(part).format(port=port) for part in server.command],
            cwd=server.folder,
            env=environ | {"PORT": str(port), **server.environ},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while not _ready(port, server.ready):
                if process.poll() is not None or time.perf_counter() - started > 60:
                    log.seek(0)
                    sys.exit(f"{server.name} did not start:\n{log.read().decode()}")
                time.sleep(0.002)
            yield process, port, time.perf_counter() - started
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with suppress(ProcessLookupError):  # what it left running
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ready(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _check(server: Server, port: int, body: str, number: int) -> None:
    """See that the answer is right."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", server.path, body, JSON)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200:
        sys.exit(f"{server.name} answers {response.status}: {answer.decode()}")
    right = [EXAMPLES[row] for row in rows(number)]
    if server.species and server.species(json.loads(answer)) != right:
        sys.exit(f"{server.name} predicts something else: {answer.decode()}")


def _wrk(server: Server, port: int, body: str, connections: int, seconds: int) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "post.lua")
        script.write_text(SCRIPT % body, "utf-8")
        command = ["wrk", "--threads", "1", "--connections", str(connections)]
        command += ["--duration", f"{seconds}s", "--script", str(script)]
        command += [f"http://127.0.0.1:{port}{server.path}"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    saw = json.loads(said.splitlines()[-1])
    if saw["failed"]:
        sys.exit(f"{server.name} failed {saw['failed']} of {saw['requests']} requests.")
    return Load(saw["requests"] / saw["seconds"], saw["p50"], saw["p99"])


def _others(pid: int) -> float:
    """Seconds of work of all cores, less those of a server, and of ourselves with wrk."""
    with Path("/proc/stat").open(encoding="utf-8") as file:
        user, nice, system, _, _, *interrupts = map(int, file.readline().split()[1:9])
    ticks = user + nice + system + sum(interrupts)
    for each in _tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks -= int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def _megabytes(pid: int) -> float:
    """The most that a server's processes held in memory, each counted alone."""
    peaks = [
        int(line.split()[1])
        for each in _tree(pid)
        for line in Path(f"/proc/{each}/status").read_text("utf-8").splitlines()
        if line.startswith("VmHWM")
    ]
    return sum(peaks) * 1024 / 1e6


def _tree(pid: int) -> list[int]:
    """A process and its children, and theirs."""
    lists = [path.read_text("utf-8") for path in Path(f"/proc/{pid}").glob("task/*/children")]
    return [pid, *(each for text in lists for child in text.split() for each in _tree(int(child)))]


def rounds(servers: Sequence[Server], number: int) -> dict[str, list[Measured]]:
    """What each server does, in so many rounds over all of them."""
    for server in servers:
        with running(server):  # the first start compiles and reads from the disk
            pass
    seen = [{server.name: measure(server) for server in servers} for _ in range(number)]
    return {server.name: [each[server.name] for each in seen] for server in servers}


def ratio(ours: list[Measured], other: list[Measured], case: tuple[int, int]) -> float:
    """How many times as many requests a second, in the middle of the rounds."""
    pairs = zip(ours, other, strict=True)
    return statistics.median(a.loads[case].per_second / b.loads[case].per_second for a, b in pairs)


def print_table(seen: Mapping[str, list[Measured]]) -> None:
    """Print the medians of each server: requests a second, p50 and p99 of their latency."""
    number = len(next(iter(seen.values())))
    version = sys.version.split()[0]
    print(f"{date.today()}, {os.cpu_count()} cores, Python {version}, {number} rounds\n")
    heads = [f"{row(c, 'connection')}, {row(n, 'row')}" for c, n in CASES]
    print("| |", " | ".join(["ready", "memory", *heads]), "|")
    print("| --- |", " | ".join(["---"] * (2 + len(CASES))), "|")
    for name, measured in seen.items():
        start = statistics.median(each.start for each in measured)
        memory = statistics.median(each.megabytes for each in measured)
        cells = [f"{start:.2f} s", f"{memory:.0f} MB"]
        for case in CASES:
            loads = [each.loads[case] for each in measured]
            per_second = statistics.median(load.per_second for load in loads)
            p50, p99 = (
                statistics.median(getattr(load, name) for load in loads) for name in ("p50", "p99")
            )
            cells.append(f"{per_second:,.0f}/s, {p50:.3g} · {p99:.3g} ms")
        print(f"| {name} |", " | ".join(cells), "|")
    contested = sum(each.contested for measured in seen.values() for each in measured)
    windows = len(seen) * number * len(CASES)
    print(f"\nOthers used more than {OTHERS} cores in {contested} of {windows} windows.")


def row(number: int, what: str) -> str:
    """The number and what it counts."""
    return f"{number} {what}{'s' * (number > 1)}"
