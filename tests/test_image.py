"""The image of a rendered project: what its Dockerfile puts into it, and how it starts."""

import shutil
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.image import Image, answer, build, instructions, run, start
from tests.project import golden_example, judged_by, target_of

# What is started in the image of each target. (Helm's is that of Kubernetes.)
SERVERS = {"kubernetes": "serving.server", "sagemaker": "serving.sagemaker"}
# As whom.
USERS = {"kubernetes": "10001:10001", "sagemaker": "0:0"}


def project_of(targets: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("ready", targets, indirect=True, scope="session")


each_target = project_of(judged_by("image"))


# What a person may have beside a model, and what is no part of it.
BESIDE = ("features.py", "tokenizer/vocab.txt", "tokenizer/SOURCE")
NO_PART = ("SOURCE", ".DS_Store", "old/.cache/x")


@pytest.fixture(scope="session")
def project(ready: Path, tmp_path_factory: Any) -> Path:
    """A project with more files in model/, of a person whose umask is 077."""
    folder = tmp_path_factory.mktemp("private") / "project"
    shutil.copytree(ready, folder, ignore=shutil.ignore_patterns(".venv", "__pycache__"))
    for name in (*BESIDE, *NO_PART):
        path = folder / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text", "utf-8")
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    return folder


@pytest.fixture(scope="session")
def image(project: Path, tmp_path_factory: Any) -> Image:
    """The file tree that the Dockerfile makes."""
    return build(project, tmp_path_factory.mktemp("image") / "app")


@each_target
def test_it_holds_the_code_the_model_and_no_more(image: Image) -> None:
    found = {path.relative_to(image.folder) for path in image.folder.glob("*/*")}
    own = {str(path) for path in found if path.parts[0] != ".venv" and path.suffix}
    serving = {name for name in own if name.startswith("serving/")}
    model = {name for name in own if name.startswith("model/")}
    assert own - serving - model == {"contracts/v1.json", "requirements/runtime.txt"}
    assert {"serving/server.py", "serving/app.py", "serving/predictor.py"} < serving
    libraries = {path.name for path in image.folder.glob(".venv/lib/python*/site-packages/*")}
    assert {"httptools", "onnxruntime"} < libraries
    assert not libraries & {"pip", "pulumi", "pytest", "sklearn", "onnx"}


@each_target
def test_it_takes_of_the_model_what_every_artefact_takes(
    image: Image, project: Path, ready: Path
) -> None:
    program = (
        "from tools.model import *; print(*(f.relative_to(FOLDER) for f in files()), sep='\\n')"
    )
    said = subprocess.run(
        [ready / ".venv/bin/python", "-c", program],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    model = image.folder / "model"
    found = {str(path.relative_to(model)) for path in model.rglob("*") if path.is_file()}
    assert {*said.splitlines()} == {"model.onnx", *BESIDE}
    assert {name for name in found if not name.endswith(".pyc")} == {"model.onnx", *BESIDE}


@each_target
def test_everybody_may_read_it_and_only_root_may_write_whatever_the_umask(image: Image) -> None:
    for path in image.folder.rglob("*"):
        mode = path.lstat().st_mode & 0o777
        readable = 0o055 if path.is_dir() else 0o044
        assert path.is_symlink() or mode & readable == readable, f"{path}: {mode:o}"
        assert path.is_symlink() or not mode & 0o022, f"{path}: {mode:o}"


@each_target
def test_what_does_not_answer_the_example_is_no_image(image: Image, tmp_path: Path) -> None:
    broken = image.copy(tmp_path / "app")
    (last,) = (t for n, t in instructions(image.dockerfile) if n == "RUN" and "ModelServer" in t)
    run(last, broken.folder)
    predictor = broken.folder / "serving/predictor.py"
    text = predictor.read_text("utf-8")
    for wrong in (
        f"import ctypes\nctypes.CDLL('libgomp-of-no-machine.so.1')\n{text}",
        "Predictor = list",
    ):
        predictor.unlink()  # a link to the image's
        predictor.write_text(wrong, "utf-8")
        with pytest.raises(subprocess.CalledProcessError):
            run(last, broken.folder)


@each_target
def test_it_runs_as_root_only_where_the_platform_expects_that_and_its_command_gets_the_signals(
    image: Image, ready: Path
) -> None:
    assert image.user == USERS[target_of(ready)]
    assert image.command == ["python", "-m", SERVERS[target_of(ready)]]


@each_target
def test_its_command_serves_the_example_and_ends_with_0(image: Image, ready: Path) -> None:
    request, promised = golden_example(ready)
    process = start(image, HOST="127.0.0.1", PORT="0", METRICS_PORT="0", DRAIN_SECONDS="0")
    try:
        assert answer(process, request) == (200, promised["body"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


@project_of([target for target in judged_by("image") if target == "sagemaker"])
def test_an_archive_whose_model_only_root_may_read_is_served(
    image: Image, ready: Path, tmp_path: Path
) -> None:
    bare = image.copy(tmp_path / "app")
    (bare.folder / "model/model.onnx").unlink()
    shutil.copy(image.folder / "model/model.onnx", tmp_path)
    (tmp_path / "model.onnx").chmod(0o600)
    with tarfile.open(tmp_path / "model.tar.gz", "x:gz") as archive:
        archive.add(tmp_path / "model.onnx", "model.onnx")
    # As SageMaker does: with the modes that are in it, and as root. That is whoever runs this.
    folder = tmp_path / "opt/ml/model"
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-xpf", tmp_path / "model.tar.gz", "-C", folder], check=True)
    mode = (folder / "model.onnx").stat().st_mode
    assert not mode & 0o077
    assert image.user == "0:0", f"{image.user} can't read what is root's, with {mode:o}"
    request, promised = golden_example(ready)
    environ = {"HOST": "127.0.0.1", "PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"}
    process = start(bare, SM_MODEL_DIR=str(folder), **environ)
    try:
        assert answer(process, request) == (200, promised["body"])
    finally:
        process.kill()
        process.communicate()
