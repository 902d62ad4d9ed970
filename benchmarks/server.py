"""Measure the inference server of a rendered project beside others, a bare answer, and the limit.

The others are the server of an earlier commit, and FastAPI.

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
from tests.project import ROOT, make, render, template_at

ROUNDS = 5
FASTAPI = ["fastapi==0.165.0", "pydantic==2.14.3", "uvicorn", "httptools", "uvloop"]
MODEL = ["numpy", "onnxruntime"]
# The last server on uvicorn and ASGI.
BEFORE = "565ae9c"
UVICORN = ["--host", "127.0.0.1", "--port", "{port}", "--http", "httptools", "--loop", "uvloop"]
UVICORN += ["--ws", "none", "--lifespan", "off", "--no-proxy-headers", "--no-server-header"]


def rendered(folder: Path, template: Path = ROOT) -> Path:
    """A project with a server, ready to start it."""
    project = render(folder / "project", template, target="kubernetes")
    said = make(project, "setup", "model")
    assert said.returncode == 0, said.stdout
    return project


def ours(project: Path, name: str = "ours") -> Server:
    """The server of a rendered project as its image starts it, with log and metrics."""
    python = project / ".venv" / "bin" / "python"
    environ = {"METRICS_PORT": "0", "DRAIN_SECONDS": "0"}
    return Server(name, [python, "-m", "serving.server"], environ, project)


def before(folder: Path) -> Server:
    """The same of the earlier commit."""
    return ours(rendered(folder, template_at(BEFORE, folder / "template")), BEFORE)


def fastapi(project: Path) -> Server:
    """The same model and contract in FastAPI and pydantic; it logs each request, as ours does."""
    python = environment("fastapi", "3.13", [*FASTAPI, *MODEL], project)
    command = [python, "-m", "uvicorn", "fastapi_app:app", *UVICORN]
    return Server("FastAPI", command, {"MODEL": str(project / "model/model.onnx")}, APPS)


def hello(project: Path) -> Server:
    """uvicorn with an app that does nothing."""
    python = environment("fastapi", "3.13", [*FASTAPI, *MODEL], project)
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
        (folder / "before").mkdir()
        old = before(folder / "before")
        seen = rounds([ours(project), old, fastapi(project), hello(project)], ROUNDS)
    print_table(seen)
    print(f"\nIn process, JSON to JSON: {limit[0]:.3f} ms for 1 row, {limit[1]:.3f} ms for 64.\n")
    own, was, bare = seen["ours"], seen[BEFORE], seen["hello"]
    p50 = [
        a.loads[1, 1].p50 / (b.loads[1, 1].p50 + limit[0]) for a, b in zip(own, bare, strict=True)
    ]
    p99 = [a.loads[32, 1].p99 / b.loads[32, 1].p99 for a, b in zip(own, was, strict=True)]
    start = [a.start / b.start for a, b in zip(own, was, strict=True)]
    memory = [a.megabytes / b.megabytes for a, b in zip(own, was, strict=True)]
    print("| | measured | target |\n| --- | --- | --- |")
    many = (32, 1)
    print(
        f"| 32 connections, 1 row, beside {BEFORE} | {ratio(own, was, many):.2f} | at least 2.2 |"
    )
    print(f"| … beside hello | {ratio(own, bare, many):.2f} | at least 0.9 |")
    print(f"| … beside FastAPI | {ratio(own, seen['FastAPI'], many):.2f} | at least 9 |")
    print(f"| … its p99 beside {BEFORE}'s | {statistics.median(p99):.2f} | at most 1 |")
    print(
        f"| 1 connection, 1 row, beside {BEFORE} | {ratio(own, was, (1, 1)):.2f} | at least 1.2 |"
    )
    middle = statistics.median(p50)
    print(f"| … its p50 beside hello's and the limit | {middle:.2f} | at most 1.25 |")
    rows = ratio(own, was, (32, 64))
    print(f"| 32 connections, 64 rows, beside {BEFORE} | {rows:.2f} | at least 1.2 |")
    print(f"| from start to ready, beside {BEFORE} | {statistics.median(start):.2f} | at most 1 |")
    print(
        f"| memory after the load, beside {BEFORE} | {statistics.median(memory):.2f} | at most 1 |"
    )


if __name__ == "__main__":
    main()
