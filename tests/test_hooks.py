"""A template that is broken says so and leaves nothing."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import baker
from tests.project import ROOT, cookiecutter, make


def test_a_file_in_base_and_layer_is_an_error(template: Path, folder: Path) -> None:
    layer = template / "<<cookiecutter.project_slug>>" / "layers" / "lambda"
    shutil.copy(layer.parents[1] / "README.md", layer)
    shutil.copy(layer.parents[1] / "Makefile", layer)
    result = cookiecutter(folder, template=template, project_slug="x")
    assert result.returncode == 1
    for name in ("Makefile", "README.md"):
        assert f"  {name} stands in the base and layers/lambda/{name}\n" in result.stderr
    assert [*folder.iterdir()] == []


def test_a_missing_layer_is_an_error(template: Path, folder: Path) -> None:
    shutil.rmtree(template / "<<cookiecutter.project_slug>>" / "layers" / "lambda")
    result = cookiecutter(folder, template=template, project_slug="x")
    assert result.returncode == 1
    assert "The template is broken:\n  layers/lambda is missing\n" in result.stderr
    assert [*folder.iterdir()] == []


def test_make_in_a_project_without_its_hooks_says_so_and_what_to_do(folder: Path) -> None:
    assert cookiecutter(folder, "--accept-hooks", "no", project_slug="x").returncode == 0
    for goal in ("help", "setup"):
        said = make(folder / "x", goal)
        assert said.returncode == 2
        assert said.stdout.startswith("GNUmakefile:")
        assert ": *** This is half a project: the hooks of the template did not run" in said.stdout
        assert "No rule to make" not in said.stdout
        assert "Delete this folder and make it again with the hooks" in said.stdout


def test_a_cookiecutter_that_is_too_old_is_told_which_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for version in ("2.6.0", "2.10.1", "3.0.0.dev0"):
        monkeypatch.setattr("cookiecutter.__version__", version)
        runpy.run_path(str(ROOT / "local_extensions.py"))
    monkeypatch.setattr("cookiecutter.__version__", "2.5.0")
    said = r"^This is cookiecutter 2\.5\.0, and the template needs 2\.6 or newer: uvx cookiecutter"
    with pytest.raises(SystemExit, match=said):
        runpy.run_path(str(ROOT / "local_extensions.py"))


def test_pytest_cookies_finds_the_template_by_what_the_readme_says(
    template: Path,
) -> None:
    """An organisation's own repository, with the template in it and its own test of a render."""
    (template / "tests").mkdir()
    (template / "tests/test_ours.py").write_text(
        "def test_ours(cookies):\n    assert cookies.bake().exception is None\n", "utf-8"
    )
    command = [Path(sys.executable).with_name("pytest"), "-q", "tests"]

    def run() -> str:
        return subprocess.run(command, cwd=template, capture_output=True, text=True).stdout

    (template / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", "utf-8")
    assert "UnknownExtension" in run(), "then the README needs not say it any more"
    (lines,) = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (template / "pyproject.toml").write_text(lines, "utf-8")
    assert "1 passed" in run()


def test_baking_refuses_an_answer_to_no_question() -> None:
    with pytest.raises(AssertionError, match="not a question of this template: slug"):
        baker(None)(slug="x")
