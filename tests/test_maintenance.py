"""What maintainers run: `make where`, `make try`, `make compare`; and the page that names it."""

import re
from pathlib import Path

import pytest

from tests import trial
from tests.compare import differences, of_code
from tests.project import ROOT, TARGETS, make, render
from tests.where import lines


def test_a_file_of_some_layers_is_named_with_who_gets_it() -> None:
    base = "<<cookiecutter.project_slug>>/layers"
    assert lines("./infra/scheme.py")[:2] == [
        f"{base}/aws-header/infra/scheme.py  lambda-header sagemaker-header",
        f"{base}/aws-host/infra/scheme.py  lambda-host sagemaker-host",
    ]


def test_a_file_of_the_base_is_everybodys() -> None:
    (line,) = lines("serving/app.py")
    source, _, combinations = line.partition("  ")
    assert source == "<<cookiecutter.project_slug>>/serving/app.py"
    assert combinations.split()[0] == "lambda-path"
    assert len(combinations.split()) == sum(len(entry["layers"]) for entry in TARGETS.values())


def test_a_file_that_nobody_has_is_told_with_those_like_it() -> None:
    with pytest.raises(SystemExit, match=r"^no project has infra/shceme.py: is it infra/scheme.py"):
        lines("infra/shceme.py")


def test_a_second_try_is_new_but_for_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "FOLDER", tmp_path / "tries")
    project = trial.trial("helm", "host")
    for path in (".venv/mine", "serving/mine"):
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text("mine", "utf-8")
    again = trial.trial("helm", "host")
    assert again == project == tmp_path / "tries" / "helm-host"
    assert (again / ".venv/mine").exists()
    assert not (again / "serving/mine").exists()
    assert [*project.parent.iterdir()] == [project]


def test_a_try_of_what_there_is_not_says_what_there_is() -> None:
    with pytest.raises(SystemExit, match=r"^gcp-path is none of lambda-path, lambda-host"):
        trial.trial("gcp", "path")


def test_a_comparison_names_what_differs_and_what_is_gone() -> None:
    old = {"a": {"inputs": {"x": 1, "y": [1]}}, "b": {}}
    new = {"a": {"inputs": {"x": 1, "y": [2]}}, "c": None}
    assert [*differences(old, new, "")] == [
        "a, inputs, y: was [1], is [2]",
        'b: was {}, is "not there"',
        'c: was "not there", is null',
    ]


def test_a_comparison_reads_the_code_that_serves(tmp_path: Path) -> None:
    old, new = (render(tmp_path / name) for name in ("old", "new"))
    assert [*of_code(old, new)] == []
    (new / "serving/app.py").write_text("", "utf-8")
    (new / "serving/more.py").write_text("", "utf-8")
    (new / "README.md").write_text("", "utf-8")
    assert [*of_code(old, new)] == ["serving/app.py differs", "serving/more.py differs"]


def test_contributors_are_told_to_run_what_there_is() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = re.findall(r"^  ([\w-]+) ", make(ROOT, "help").stdout, re.MULTILINE)
    named = {*re.findall(r"`make ([\w-]+)", text)}
    assert {"full", "try", "where", "compare"} <= named <= {*targets}
    assert len([line for line in text.splitlines() if line.startswith("| ")]) <= 12
    assert "CONTRIBUTING.md" in (ROOT / "AGENTS.md").read_text("utf-8")
