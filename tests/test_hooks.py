"""A template that is broken says so and leaves nothing."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import baker
from tests.project import cookiecutter


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


def test_baking_refuses_an_answer_to_no_question() -> None:
    with pytest.raises(AssertionError, match="not a question of this template: slug"):
        baker(None)(slug="x")
