"""Other people's models, laid into a project as their owner would: `tests/models/` has them.

A pipeline of scikit-learn's on mixed columns with gaps, a ranker of LightGBM's, and an ONNX model
with a file beside it. Each answers as its own library does, wherever the target can hold it.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.image import answer, build, start
from tests.local_cloud.emulator import ARCHITECTURE, emulator, make_bucket
from tests.local_cloud.stack import JSON, Stack
from tests.project import ENVIRON, ROOT, golden_example, succeed

MODELS = ROOT / "tests/models"
# What `make model` writes.
FILES = {"churn": "model.joblib", "filetype": "model.onnx", "ranking": "model.txt"}
pytestmark = pytest.mark.full


def laid_in(name: str, project: Path, folder: Path) -> Path:
    """A project with another model, locked, set up, trained and with its contract."""
    ignored = shutil.ignore_patterns(".venv", "dist", "model.onnx")
    copy = Path(shutil.copytree(project, folder / project.name, ignore=ignored))
    for part in ("model", "serving", "tests"):
        shutil.copytree(MODELS / name / part, copy / part, dirs_exist_ok=True)
    replaced(copy / "Makefile", "model/model.onnx", f"model/{FILES[name]}")
    replaced(copy / ".gitignore", "model/model.onnx", f"model/{FILES[name]}\nmodel/labels.json")
    pyproject = copy / "pyproject.toml"
    others = re.sub(r'  "(msgspec|numpy|onnxruntime)>[^"]*",\n', "", pyproject.read_text("utf-8"))
    own = MODELS.joinpath(name, "dependencies.txt").read_text("utf-8").splitlines()
    lines = "".join(f'  "{each}",\n' for each in own)
    pyproject.write_text(
        others.replace("dependencies = [\n", f"dependencies = [\n{lines}", 1), "utf-8"
    )
    succeed(copy, "lock", "setup", "model", "contract")
    return copy


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new), "utf-8")


def expected(project: Path, name: str) -> Any:
    """What the model's own library answers to the example."""
    command = [project / ".venv/bin/python", "-c", MODELS.joinpath(name, "expected.py").read_text()]
    said = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, check=True)
    return json.loads(said.stdout)


@pytest.mark.parametrize("name", FILES)
def test_on_a_cluster_every_model_answers_as_its_own_library_does(
    name: str, prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project = laid_in(name, prepared("kubernetes"), tmp_path)
    assert "passed in" in succeed(project, "test", "lint")
    process = start(
        build(project, tmp_path / "app"),
        HOST="127.0.0.1",
        PORT="0",
        METRICS_PORT="0",
        DRAIN_SECONDS="0",
    )
    try:
        request, _ = golden_example(project)
        status, body = answer(process, request)
        assert status == 200, body
        assert json.loads(body)["predictions"] == expected(project, name)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", FILES)
def test_on_lambda_every_model_is_built(
    name: str, prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project = laid_in(name, prepared("lambda"), tmp_path)
    said = succeed(project, "build")
    assert ("Lambda takes it from a bucket alone" in said) == (name != "filetype")
    # What runs here imports it and answers, whatever its size; so do the tests, which know no size.
    succeed(project, "build", "ARCH=host")
    named = [f"tests/test_{each}.py" for each in ("predictor", "contract", "app", "build")]
    command = [project / ".venv/bin/python", "-m", "pytest", *named]
    tested = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout
    succeed(project, "lint")


@pytest.mark.parametrize("name", ["churn", "ranking"])
def test_on_lambda_a_model_too_large_for_an_upload_is_deployed_from_a_bucket(
    name: str, prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project = laid_in(name, prepared("lambda"), tmp_path)
    succeed(project, "build", f"ARCH={ARCHITECTURE}")
    request, _ = golden_example(project)
    keys = {"versions": {"v1": {"release": "0.1.0", "architecture": ARCHITECTURE}}}
    keys |= {"releases": {"bucket": "releases"}}
    with emulator() as url:
        make_bucket(url, "releases")
        stack = Stack(url, project, "path")
        assert stack.publish(**keys).stdout.startswith("published s3://releases/")
        shutil.rmtree(project / "dist")
        stack.up(**keys)
        answer = stack.send("v1", "/predict", request["body"].encode(), JSON | stack.key())
    assert answer.status == 200, answer
    assert answer.json["predictions"] == expected(project, name)
