"""Measure the inference server of a rendered project beside others, a bare answer, and the limit.

The others are the server of an earlier commit, and FastAPI.

Rounds are interleaved: each starts every server anew, loads it, and ends it. Ratios are medians of
the rounds' ratios. `python -m benchmarks.server`; README.md beside this file holds the tables.
"""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.load import (
    APPS,
    SERVER_CORE,
    Measured,
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

    def beside_before(figure: Callable[[Measured], float]) -> float:
        return statistics.median(figure(a) / figure(b) for a, b in zip(own, was, strict=True))

    p50 = statistics.median(
        a.loads[1, 1].p50 / (b.loads[1, 1].p50 + limit[0]) for a, b in zip(own, bare, strict=True)
    )
    many = (32, 1)
    rows = [
        ("32 connections, 1 row", ratio(own, was, many), "at least 2.2"),
        ("… beside hello", ratio(own, bare, many), "at least 0.9"),
        ("… beside FastAPI", ratio(own, seen["FastAPI"], many), "at least 9"),
        ("… its p99", beside_before(lambda each: each.loads[many].p99), "at most 1"),
        ("1 connection, 1 row", ratio(own, was, (1, 1)), "at least 1.2"),
        ("… its p50 beside hello's and the limit", p50, "at most 1.25"),
        ("32 connections, 64 rows", ratio(own, was, (32, 64)), "at least 1.2"),
        ("from start to ready", beside_before(lambda each: each.start), "at most 1"),
        ("memory after the load", beside_before(lambda each: each.megabytes), "at most 1"),
    ]
    print(f"| beside {BEFORE}, if nothing else is said | measured | target |\n| --- | --- | --- |")
    for what, measured, target in rows:
        print(f"| {what} | {measured:.2f} | {target} |")


if __name__ == "__main__":
    main()
