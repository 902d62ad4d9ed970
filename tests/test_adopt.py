"""`make adopt`: somebody's model in the sample's place, or a sentence and nothing changed."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asking import asking
from tests.conftest import SAME_EACH_TIME
from tests.project import ENVIRON, ROOT, git, make, succeed

SCRIPTS = ROOT / "tests/adopting"
SERVED = """
import json, sys
import msgspec
from serving.contract import Instance
from serving.predictor import Predictor
rows = msgspec.convert(json.load(sys.stdin), list[Instance])
print(json.dumps([list(msgspec.to_builtins(e).values()) for e in Predictor().predict(rows)]))
"""

FUNCTION = '''"""Somebody's function."""

import numpy as np

from serving.contract import Instance


def total(instances: list[Instance]) -> list[float]:
    """The sum of each instance."""
    return [float(np.sum([i.petal_length_cm, i.class_, i.mean_texture])) for i in instances]
'''


@pytest.fixture(scope="session")
def models(prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models and samples."""
    folder = tmp_path_factory.mktemp("models")
    python = prepared("lambda") / ".venv/bin/python"
    subprocess.run([python, SCRIPTS / "make.py", folder], check=True)
    return folder


def copied(ready: Path, folder: Path) -> Path:
    """A project with an environment of its own, whose files take no space."""
    project = folder / ready.name
    shutil.copytree(ready, project, ignore=shutil.ignore_patterns(".venv", "dist"))
    shutil.copytree(ready / ".venv", project / ".venv", symlinks=True, copy_function=os.link)
    # What is later than it would be made anew.
    (project / ".venv/installed").unlink()
    (project / ".venv/installed").touch()
    return project


@pytest.fixture
def project(prepared: Callable[[str], Path], tmp_path: Path) -> Path:
    """A project to change, without Git."""
    return copied(prepared("lambda"), tmp_path)


def adopt(project: Path, *words: object, **given: object) -> subprocess.CompletedProcess[str]:
    """What `tools.adopt` says, with the exit status that `make` would hide."""
    flags = [f"--{name}={value}" for name, value in given.items()]
    command = [project / ".venv/bin/python", "-m", "tools.adopt", *map(str, words), *flags]
    environ = ENVIRON | {"PATH": f"{ROOT / '.uv/bin'}:{os.environ['PATH']}"}
    return subprocess.run(
        command,
        cwd=project,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def state(project: Path) -> dict[str, bytes]:
    """Every file of a project that is its owner's."""
    made = {".venv", "__pycache__", ".ruff_cache", ".pytest_cache"}
    paths = [path for path in project.rglob("*") if path.is_file()]
    paths = [path for path in paths if not made & {*path.relative_to(project).parts}]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in paths}


def trust(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("target", "model", "with_sample"),
    [
        ("lambda", "forest.onnx", True),
        ("kubernetes", "forest.joblib", True),
        ("sagemaker", "logistic.onnx", True),
        ("helm", "maps.onnx", False),
    ],
)
def test_a_model_is_served_by_one_command(
    target: str,
    model: str,
    with_sample: bool,
    prepared: Callable[[str], Path],
    models: Path,
    tmp_path: Path,
) -> None:
    project = copied(prepared(target), tmp_path)
    words = [f"MODEL={models / model}", "YES=1", f"TRUST={trust(models / model)}"]
    said = make(project, "adopt", *words, *([f"SAMPLE={models / 'rows.csv'}"] * with_sample))
    assert said.returncode == 0, said.stdout
    succeed(project, "lint")
    green(project, *of_what_serves(project))
    assert not (project / "model/train.py").exists()
    assert "model/model.onnx" not in (project / ".gitignore").read_text("utf-8")
    assert len((project / "serving/predictor.py").read_text("utf-8").splitlines()) <= 45
    own = json.loads(models.joinpath(f"{Path(model).stem}.json").read_text("utf-8"))
    for (label, value), (own_label, own_value) in zip(served(project, models), own, strict=True):
        assert label == own_label
        assert value == pytest.approx(own_value, rel=1e-4, abs=2e-6)
        assert value <= 1


def of_what_serves(project: Path) -> list[str]:
    """The project's tests of what serves: the rest does not know the model."""
    paths = sorted(project.glob("tests/test_*.py"))
    return [str(path) for path in paths if "\nfrom serving." in path.read_text("utf-8")]


def green(project: Path, *tests: str) -> None:
    """These tests of a project pass."""
    command = [project / ".venv/bin/python", "-m", "pytest", *tests]
    said = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


def served(project: Path, models: Path) -> list[tuple[object, float]]:
    """What the project's predictor answers to the rows of the sample."""
    header, *lines = models.joinpath("rows.csv").read_text("utf-8").splitlines()
    contract = json.loads((project / "contracts/v1.json").read_text("utf-8"))
    names = [*contract["components"]["schemas"]["Instance"]["properties"]]
    assert names in (header.split(","), ["x0", "x1", "x2", "x3"])
    rows = [dict(zip(names, map(float, line.split(",")), strict=True)) for line in lines]
    said = subprocess.run(
        [project / ".venv/bin/python", "-c", SERVED],
        cwd=project,
        env=ENVIRON,
        input=json.dumps(rows),
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        ("text.onnx", {}, "is no ONNX model"),
        ("newer.onnx", {}, "is of a newer ONNX"),
        ("missing.onnx", {}, "is not there"),
        ("rows.csv", {}, "is of no kind that is known"),
        ("cut.pkl", {}, "is no whole pickle"),
        ("forest.onnx", {"sample": "narrow.csv"}, "has 3 columns"),
        ("forest.onnx", {"sample": "empty.csv"}, "has no rows"),
        ("forest.onnx", {"sample": "ragged.csv"}, "line 3 has 1 values, and the header 2"),
        ("logistic.onnx", {"labels": "labels.txt"}, "names 3 labels, and the model has 2"),
        ("forest.onnx", {"example": "row"}, "EXAMPLE=row takes the first row of a sample"),
    ],
)
def test_what_can_not_be_adopted_is_a_sentence_and_nothing_changes(
    model: str, given: dict[str, str], says: str, project: Path, models: Path
) -> None:
    before = state(project)
    files = {name: models / value if "." in value else value for name, value in given.items()}
    said = adopt(project, models / model, "--yes", **files)
    assert said.returncode == 1
    assert says in said.stdout
    assert "Traceback" not in said.stdout
    assert state(project) == before


def test_a_pickle_is_not_run_before_it_is_trusted(project: Path, models: Path) -> None:
    said = adopt(project, models / "runs.pkl", "--yes")
    assert said.returncode == 1
    assert "posix: system" in said.stdout
    assert f"TRUST={trust(models / 'runs.pkl')}" in said.stdout
    assert not (models / "run").exists()


def test_another_pickle_than_the_one_trusted_is_not_run(project: Path, models: Path) -> None:
    said = adopt(project, models / "runs.pkl", "--yes", trust=trust(models / "forest.joblib"))
    assert said.returncode == 1
    assert not (models / "run").exists()


def test_what_a_pickle_would_import_is_shown_with_the_version_that_wrote_it(
    project: Path, models: Path
) -> None:
    said = adopt(project, models / "forest.joblib")
    assert "sklearn.ensemble._forest: RandomForestClassifier" in said.stdout
    assert re.search(r"It was written by scikit-learn 1\.\d+\.\d+\.", said.stdout)


def test_without_a_terminal_it_is_shown_and_not_written(project: Path, models: Path) -> None:
    before = state(project)
    said = adopt(project, models / "forest.onnx", sample=models / "rows.csv")
    assert said.returncode == 3
    assert "Published" in said.stdout
    assert "of 262 MB that Lambda takes" in said.stdout
    assert state(project) == before


def test_what_remembers_is_written_but_for_one_function(project: Path, models: Path) -> None:
    said = adopt(project, models / "remembers.onnx", "--yes")
    assert said.returncode == 4, said.stdout
    assert "Left to write: predict in serving/predictor.py. The model remembers: h" in said.stdout
    assert "answer to EXAMPLE_REQUEST into EXAMPLE_RESPONSE in serving/contract.py" in said.stdout
    predictor = (project / "serving/predictor.py").read_text("utf-8")
    assert "raise NotImplementedError(" in predictor
    assert make(project, "lint").returncode == 0
    written = predictor[: predictor.index("        raise")] + "        return [Prediction(0.0)]"
    written += " * len(instances)\n"
    (project / "serving/predictor.py").write_text(written, "utf-8")
    green(project, "tests/test_contract.py")


def test_an_isolation_forest_answers_whether_a_row_is_odd(project: Path, models: Path) -> None:
    path = models / "odd.joblib"
    said = adopt(project, path, "--yes", sample=models / "rows.csv", trust=trust(path))
    assert said.returncode == 0, said.stdout
    contract = (project / "serving/contract.py").read_text("utf-8")
    assert "    anomaly: bool\n    score: " in contract
    assert "served as ONNX: 1,201 rows, 1,000 of them random" in said.stdout


def test_the_example_is_nobodys_row_unless_that_is_asked_for(project: Path, models: Path) -> None:
    sample = models / "rows.csv"
    _, first, *_ = sample.read_text("utf-8").splitlines()
    shown = adopt(project, models / "forest.onnx", sample=sample).stdout
    typical = re.search(r"the example, typical values, of no row: (\{.*\})", shown)
    assert typical
    values = ",".join(map(str, json.loads(typical[1]).values()))
    assert values not in sample.read_text("utf-8")
    shown = adopt(project, models / "forest.onnx", sample=sample, example="row").stdout
    row = re.search(r"the example, the first row of the sample: (\{.*\})", shown)
    assert row
    assert ",".join(map(str, json.loads(row[1]).values())) == first


@pytest.mark.parametrize(
    "labels",
    [["no", "yes"], {"0": "no", "1": "yes"}, {"id2label": {"0": "no", "1": "yes"}}]
    + [{"size": 2, "labels": ["no", "yes"], "beyond": []}],
)
def test_labels_are_read_from_a_list_or_from_the_models_config(
    labels: object, project: Path, models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(labels), "utf-8")
    said = adopt(project, models / "logistic.onnx", labels=path)
    assert said.returncode == 3, said.stdout
    assert "out label: Literal['no', 'yes']" in said.stdout


def test_scores_that_are_no_probabilities_are_not_called_so(project: Path, models: Path) -> None:
    said = adopt(project, models / "margins.onnx", sample=models / "rows.csv")
    assert said.returncode == 3, said.stdout
    assert "its scores are left out: a row's are not 0 to 1" in said.stdout
    assert "out label: Literal[0, 1]\n" in said.stdout
    assert "out probability" not in said.stdout


def test_a_function_is_served_with_the_libraries_that_it_imports(
    project: Path, models: Path
) -> None:
    (project / "model/total.py").write_text(FUNCTION, "utf-8")
    said = adopt(project, "model.total:total", "--yes", sample=models / "narrow.csv")
    assert said.returncode == 0, said.stdout
    runtime = (project / "requirements/runtime.txt").read_text("utf-8")
    assert "numpy==" in runtime
    assert "onnxruntime==" not in runtime
    command = [project / ".venv/bin/python", "-c", SERVED]
    rows = json.dumps([{"petal length (cm)": 1, "class": 2, "mean.texture": 3}])
    answer = subprocess.run(
        command, cwd=project, env=ENVIRON, input=rows, capture_output=True, text=True
    )
    assert answer.stdout == "[[6.0]]\n", answer.stderr
    green(project, *of_what_serves(project))
    succeed(project, "model")


def test_what_fails_on_the_way_leaves_all_as_it_was(project: Path, models: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text("utf-8") + '[tool.uv]\nrequired-version = "==0.0.1"\n')
    before = state(project)
    said = adopt(project, models / "forest.onnx", "--yes", sample=models / "rows.csv")
    assert said.returncode == 1, said.stdout
    assert "failed, so nothing was changed" in said.stdout
    kept = {name for name in state(project) if name.startswith(".adopt/")}
    assert {k: v for k, v in state(project).items() if k not in kept} == before


def test_changes_that_are_not_committed_are_refused(project: Path, models: Path) -> None:
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "A project.")
    readme = project / "README.md"
    readme.write_text(readme.read_text("utf-8") + "mine\n", "utf-8")
    said = adopt(project, models / "forest.onnx", "--yes")
    assert said.returncode == 1
    assert said.stdout.startswith("README.md: these have changes that are not committed")
    git(project, "checkout", "README.md")
    (project / "notes.txt").write_text("mine", "utf-8")
    assert adopt(project, models / "forest.onnx").returncode == 3


def test_without_git_what_is_replaced_is_kept(project: Path, models: Path) -> None:
    before = state(project)
    assert adopt(project, models / "forest.onnx", "--yes").returncode == 0
    for name in ("serving/contract.py", "model/train.py", "model/model.onnx"):
        assert project.joinpath(".adopt", name).read_bytes() == before[name]


def test_a_frozen_api_version_is_refused(project: Path, models: Path) -> None:
    stack = project / "Pulumi.prod.yaml"
    stack.write_text(stack.read_text("utf-8").replace('"0.1.0"', '"1.0.0"'), "utf-8")
    said = adopt(project, models / "forest.onnx", "--yes")
    assert said.returncode == 1
    assert "v1 is frozen, because Pulumi.prod.yaml serves v1 as release 1.0.0" in said.stdout
    assert 'Set api_version = "v2"' in said.stdout


def shown(project: Path, path: Path) -> list[str]:
    """Of the first column of a sample: how many values are read, some of them, and the rows."""
    script = (
        "import sys; from pathlib import Path; from tools.adopt import sample;"
        "read = sample.read(Path(sys.argv[1])); found = [*read.columns.values()][0];"
        "print(len(found), found[0], found[len(found) // 2], found[-1], read.total)"
    )
    command = [project / ".venv/bin/python", "-c", script, path]
    said = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout.split()


def test_of_a_million_rows_a_tenth_is_read_evenly(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("x\n" + "".join(f"{i}\n" for i in range(1_000_000)), "utf-8")
    assert shown(project, path) == ["100000", "0", "500000", "999990", "1000000"]


def test_rows_are_counted_by_the_marks_of_their_file(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "semicolons.csv"
    rows = "".join(f'{i};"one, or\ntwo"\n' for i in range(60_000))
    path.write_text(f"x;note\n{rows}", "utf-8")
    assert shown(project, path) == ["60000", "0", "30000", "59999", "60000"]


def test_decimal_commas_are_read_where_they_are_no_delimiters(
    project: Path, tmp_path: Path
) -> None:
    path = tmp_path / "german.csv"
    path.write_bytes("\ufeffgröße;name\n1,5;a,b\n2;c\n-3,25;d\n".encode())
    assert shown(project, path) == ["3", "1.5", "2.0", "-3.25", "3"]


def test_random_dates_are_dates_between_those_of_the_sample(project: Path) -> None:
    script = (
        "from tools.adopt import columns, values;"
        "own = columns.column_of('day', 'day', ['2026-01-30', None, '2026-02-02']);"
        "print(own.typical, *{values.draw(own, values.same_each_time()) for _ in range(9)})"
    )
    command = [project / ".venv/bin/python", "-c", script]
    said = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert all(re.fullmatch("2026-0(1-3[01]|2-0[12])", each) for each in said.stdout.split())


scalars = st.one_of(
    st.integers(-(2**66), 2**66),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(max_size=12),
)
kinds = st.sampled_from(["int", "float", "bool", "text", "list", "any"])


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, object]]:
    """Rows of columns of any name and type, some values missing."""
    names = draw(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True))
    values: dict[str, st.SearchStrategy[object]] = {
        "int": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(-1e30, 1e30),
        "bool": st.booleans(),
        "text": st.text(max_size=12),
        "list": st.lists(st.floats(-9, 9), max_size=3),
        "any": scalars,
    }
    columns = {name: draw(kinds) for name in names}
    row = st.fixed_dictionaries(
        {name: st.one_of(st.none(), values[kind]) for name, kind in columns.items()}
    )
    return draw(st.lists(row, min_size=1, max_size=5))


@pytest.fixture(scope="module")
def derived(
    prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[object], str]]:
    """Asks a process in a project what a contract of a sample does."""
    folder = tmp_path_factory.mktemp("samples")
    with asking(prepared("lambda"), SCRIPTS / "derive.py", folder) as ask:
        yield ask


@settings(SAME_EACH_TIME, max_examples=60)
@given(table=tables())
def test_any_table_makes_a_contract_that_it_keeps_or_a_sentence(
    table: list[dict[str, object]], derived: Callable[[object], str]
) -> None:
    said = derived(table)
    assert said == str(len(table)) or re.fullmatch(r"refused: .+[.:…}]", said), said
