"""Measure rendering, handler and Pulumi program beside their bare limits; print the README's table.

Rounds are interleaved: each measures both sides, and the ratio is the median of the rounds' ratios.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import date
from pathlib import Path

from tests.project import ROOT, make, program, render

ROUNDS = 21
CALLS = 2_000

# Both run in a process of their own in the same unpacked build, output thrown away. Init: from
# before the first import to where a request could be answered. Call: the median of many, one row.
CHILD = """
import json, os, sys, time
sys.path.insert(0, os.getcwd())
result = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
started = time.perf_counter()
{init}
init = time.perf_counter() - started
times = []
for _ in range({calls}):
    started = time.perf_counter()
    {call}
    times.append(time.perf_counter() - started)
print(json.dumps([init, sorted(times)[len(times) // 2]]), file=result)
"""
HANDLER = {
    "init": """
from serving.lambda_handler import handler
class Context: aws_request_id = "id"
event = json.load(open("event.json"))
""",
    "call": "handler(event, Context)",
}
BARE = {
    "init": """
import msgspec, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("model/model.onnx", options)
row = {"X": numpy.array([[5.1, 3.5, 1.4, 0.2]], dtype=numpy.float32)}
""",
    "call": "session.run(None, row)",
}
EVENT = {
    "resource": "/v1/predict",
    "path": "/v1/predict",
    "httpMethod": "POST",
    "multiValueHeaders": {"Content-Type": ["application/json"], "Accept": ["*/*"]},
    "requestContext": {"requestId": "8d1c6c1f-0000-0000-0000-000000000000"},
    "body": '{"instances": [{"sepal_length": 5.1, "sepal_width": 3.5,'
    ' "petal_length": 1.4, "petal_width": 0.2}]}',
    "isBase64Encoded": False,
}
# What the Pulumi program can't do without: the parts of the SDK that it uses.
IMPORTS = (
    "import pulumi_aws as a; a.apigateway.Stage, a.cloudwatch.LogGroup, a.iam.Role, a.lambda_.Alias"
)
ONE_FILE = {
    "cookiecutter.json": '{"project_slug": "one"}',
    "{{cookiecutter.project_slug}}/README.md": "# {{cookiecutter.project_slug}}\n",
}


def child(python: Path, folder: Path, program: dict[str, str]) -> list[float]:
    """Seconds of init, seconds of a call."""
    source = CHILD.format(calls=CALLS, **program)
    command = [python, "-I", "-S", "-c", source]
    return json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)


def timed(template: Path, folder: Path) -> float:
    """Seconds for a render into a new folder."""
    started = time.perf_counter()
    render(folder, template)
    return time.perf_counter() - started


def seconds(command: list[str], folder: Path) -> float:
    """Seconds that a command takes."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - started


def stack(project: Path, versions: int) -> tuple[list[str], Path]:
    """A command that runs the Pulumi program for so many API versions, and where."""
    folder = project / "dist" / f"stack-{versions}"
    listed = {f"v{i}": {"release": f"{i}.0.0"} for i in range(1, versions + 1)}
    return program(project, folder, project / ".venv/bin/python", versions=listed), folder


def one_file_template(folder: Path) -> Path:
    """The least that cookiecutter renders."""
    for name, text in ONE_FILE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def unpacked_build(project: Path) -> Path:
    """A build for this machine, unpacked, with the event to call it with."""
    for targets in (("setup", "model", "build"), ("build", "ARCH=host")):
        said = make(project, *targets)
        assert said.returncode == 0, said.stdout
    folder = project / "dist" / "unpacked"
    (host,) = (project / "dist").glob("*-host.zip")
    with zipfile.ZipFile(host) as archive:
        archive.extractall(folder)
    (folder / "event.json").write_text(json.dumps(EVENT), "utf-8")
    return folder


def row(what: str, pairs: list[tuple[float, float]], unit: str, limit: float | str) -> None:
    """Print one row of the table: what we take, what the bare limit takes, in seconds."""
    scale = {"s": 1, "ms": 1e3, "µs": 1e6}[unit]
    ours, bare = (statistics.median(side) * scale for side in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"| {what} | {ours:.3g} {unit} | {bare:.3g} {unit} | {ratio:.2f} | {limit} |")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        one = one_file_template(folder / "one")
        renders = [
            (timed(ROOT, folder / f"{i}/ours"), timed(one, folder / f"{i}/one"))
            for i in range(ROUNDS + 1)  # the first warms up
        ]
        (project,) = (folder / "0/ours").iterdir()
        unpacked = unpacked_build(project)
        python = (project / ".venv/bin/python").resolve()
        calls = [
            (child(python, unpacked, HANDLER), child(python, unpacked, BARE))
            for _ in range(ROUNDS + 1)
        ]
        two, twenty = stack(project, 2), stack(project, 20)
        imports = [two[0][0], "-c", IMPORTS], project
        programs = [[seconds(*each) for each in (two, imports, twenty)] for _ in range(ROUNDS + 1)]
        (arm64,) = (project / "dist").glob("*-arm64.zip")
        size = arm64.stat().st_size / 1e6
    version = sys.version.split()[0]
    print(f"{date.today()}, {os.cpu_count()} cores, Python {version}, {ROUNDS} rounds\n")
    print("| | ours | bare limit | ratio | at most |\n| --- | --- | --- | --- | --- |")
    row("whole render, beside a template of one file", renders[1:], "s", 1.35)
    inits = [(ours[0], bare[0]) for ours, bare in calls[1:]]
    row("handler's cold init, beside its imports and session", inits, "ms", 1.25)
    warm = [(ours[1], bare[1]) for ours, bare in calls[1:]]
    row("handler's warm call, beside `session.run`", warm, "µs", 4)
    small = [(ours, bare) for ours, bare, _ in programs[1:]]
    row("Pulumi program under mocks, 2 API versions, beside its imports", small, "s", "4 s")
    large = [(many, few) for few, _, many in programs[1:]]
    row("the same with 20, beside 2", large, "s", 2)
    print(f"| zip for arm64 | {size:.1f} MB | | | 40 MB |")


if __name__ == "__main__":
    main()
