"""`make adopt` of each kind of model, of several files, and of what is too large for Git."""

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import ROOT, git, succeed
from tests.test_adopt import adopt, copied, state, trust

SCRIPT = ROOT / "tests/adopting/kinds.py"
PACKAGES = ["lightgbm", "onnx", "pandas", "scikit-learn", "skops"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, written by an environment that has their libraries."""
    folder = tmp_path_factory.mktemp("kinds")
    python = folder / ".venv/bin/python"
    subprocess.run(["uv", "venv", "--quiet", "--python", "3.13", folder / ".venv"], check=True)
    install = ["uv", "pip", "install", "--quiet", "--python", python, *PACKAGES]
    subprocess.run(install, check=True)
    subprocess.run([python, SCRIPT, folder], check=True)
    return folder


@pytest.fixture
def project(prepared: Callable[[str], Path], tmp_path: Path) -> Path:
    """A project to change, without Git."""
    return copied(prepared("lambda"), tmp_path)


@pytest.mark.parametrize(
    ("model", "age", "says"),
    [
        ("forest.skops", "Annotated[int, Meta(", "out label: Literal['leave', 'stay']"),
        ("ranker.txt", "Number\n", "out score: Annotated[float, Meta(description='The higher,"),
    ],
)
def test_what_skops_and_lightgbm_have_written_is_served(
    model: str, age: str, says: str, project: Path, models: Path
) -> None:
    given = {"sample": models / "rows.csv", "trust": trust(models / model)}
    said = adopt(project, models / model, **given)
    assert said.returncode == 3, said.stdout
    assert says in said.stdout
    assert "served as ONNX" in said.stdout
    assert f"  in  age: {age}" in said.stdout


def test_types_that_skops_does_not_know_are_named_and_not_made(project: Path, models: Path) -> None:
    said = adopt(project, models / "forest.skops", "--yes", sample=models / "rows.csv")
    assert said.returncode == 1
    assert "types that skops doesn't know: sklearn.tree._tree.Tree. If you trust" in said.stdout


def test_a_folder_of_mlflows_is_served_by_its_signature(project: Path, models: Path) -> None:
    said = adopt(project, models / "churn", trust=trust(models / "churn/model.pkl"))
    assert said.returncode == 3, said.stdout
    assert "saved with pandas 2.3.3\n" in said.stdout
    assert "  in  age: Annotated[int, Meta(" in said.stdout
    assert "  in  income: Number\n" in said.stdout
    assert "  in  city: Literal['Bern', 'Rom', 'Ulm'] or null\n" in said.stdout
    assert "  in  member: bool\n" in said.stdout


def test_a_signature_names_the_columns_of_a_model_that_has_no_names(
    project: Path, models: Path
) -> None:
    said = adopt(project, models / "layer")
    assert said.returncode == 3, said.stdout
    assert "  in  income: Number\n  in  city: Number or null\n" in said.stdout
    said = adopt(project, models / "layer", sample=models / "gaps.csv")
    assert said.returncode == 1
    assert said.stdout.startswith("The column 'age' lacks values, and the model's signature says")


def test_a_model_of_several_files_is_copied_and_built_with_all_of_them(
    project: Path, models: Path
) -> None:
    said = adopt(project, models / "net.onnx", "--yes")
    assert said.returncode == 0, said.stdout
    assert (project / "model/net/net.data").read_bytes() == (models / "net.data").read_bytes()
    predictor = (project / "serving/predictor.py").read_text("utf-8")
    assert '/ "model" / "net" / "net.onnx"' in predictor
    succeed(project, "build", "ARCH=host")  # which asks what it has built
    (path,) = (project / "dist").glob("*.zip")
    assert {"model/net/net.onnx", "model/net/net.data"} <= {*zipfile.ZipFile(path).namelist()}
    # Another model leaves nothing of this one.
    said = adopt(project, models / "ranker.txt")
    assert "Deletes: model/net/net.data, model/net/net.onnx\n" in said.stdout


def test_a_file_that_is_not_there_is_named(project: Path, models: Path) -> None:
    said = adopt(project, models / "lost.onnx", "--yes")
    assert said.returncode == 1
    assert "keeps tensors in 'lost.data', which is no file in its folder" in said.stdout


def test_lists_of_one_length_a_row_are_predicted_row_by_row(project: Path, models: Path) -> None:
    said = adopt(project, models / "tokens.onnx", sample=models / "tokens.jsonl")
    assert said.returncode == 3, said.stdout
    assert "each row is predicted alone" in said.stdout


def test_answers_that_json_can_not_hold_are_refused(
    project: Path, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "gaps.csv").write_text("a,b\n1,2\n,3\n", "utf-8")
    said = adopt(project, models / "mean.onnx", sample=tmp_path / "gaps.csv")
    assert said.returncode == 1
    assert said.stdout.startswith("The model answers {'value': nan} to the row {'a': None,")


def test_labels_name_no_number_that_is_no_probability(
    project: Path, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "two.txt").write_text("no\nyes\n", "utf-8")
    said = adopt(project, models / "mean.onnx", labels=tmp_path / "two.txt")
    assert said.returncode == 1
    assert said.stdout.startswith("LABELS names 2 labels, and this model's answer is no one label")


def test_a_row_larger_than_a_request_is_refused(project: Path, models: Path) -> None:
    said = adopt(project, models / "picture.onnx")
    assert said.returncode == 1
    assert said.stdout.startswith("A row has 150,528 values, more than a request of 1,048,576")


def test_what_is_too_large_for_git_is_to_be_fetched(project: Path, models: Path) -> None:
    before = state(project)
    said = adopt(project, models / "large.onnx", "--yes")
    assert said.returncode == 1
    assert "has 53 MB, too much for Git." in said.stdout
    line = f"{trust(models / 'large.onnx')}  s3://your-bucket/model.onnx  model.onnx\n"
    assert line in said.stdout
    assert state(project) == before
    (project / "model/SOURCE").write_text(line, "utf-8")
    said = adopt(project, models / "large.onnx", "--yes")
    assert said.returncode == 0, said.stdout
    assert "\nmodel/model.onnx\n" in (project / ".gitignore").read_text("utf-8")
    succeed(project, "model")


@pytest.mark.parametrize(("lfs", "status"), [("true", 3), ("false", 1)])
def test_git_lfs_takes_what_is_too_large_where_it_runs(
    lfs: str, status: int, project: Path, models: Path
) -> None:
    git(project, "init", "--quiet")
    git(project, "config", "alias.lfs", f"!{lfs}")
    attributes = project / ".gitattributes"
    attributes.write_text(attributes.read_text("utf-8") + "model/*.onnx filter=lfs\n", "utf-8")
    assert adopt(project, models / "large.onnx").returncode == status
