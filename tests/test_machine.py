"""Other people's machines: what is active or set there neither matters nor suffers."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Bake
from tests.project import ENVIRON, ROOT, TEMPLATE, make

MAKEFILES = (ROOT / "Makefile", TEMPLATE / "Makefile")


@pytest.fixture
def active(tmp_path: Path) -> Path:
    """Somebody's environment, with a package of theirs."""
    folder = tmp_path / "theirs"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "theirs.py").write_text("", "utf-8")
    package = site / "theirs-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (package / "RECORD").write_text("theirs.py,,\ntheirs-1.0.dist-info/METADATA,,\n")
    (package / "INSTALLER").write_text("pip")
    return folder


# What can lead uv and pip elsewhere; {} is somebody's environment.
STEERING = [
    {"VIRTUAL_ENV": "{}"},
    {"CONDA_PREFIX": "{}", "CONDA_DEFAULT_ENV": "theirs"},
    {"UV_SYSTEM_PYTHON": "1", "VIRTUAL_ENV": "{}"},
    {"UV_PYTHON": "3.11"},
    {"UV_PROJECT_ENVIRONMENT": "{}", "PYTHONPATH": "{}"},
    {"PIP_USER": "1", "PIP_TARGET": "{}", "PIP_PREFIX": "{}"},
]


@pytest.mark.parametrize("steering", STEERING, ids="+".join)
def test_setup_touches_its_own_environment_and_no_other(
    bake: Bake, active: Path, steering: dict[str, str]
) -> None:
    project = bake()
    before = {path: path.stat().st_mtime_ns for path in active.rglob("*")}
    environ = {name: value.format(active) for name, value in steering.items()}
    environ["PATH"] = f"{active}/bin{os.pathsep}{os.environ['PATH']}"
    said = make(project, "setup", **environ)
    assert said.returncode == 0, said.stdout
    assert {path: path.stat().st_mtime_ns for path in active.rglob("*")} == before
    wanted = (project / ".python-version").read_text("utf-8").strip()
    assert (project / f".venv/lib/python{wanted}/site-packages/pytest").exists()
    assert make(project, "setup", **environ).stdout == "make: Nothing to be done for 'setup'.\n"


def fake(folder: Path, script: str) -> str:
    """A PATH where `uv` is a script."""
    folder.mkdir()
    program = folder / "uv"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


SHIM = 'echo "pyenv: uv: command not found" >&2; exit 127'


@pytest.mark.parametrize("folder", ["a", "b"], ids=["the-template", "a-project"])
def test_a_uv_that_does_not_run_counts_as_missing(bake: Bake, tmp_path: Path, folder: str) -> None:
    project = bake() if folder == "b" else tmp_path / "template"
    if folder == "a":
        shutil.copytree(ROOT / "requirements", project / "requirements")
        shutil.copy(ROOT / "Makefile", project)
    path = fake(tmp_path / "shim", SHIM)
    said = make(project, ".venv/installed", "--dry-run", PATH=path).stdout
    assert "python3 -m venv .uv\n" in said
    assert f'"{project}/.uv/bin/uv" pip sync' in said
    assert f"{tmp_path}/shim/uv" not in said


def test_a_setup_that_fails_is_not_taken_for_done(bake: Bake, tmp_path: Path) -> None:
    project = bake()
    # It makes the environment, and then the network is gone.
    path = fake(tmp_path / "offline", '[ "$1" != pip ] || exit 2\nmkdir -p .venv')
    for _ in range(2):
        said = make(project, "setup", PATH=path)
        assert said.returncode != 0
        assert " pip sync " in said.stdout
    assert not (project / ".venv/installed").exists()


def test_the_lock_is_made_without_the_users_settings_of_an_environment(
    bake: Bake, tmp_path: Path
) -> None:
    project = bake()
    said = tmp_path / "said"
    path = fake(tmp_path / "uv", f'[ "$1" = --version ] || env >> {said}')
    mine = {"UV_INDEX_URL": "https://mirror.example.org", "UV_PYTHON": "3.9", "VIRTUAL_ENV": "x"}
    assert make(project, "lock", PATH=path, **mine).returncode == 0
    seen = said.read_text("utf-8")
    assert "UV_INDEX_URL=https://mirror.example.org\n" in seen, "whose mirror it is, it stays"
    assert not re.search(r"^(UV_PYTHON|VIRTUAL_ENV)=", seen, re.MULTILINE)


@pytest.mark.parametrize("target", ["lambda", "kubernetes"])
def test_serve_ends_with_its_make(prepared: Callable[[str], Path], target: str) -> None:
    process = subprocess.Popen(
        ["make", "serve", "PORT=0"],
        cwd=prepared(target),
        env=ENVIRON,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that only make itself gets the signal
    )
    assert process.stderr
    lines = iter(process.stderr.readline, "")
    found = next(filter(None, (re.search(r"http://127\.0\.0\.1:(\d+)", line) for line in lines)))
    port = int(found[1])
    wait_until(lambda: listens(port))
    process.send_signal(signal.SIGTERM)
    process.stderr.close()
    process.wait(10)
    wait_until(lambda: not listens(port))


def listens(port: int) -> bool:
    """Whether something takes connections on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionError:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, for half a minute at most."""
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen within half a minute")


def test_tests_find_the_uv_of_setup_without_make(prepared: Callable[[str], Path]) -> None:
    project = prepared("lambda")
    ask = "import tools.build; print(tools.build.UV)"
    environ = {"PATH": "/usr/bin:/bin"}
    said = subprocess.run(
        [project / ".venv/bin/python", "-c", ask],
        cwd=project,
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said == f"{project}/.uv/bin/uv\n"


@pytest.mark.parametrize("path", MAKEFILES, ids=["the-template", "a-project"])
def test_an_old_make_finds_what_only_a_shell_has(path: Path) -> None:
    # GNU make up to 4.2 starts a command without a shell where it sees nothing that needs one.
    text = path.read_text("utf-8")
    assert re.findall(r"\$\(shell command [^&|;<>]*\)", text) == []
