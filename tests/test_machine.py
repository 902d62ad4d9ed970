"""Other people's machines: what is active or set there neither matters nor suffers."""

import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.conftest import Bake
from tests.project import ENVIRON, ROOT, TEMPLATE, make, unlocked

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
    {"UV_PYTHON": "3.11", "PYTHONSAFEPATH": "1", "MAKEFLAGS": "-j4"},
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


# What no step may see, whatever Python, pytest or uv make of it.
STEERS = {name for steering in STEERING for name in steering} - {"MAKEFLAGS"}
STEERS |= {"UV_PROJECT_ENVIRONMENT", "UV_WORKING_DIR", "UV_PROJECT", "UV_VENV_CLEAR", "PYTHONPATH"}
STEERS |= {"PYTHONOPTIMIZE", "PYTHONINSPECT", "PYTHONHOME", "PYTHONWARNINGS", "PIP_PYTHON"}
STEERS |= {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "UV_WORKING_DIRECTORY"}
THEIRS = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE", "UV_CACHE_DIR", "UV_OFFLINE"}
THEIRS |= {"PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "HTTPS_PROXY", "UV_EXCLUDE_NEWER"}


@pytest.mark.parametrize("folder", ["the-template", "a-project"])
def test_a_step_sees_nothing_that_steers_and_all_that_is_whose_it_is(
    bake: Bake, folder: str
) -> None:
    project = bake() if folder == "a-project" else ROOT
    mine = dict.fromkeys(STEERS | THEIRS, "x")
    said = make(project, "--eval", "seen:; @env", "seen", **mine).stdout
    seen = {line.partition("=")[0] for line in said.splitlines()}
    assert seen & (STEERS | THEIRS) == THEIRS


def test_goals_are_steps_for_many_jobs_too(bake: Bake) -> None:
    project = bake()
    slow = "first:; @sleep 0.3; echo first\nsecond:; @echo second"
    for folder in (project, ROOT):
        said = make(folder, "-j4", "--eval", slow, "first", "second").stdout
        assert said.split()[-2:] == ["first", "second"]


def fake(folder: Path, script: str, name: str = "uv") -> str:
    """A PATH where a program is a script."""
    folder.mkdir(exist_ok=True)
    program = folder / name
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
    assert "python3 -m venv --clear .uv && " in said
    assert f'"{project}/.uv/bin/uv" pip sync' in said
    assert " --python 3.13 .venv && " in said, "UV_NO_CONFIG=1 keeps uv from .python-version"
    assert f"{tmp_path}/shim/uv" not in said


def test_a_setup_that_fails_is_not_taken_for_done(bake: Bake, tmp_path: Path) -> None:
    project = bake()
    # It makes the environment, and then the network is gone.
    path = fake(tmp_path / "offline", '[ "$1" != pip ] || exit 2\nmkdir -p .venv')
    for flag in ("--", "--ignore-errors"):
        said = make(project, flag, ".venv/installed", PATH=path)
        assert " pip sync " in said.stdout
        assert not (project / ".venv/installed").exists()


def test_a_half_made_uv_is_made_anew(bake: Bake, tmp_path: Path) -> None:
    project = bake()
    (project / ".uv/bin").mkdir(parents=True)
    fake(project / ".uv/bin", "exit 1")  # all that is left of an installation that was killed
    said = make(project, ".venv/installed", "--dry-run", PATH=fake(tmp_path / "bin", SHIM)).stdout
    assert said.index("python3 -m venv --clear .uv && ") < said.index(" pip sync ")


@pytest.mark.parametrize("folder", ["the-template", "a-project"])
def test_a_pip_conf_leads_the_uv_of_setup_nowhere_else(
    bake: Bake, tmp_path: Path, folder: str
) -> None:
    project = bake() if folder == "a-project" else tmp_path / "template"
    if folder == "the-template":
        shutil.copytree(ROOT / "requirements", project / "requirements")
        shutil.copy(ROOT / "Makefile", project)
    conf, theirs = tmp_path / "pip.conf", tmp_path / "theirs"
    keys = ("target", "prefix", "root")
    conf.write_text(
        f"[global]\nuser = true\n{''.join(f'{key} = {theirs}{chr(10)}' for key in keys)}"
    )
    said = make(project, ".uv/installed", PIP_CONFIG_FILE=str(conf))
    assert said.returncode == 0, said.stdout
    assert not theirs.exists()
    subprocess.run([project / ".uv/bin/uv", "--version"], check=True)


class Asked(http.server.BaseHTTPRequestHandler):
    """An index that has nothing, and says what it was asked for."""

    paths: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_error(404)

    def log_message(self, *words: object) -> None:
        """Say nothing of it."""


@pytest.fixture
def index() -> Iterator[str]:
    """The address of somebody's index."""
    Asked.paths.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def test_an_index_that_only_a_file_of_theirs_names_is_asked(
    bake: Bake, tmp_path: Path, index: str
) -> None:
    project = bake()
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv/uv.toml").write_text(f'[[index]]\nurl = "{index}"\ndefault = true\n', "utf-8")
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index}\nretries = 0\n", "utf-8")
    for goal, package in ((".venv/installed", "pytest"), (".uv/installed", "uv")):
        environ = {"XDG_CONFIG_HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
        assert make(project, goal, **environ).returncode != 0
        assert f"/simple/{package}/" in Asked.paths


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


def test_lock_adds_and_drops_alone_and_upgrade_moves_what_it_is_told(bake: Bake) -> None:
    project = bake()
    dev, pyproject = project / "requirements/dev.txt", project / "pyproject.toml"
    old = re.sub(r"(?m)^(annotated-types)==.*\n( .*\n)*", r"\1==0.7.0\n", dev.read_text("utf-8"))
    dev.write_text(old, "utf-8")
    asked = pyproject.read_text("utf-8").replace('  "numpy', '  "tomli-w>=1",\n  "numpy')
    pyproject.write_text(asked.replace('  "skl2onnx>=1.20,<2",\n', ""), "utf-8")

    def locked(name: str = "dev") -> dict[str, str]:
        text = (project / f"requirements/{name}.txt").read_text("utf-8")
        return dict(re.findall(r"(?m)^(\S+)==(\S+)", text))

    before = locked()
    assert make(project, "lock").returncode == 0
    after = locked()
    assert before.pop("skl2onnx")
    assert after.pop("tomli-w") == locked("runtime")["tomli-w"]
    assert after == before
    assert unlocked(dev) == []
    assert make(project, "upgrade", "PACKAGE=annotated-types numpy").returncode == 0
    assert locked()["annotated-types"] != "0.7.0"
    said = make(project, "upgrade", "--dry-run").stdout
    assert said.count(" --upgrade ") == said.count("pip compile") == 3


# Of its manager pip-compile: a command with another one is passed over.
RENOVATE_KNOWS = {"--universal", "--generate-hashes"}
RENOVATE_KNOWS |= {
    f"{name}=" for name in ("--python-version", "--group", "--constraint", "--output-file")
}


def test_renovate_can_read_how_a_lock_was_made() -> None:
    locks = [path for path in TEMPLATE.rglob("requirements/*.txt") if path.name != "uv.txt"]
    assert len(locks) == 6
    for path in locks:
        _, line, *_ = path.read_text("utf-8").splitlines()
        assert line.startswith("#    uv pip compile "), path
        words = line.split()[4:]
        options = {re.sub("=.*", "=", word) for word in words if word.startswith("-")}
        assert options <= RENOVATE_KNOWS, path
        assert [word for word in words if not word.startswith("-")] == ["pyproject.toml"]
        assert words[-1] == f"--output-file=requirements/{path.name}"


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


def test_tests_find_the_uv_of_setup_without_make(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project = prepared("lambda")
    ask = "import tools.build; print(tools.build.UV)"
    environ = {"PATH": str(tmp_path)}
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
