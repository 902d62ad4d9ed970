"""From nothing to an answer, each step visible with its time. Run by `make demo`."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.local_cloud.emulator import ARCHITECTURE, emulator
from tests.local_cloud.stack import JSON, Stack
from tests.project import ENVIRON, ROOT, cookiecutter

FOLDER = ROOT / ".demo"


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a step, and say how long it took."""
    print(f"\n── {what}", flush=True)
    started = time.perf_counter()
    yield
    print(f"── {time.perf_counter() - started:.1f} s", flush=True)


def run(project: Path, *command: str) -> None:
    """Show a command and what it prints; end the demo where it fails."""
    print(f"$ {' '.join(command)}", flush=True)
    if subprocess.run(command, cwd=project, env=ENVIRON).returncode:
        sys.exit(f"failed: {' '.join(command)}, in {project}")


def main() -> None:
    """Render, train, test, serve, ask; then build, deploy to an emulated AWS, ask there."""
    started = time.perf_counter()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with step("render a project"):
        result = cookiecutter(FOLDER)
        print("$ cookiecutter --no-input .", result.stdout, result.stderr, sep="\n")
        if result.returncode:
            sys.exit(1)
    (project,) = (path for path in FOLDER.iterdir() if path.is_dir())
    with step("set up its environment"):
        run(project, "make", "setup")
    with step("train its model"):
        run(project, "make", "model")
    with step("run its tests"):
        run(project, "make", "test")
    with step("serve it, and send a request"):
        print("$ make serve", flush=True)
        serve(project)
    with step("build it, deploy it to an emulated AWS, and send a request"):
        deploy(project)
    seconds = time.perf_counter() - started
    print(
        f"\n{seconds:.0f} s in all. The project stays in {project.relative_to(ROOT)}/: look around."
    )


def serve(project: Path) -> None:
    """Start the server, send the request that it shows, stop it."""
    command = ["make", "serve", "PORT=0"]
    server = subprocess.Popen(command, cwd=project, env=ENVIRON, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    try:
        for line in server.stderr:
            print(line, end="", flush=True)
            if request := re.match(r"  (curl .*)", line):
                print(f"$ {request[1]}", flush=True)
                subprocess.run(["sh", "-c", f"{request[1]} --silent --show-error"], check=True)
                print()
                return
        sys.exit("make serve ended before it served")
    finally:
        # make hands the signal on to what it runs
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=10)


def deploy(project: Path) -> None:
    """Run the project's Pulumi program against the emulator, and call what it made."""
    run(project, "make", "build", f"ARCH={ARCHITECTURE}")
    with emulator() as url:
        print(f"an AWS of ours is at {url}: what `pulumi up` would make in yours is made there")
        stack = Stack(url, project, "path")
        version = {"release": "0.1.0", "architecture": ARCHITECTURE}
        print(*stack.up(versions={"v1": version}), sep="\n")
        contract = json.loads((project / "contracts" / "v1.json").read_text("utf-8"))
        body = contract["x-golden-requests"][0]["request"]["body"]
        print(f"\n$ curl {stack.outputs['v1_url']} -H 'X-API-Key: …' -d '{body}'", flush=True)
        answer = stack.send("v1", "/predict", body.encode(), JSON | stack.key())
        print(f"{answer.body.decode()}  (status {answer.status})")
        if answer.status != 200:
            sys.exit("the emulated API did not answer")


if __name__ == "__main__":
    main()
