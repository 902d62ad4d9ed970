"""Measure the inference server of a rendered project beside FastAPI, a bare answer, and the limit.

Rounds are interleaved: each starts every server anew, loads it, and ends it. Ratios are medians of
the rounds' ratios. `python -m benchmarks.server`; README.md beside this file holds the tables.
"""

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from benchmarks.load import (
    APPS,
    SERVER_CORE,
    Server,
    check_machine,
    environment,
    instances,
    print_table,
    ratio,
    rounds,
)
from tests.project import make, render

ROUNDS = 5
FASTAPI = ["fastapi==0.165.0", "pydantic==2.14.3", "uvicorn", "httptools", "uvloop"]
MODEL = ["numpy", "onnxruntime"]
# As our server sets uvicorn up.
UVICORN = ["--host", "127.0.0.1", "--port", "{port}", "--http", "httptools", "--loop", "uvloop"]
UVICORN += ["--ws", "none", "--lifespan", "off", "--no-proxy-headers", "--no-server-header"]


def rendered(folder: Path) -> Path:
    """A project with a server, ready to start it."""
    project = render(folder / "project", target="kubernetes")
    said = make(project, "setup", "model")
    assert said.returncode == 0, said.stdout
    return project


def ours(project: Path) -> Server:
    """The server of a rendered project as its image starts it, with log and metrics."""
    python = project / ".venv" / "bin" / "python"
    environ = {"METRICS_PORT": "0", "DRAIN_SECONDS": "0"}
    return Server("ours", [python, "-m", "serving.server"], environ, project)


def fastapi(project: Path) -> Server:
    """The same model and contract in FastAPI and pydantic; it logs each request, as ours does."""
    python = environment("fastapi", "3.13", [*FASTAPI, *MODEL], project)
    command = [python, "-m", "uvicorn", "fastapi_app:app", *UVICORN]
    return Server("FastAPI", command, {"MODEL": str(project / "model/model.onnx")}, APPS)


def hello(project: Path) -> Server:
    """uvicorn with an app that does nothing."""
    python = project / ".venv" / "bin" / "python"
    command = [python, "-m", "uvicorn", "hello:app", *UVICORN, "--no-access-log"]
    return Server("hello", command, {}, APPS, species=None)


def limits(project: Path, folder: Path) -> list[float]:
    """Milliseconds from JSON to JSON in process, for 1 and 64 rows."""
    files = [folder / "1.json", folder / "64.json"]
    for file in files:
        file.write_text(json.dumps(instances(int(file.stem))), "utf-8")
    python = project / ".venv" / "bin" / "python"
    command = ["taskset", "--cpu-list", SERVER_CORE, python, APPS / "limit.py", *files]
    rounds = [
        json.loads(subprocess.run(command, cwd=project, check=True, capture_output=True).stdout)
        for _ in range(ROUNDS)
    ]
    return [statistics.median(each) * 1e3 for each in zip(*rounds, strict=True)]


def main() -> None:
    """Measure and print."""
    check_machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = rendered(folder)
        limit = limits(project, folder)
        seen = rounds([ours(project), fastapi(project), hello(project)], ROUNDS)
    print_table(seen)
    print(f"\nIn process, JSON to JSON: {limit[0]:.3f} ms for 1 row, {limit[1]:.3f} ms for 64.\n")
    own, bare = seen["ours"], seen["hello"]
    p50 = [
        a.loads[1, 1].p50 / (b.loads[1, 1].p50 + limit[0]) for a, b in zip(own, bare, strict=True)
    ]
    start = statistics.median(each.start for each in own)
    memory = statistics.median(each.megabytes for each in own)
    print("| | measured | target |\n| --- | --- | --- |")
    many = (32, 1)
    beside = ratio(own, seen["FastAPI"], many)
    print(f"| 32 connections, 1 row, requests beside FastAPI's | {beside:.2f} | at least 3.5 |")
    print(f"| … beside hello's | {ratio(own, bare, many):.2f} | at least 0.40 |")
    middle = statistics.median(p50)
    print(f"| 1 connection, 1 row, p50 beside hello's and the limit | {middle:.2f} | at most 1.3 |")
    print(f"| from start to ready | {start:.2f} s | at most 0.5 s |")
    print(f"| memory after the load | {memory:.0f} MB | at most 100 MB |")


if __name__ == "__main__":
    main()
