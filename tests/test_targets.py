"""The table of targets: what it says is what there is, and what it does not say is refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.project import QUESTIONS, ROOT, TARGETS, TEMPLATE, cookiecutter, files, make, table

# A fifth target, with one layer and one scheme.
FIFTH = {
    "layers": {"path": ["fifth"]},
    "lock": "fifth",
    "artefact": "image",
    "provider": "aws",
    "judges": ["image"],
}


def test_the_prompts_offer_the_targets_and_schemes_of_the_table() -> None:
    assert QUESTIONS["target"] == list(TARGETS)
    schemes = {scheme for entry in TARGETS.values() for scheme in entry["layers"]}
    assert {*QUESTIONS["versioning"]} == schemes


@pytest.mark.parametrize("target", TARGETS)
def test_an_entry_says_where_things_are(target: str) -> None:
    entry = TARGETS[target]
    assert entry.keys() == FIFTH.keys()
    assert (TEMPLATE / "layers" / entry["lock"] / "requirements" / "runtime.txt").exists()
    assert entry["artefact"] in ("zip", "image")
    assert entry["provider"] in ("aws", "kubernetes")
    assert {*entry["judges"]} <= {"aws", "chart", "image", "objects"}


def add(template: Path, entry: dict[str, Any]) -> None:
    """Add a target `fifth` to a copy of the template: an entry, its choice, its layer."""
    table, prompts = template / "targets.json", template / "cookiecutter.json"
    table.write_text(json.dumps(TARGETS | {"fifth": entry}), "utf-8")
    choices = [*QUESTIONS["target"], "fifth"]
    prompts.write_text(json.dumps(QUESTIONS | {"target": choices}), "utf-8")
    layer = template / TEMPLATE.name / "layers" / "fifth"
    layer.mkdir()
    (layer / "fifth.txt").write_text("of the fifth target\n", "utf-8")


def test_a_fifth_target_is_an_entry_a_choice_and_a_layer(template: Path, folder: Path) -> None:
    add(template, FIFTH)
    said = cookiecutter(folder, template=template, project_slug="x", target="fifth")
    assert said.returncode == 0, said.stderr
    assert (folder / "x" / "fifth.txt").read_text("utf-8") == "of the fifth target\n"
    assert '"pulumi-aws>=' in (folder / "x" / "pyproject.toml").read_text("utf-8")
    assert "image" in make(folder / "x", "help").stdout


@pytest.mark.parametrize("target", TARGETS)
def test_an_organisation_adds_files_to_every_target_and_replaces_none(
    template: Path, folder: Path, target: str
) -> None:
    layer = template / TEMPLATE.name / "layers" / "organisation"
    (layer / "infra").mkdir(parents=True)
    (layer / "infra" / "organisation.py").write_text("# Ours.\n", "utf-8")
    said = cookiecutter(folder, template=template, project_slug="x", target=target)
    assert said.returncode == 0, said.stderr
    assert (folder / "x" / "infra" / "organisation.py").read_text("utf-8") == "# Ours.\n"
    (layer / "Makefile").touch()
    said = cookiecutter(folder, template=template, project_slug="y", target=target)
    assert "Makefile stands in the base and layers/organisation/Makefile" in said.stderr
    assert not (folder / "y").exists()


def refused(folder: Path, *flags: str, **given: Any) -> str:
    """What is said where no project is made."""
    said = cookiecutter(folder, *flags, **given)
    assert said.returncode == 1
    assert [*folder.iterdir()] == []
    return said.stderr


def replayed(folder: Path, **answers: object) -> str:
    """What is said of the answers of a replay file, where no project is made."""
    replay = folder.parent / "replay.json"
    context = {"project_name": "X", "project_slug": "x", "description": "d"} | answers
    replay.write_text(json.dumps({"cookiecutter": context}), "utf-8")
    return refused(folder, "--replay-file", str(replay), typed="")


@pytest.mark.parametrize("target", ["lambda", "fifth"])
@pytest.mark.parametrize("missing", FIFTH)
def test_what_an_entry_lacks_is_told_by_name(
    template: Path, folder: Path, missing: str, target: str
) -> None:
    add(template, {key: value for key, value in FIFTH.items() if key != missing})
    said = refused(folder, template=template, project_slug="x", target=target)
    assert f"The template is broken:\n  targets.json: fifth has no {missing}\n" in said


def test_a_scheme_that_a_target_does_not_have_is_refused(template: Path, folder: Path) -> None:
    add(template, FIFTH)
    answers = {"project_slug": "x", "target": "fifth", "versioning": "host"}
    said = refused(folder, template=template, **answers)
    sentence = 'versioning "host" is not a versioning scheme of this target: choose path.'
    assert f"\n  {sentence}\n" in said
    assert " target=fifth versioning=path\n" in said


@pytest.mark.parametrize("case", table("targets"), ids=lambda case: str(case["foreign"]))
def test_a_choice_that_no_prompt_offers_is_refused(folder: Path, case: dict[str, Any]) -> None:
    answers = {"target": "lambda", "versioning": "host", "team": "pricing"} | case["foreign"]
    said = replayed(folder, **answers)
    assert f"No project was made:\n\n  {case['said']}\n" in said
    assert f" {case['corrected']} team=pricing\n" in said, "a question of a wrapper is lost"


def test_what_a_wrapper_asks_may_be_of_any_kind(template: Path, folder: Path) -> None:
    prompts = template / "cookiecutter.json"
    more = {"gpu": False, "costs": {"center": "7"}}
    prompts.write_text(json.dumps(QUESTIONS | more), "utf-8")
    said = cookiecutter(folder, template=template, project_slug="x", gpu="yes")
    assert said.returncode == 0, said.stderr
    said = cookiecutter(folder, template=template, project_slug="X", gpu="yes")
    assert " versioning=path gpu=True\n" in said.stderr


def test_a_target_that_is_no_text_is_named(folder: Path) -> None:
    said = replayed(folder, target=["lambda"], versioning={})
    assert "Not text, so put it in quotes in your configuration: target, versioning." in said


def test_a_template_given_by_a_relative_path_has_its_table(folder: Path) -> None:
    said = cookiecutter(folder, template=Path(os.path.relpath(ROOT, folder)), project_slug="x")
    assert said.returncode == 0, said.stderr
    assert [*files(folder / "x")]
