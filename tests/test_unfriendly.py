"""The first ten minutes of somebody whose machine is not ours, following the README.

No root, a umask that shares nothing, an ASCII locale, an empty home, no uv, another Python's
environment active, and a folder whose name has a space and an umlaut.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import ENVIRON, copy_template

NOBODY = 65_534
# What a README takes for granted, and whatever else stands beside it on a usual machine.
TOOLS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
# Theirs, which is active, and the one that a project asks for.
PYTHONS = ("python", "python3.13")
pytestmark = pytest.mark.full


class Person:
    """Somebody at a shell in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = [*(f"{folder}/{python}/bin" for python in PYTHONS), f"{folder}/bin"]
        self.environ = {"HOME": f"{folder}/home", "LC_ALL": "C", "PATH": ":".join(path)}
        # The way to the package index is the machine's, such as its certificates.
        ways = re.compile(r"SSL_|PIP_CERT|(PIP|UV)_.*INDEX|.*_proxy$", re.IGNORECASE)
        self.environ |= {name: value for name, value in os.environ.items() if ways.match(name)}
        # Whoever isn't root runs it as what they are.
        self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if not os.getuid() else {}

    def start(self, command: str, cwd: Path) -> subprocess.Popen[str]:
        """A command, in a process group of its own, with what it says in one pipe."""
        return subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=cwd,
            env=self.environ,
            umask=0o077,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            **self.user,  # pyright: ignore[reportArgumentType]
        )

    def run(self, command: str, cwd: Path) -> str:
        """What a command says; it succeeds."""
        process = self.start(command, cwd)
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 0, f"{command}\n{said}"
        return said


def copy_interpreter(prefix: str, folder: Path) -> None:
    """Copy an interpreter without its packages."""
    without = shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a", "share")
    shutil.copytree(prefix, folder, symlinks=True, ignore=without)
    # Some know their own library by the folder that they were built for, which is closed.
    built_for, beside = f"{prefix}/lib".encode(), b"$ORIGIN/../lib"
    for script in (folder / "bin").iterdir():
        if not script.name.startswith("python"):
            script.unlink()
        elif not script.is_symlink():
            padded = beside.ljust(len(built_for), b"\0")
            script.write_bytes(script.read_bytes().replace(built_for, padded))


@pytest.fixture
def person() -> Iterator[Person]:
    """Somebody, with the template, two Pythons, and every tool of this machine but uv."""
    # pytest's own folders are closed to everybody else.
    with tempfile.TemporaryDirectory(prefix="für mich ") as name:
        folder = Path(name)
        for each in ("home", "bin"):
            (folder / each).mkdir()
        for directory in TOOLS:
            for tool in Path(directory).glob("*"):
                link = folder / "bin" / tool.name
                if not tool.name.startswith(("uv", "python", "pip")) and not link.is_symlink():
                    link.symlink_to(tool)
        # The machine's, whose version is not a project's on every machine, and that of these tests.
        command = ["python3", "-c", "import sys; print(sys.base_prefix)"]
        said = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=True)
        for python, prefix in zip(PYTHONS, (said.stdout.strip(), sys.base_prefix), strict=True):
            copy_interpreter(prefix, folder / python)
        copy_template(folder / "template")
        subprocess.run(["chmod", "-R", "go=u-w", folder], check=True)
        if not os.getuid():
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
        yield Person(folder)


@pytest.mark.parametrize("target", ["lambda", "kubernetes"])
def test_the_first_ten_minutes_succeed_somewhere_unfriendly(person: Person, target: str) -> None:
    here = person.folder
    person.run("python3 -m venv active && active/bin/pip install -q cookiecutter flask", here)
    person.environ |= {
        "VIRTUAL_ENV": str(here / "active"),
        "PATH": f"{here / 'active/bin'}:{person.environ['PATH']}",
    }
    said = person.run(f"cookiecutter template --no-input target={target}", here)
    assert f"is ready: Iris Classifier, on {target}" in said
    project = here / "iris-classifier"
    said = person.run("make setup model test", project)
    passed = re.findall(r"\d+ passed(?:, \d+ skipped)? in", said)
    assert len(passed) == 2, "the model and its contract first"
    person.run("python -c 'import cookiecutter, flask'", here)
    server = person.start("exec make serve PORT=0", project)
    try:
        assert server.stdout
        told = ""
        while not (url := re.search(r"(http://127\.0\.0\.1:\d+)/", told)):
            line = server.stdout.readline()
            assert line, f"make serve ended: {told}"
            told += line
        readme = project.joinpath("README.md").read_text("utf-8")
        request = re.search(r"```sh\n(EXAMPLE=.*?)```", readme, re.DOTALL)
        assert request
        command = request[1].replace("http://127.0.0.1:8000", url[1])
        patient = "curl -sS --retry 60 --retry-connrefused --retry-delay 1 "
        answer = person.run(command.replace("curl ", patient, 1), project)
        assert '{"predictions":[{"species":"setosa"' in answer
    finally:
        server.terminate()
        server.communicate()
