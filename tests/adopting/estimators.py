"""Adopts random models, one a line, and says what became of each.

It runs in a project: `python estimators.py FOLDER`. Of its own it has one environment for all
models, in which each is read by a fork. A line of its answer is "refused: …", "untrained: …", or
"served: …"; anything else is a fault.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from tools.adopt import adopting, environment, of_library, source, trial
from tools.adopt.adopting import Options
from tools.adopt.environment import Environment, Unreadable
from tools.model import file_sha256
from tools.refused import Refused

FOLDER, SCRIPTS = Path(sys.argv[1]), Path(sys.argv[2])
SHARED = Environment(FOLDER / "shared", [*source.ALWAYS, "scikit-learn", "skops"])
FORKS = subprocess.Popen(
    [SHARED.python, "-I", SCRIPTS / "forks.py", environment.READER],
    env={},
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
TESTS = """
import sys
sys.path[:0] = [sys.argv[1]]
from tests import test_predictor as tests
for name, test in vars(tests).items():
    if name.startswith("test_"):
        test()
"""
CONTRACT = """
import runpy, sys
sys.path[:0] = [sys.argv[1]]
runpy.run_module("tools.contract", run_name="__main__", alter_sys=True)
"""
ADOPTED = []


def forked(what, given):
    """What a fork says: its status, and a text."""
    FORKS.stdin.write(json.dumps([what, given]) + "\n")
    FORKS.stdin.flush()
    return json.loads(FORKS.stdout.readline())


class Shared(Environment):
    """The one environment, as if it were made for this model."""

    def __init__(self, folder, _):
        self.folder = folder / "results"
        self.folder.mkdir(parents=True)
        self.venv, self.served = SHARED.venv, SHARED.served

    def run(self, what, given):
        """As in a process of its own."""
        failed = self.folder / "failed.json"
        failed.unlink(missing_ok=True)
        status, said = forked(what, {**given, "folder": str(self.folder)})
        if failed.exists():
            why = json.loads(failed.read_text("utf-8"))
            raise Unreadable(why["why"], why["missing"])
        if status:
            raise Unreadable(said.strip().splitlines()[-1])


def checked(adopted, texts, rows, check=trial.check):
    """What is tried before anything is written, and kept for more."""
    check(adopted, texts, rows)
    ADOPTED.append((adopted, texts))


def green(adopted, texts):
    """What is not green of what would be written."""
    with trial.staged({**adopted.files, **texts}) as folder:
        for each in ("tools", "pyproject.toml", "Pulumi.yaml", "contracts"):
            whole = Path(each)
            (shutil.copytree if whole.is_dir() else shutil.copy)(whole, folder / each)
        commands = {"tests": [sys.executable, "-c", TESTS, folder]}
        commands["contract"] = [sys.executable, "-c", CONTRACT, folder]
        names = [each for each in texts if each.endswith(".py")]
        ruff = Path(sys.executable).with_name("ruff")
        commands["lint"] = [ruff, "check", "--quiet", *names]
        commands["format"] = [ruff, "format", "--check", "--quiet", *names]
        environ = {"PATH": os.environ["PATH"]}
        if adopted.python:
            packages = next(SHARED.venv.glob("lib/python*/site-packages"))
            environ["PYTHONPATH"] = str(packages)
        for what, command in commands.items():
            said = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
            if said.returncode:
                yield f"{what}: {said.stdout}{said.stderr}"


def adopt(spec, folder):
    """What became of a model."""
    end = {"skops": "skops", "joblib": "joblib"}[spec["format"]]
    model, sample = folder / f"model.{end}", folder / f"sample.{spec['rows_as']}"
    status, said = forked("train", spec | {"model": str(model), "sample": str(sample)})
    if status:
        return f"untrained: {said.strip().splitlines()[-1]}"
    given = Options(
        str(model),
        sample=str(sample) if spec["with_sample"] else "",
        trust=file_sha256(model),
    )
    ADOPTED.clear()
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        written = adopting.adopt(given)
    assert written is None, "it was written"
    ((adopted, texts),) = ADOPTED
    faults = [*green(adopted, texts)]
    if faults:
        return "\n".join(
            [shown.getvalue(), texts["serving/contract.py"], texts["serving/predictor.py"], *faults]
        )
    return f"served: {'as ONNX' if not adopted.exact else 'as it is'}"


of_library.Environment = source.Environment = Shared
trial.check = checked
for line in sys.stdin:
    with tempfile.TemporaryDirectory() as temporary:
        try:
            answer = adopt(json.loads(line), Path(temporary))
        except Refused as refused:
            # A predictor that fails is a fault of its text.
            ours = str(refused).startswith("The predictor ")
            answer = f"{'at fault' if ours else 'refused'}: {refused}"
        except Exception:
            answer = traceback.format_exc()
    print(json.dumps(answer), flush=True)
