"""Answers of every kind: what is accepted arrives whole, what is refused says why, all at once."""

import json
import os
import shutil
import string
import subprocess
import sys
import tomllib
import unicodedata
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.conftest import Bake
from tests.project import (
    ENVIRON,
    QUESTIONS,
    ROOT,
    cookiecutter,
    files,
    git,
    on_the_command_line,
    render,
)
from tests.test_render import parse

TABLES = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8"))


def shown_first(project: Path) -> list[str]:
    """The README's heading and first paragraph, as a reader sees them."""
    tokens = MarkdownIt().parse((project / "README.md").read_text("utf-8"))
    texts = [token.children or [] for token in tokens if token.type == "inline"]
    return ["".join(child.content for child in children) for children in texts[:2]]


def assert_whole(project: Path, name: str, description: str) -> None:
    """Assert that every file parses and shows both texts as they were given."""
    for path in files(project):
        parse(project / path)
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert pyproject["tool"]["serving"]["title"] == name
    assert pyproject["project"]["description"] == description
    contract = json.loads((project / "contracts" / "v1.json").read_text("utf-8"))
    assert (contract["info"]["title"], contract["info"]["description"]) == (name, description)
    answers = json.loads((project / ".template.json").read_text("utf-8"))["answers"]
    assert (answers["project_name"], answers["description"]) == (name, description)
    assert shown_first(project) == [name, description]
    assert not [path for path in files(project) if path.name == "hacked"]


@pytest.mark.parametrize("text", TABLES["hostile"])
def test_a_hostile_name_arrives_whole(bake: Bake, text: str) -> None:
    argument = on_the_command_line(text)
    project = bake(project_name=argument, project_slug="x", description=argument)
    assert_whole(project, text, text)


def visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


CHARACTERS = st.one_of(
    st.sampled_from(string.punctuation + " 0a"), st.characters().filter(visible), st.just("\u200d")
)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=60).filter(
    lambda text: text == text.strip() and text.strip("\u200d")
)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(name=TEXTS, description=TEXTS)
def test_any_visible_name_arrives_whole(
    tmp_path_factory: pytest.TempPathFactory, name: str, description: str
) -> None:
    folder = tmp_path_factory.mktemp("any") / "out"
    project = render(folder, project_slug="x", project_name=name, description=description)
    assert_whole(project, name, description)


@pytest.mark.parametrize("slug", ["yes", "null", "on", "a1", "x" * 32])
def test_any_allowed_slug_renders(bake: Bake, slug: str) -> None:
    project = bake(project_slug=slug)
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert (project.name, pyproject["project"]["name"]) == (slug, slug)


def test_template_marks_typed_at_a_prompt_survive(folder: Path) -> None:
    name = "A << 1+1 >> <% B %> <# C"
    result = cookiecutter(folder, typed=f"{name}\n\nD << E\n1\n1\n")
    assert result.returncode == 0, result.stdout + result.stderr
    assert_whole(folder / "a-1-1-b-c", name, "D << E")
    for words in ("Where the model is served", "How a client names an API version", "recommended"):
        assert words in result.stdout


def test_what_comes_next_is_printed(folder: Path) -> None:
    said = cookiecutter(folder, project_slug="mine", target="helm", versioning="host").stdout
    made = "mine/ is ready: Iris Classifier, on helm, API versions by host. Next:\n"
    steps = "  cd mine\n  make setup model test\n  make serve\n"
    assert said.endswith(f"{made}\n{steps}\n")


def test_answers_that_cookiecutter_dropped_are_seen_in_what_was_made(folder: Path) -> None:
    # It warns of the first that is no choice, and drops all that follow.
    lost = "{target: Kubernetes, versioning: host, project_name: Fraud Score}"
    said = cookiecutter(folder, settings=f"default_context: {lost}\n").stdout
    assert "/ is ready: Iris Classifier, on lambda, API versions by path. Next:\n" in said


def test_a_name_that_a_terminal_can_not_show_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRON, "PYTHONIOENCODING", "ascii")
    result = cookiecutter(folder, project_name="مدل", project_slug="x")
    assert result.returncode == 0, result.stderr
    assert r"x/ is ready: \u0645\u062f\u0644, on lambda" in result.stdout


@pytest.mark.parametrize(
    "elsewhere", [[], ["--separate-git-dir=../../git"]], ids=["folder", "file"]
)
def test_a_repository_that_waits_for_its_project_gets_it(
    folder: Path, elsewhere: list[str]
) -> None:
    repository = folder / "x"
    repository.mkdir()
    git(repository, "init", "--quiet", *elsewhere)
    before = files_of(repository)
    result = cookiecutter(folder, "-f", project_slug="x")
    assert result.returncode == 0, result.stderr
    assert before.items() <= files_of(repository).items()
    assert (repository / "README.md").exists()
    record = (repository / ".template.json").read_text("utf-8")
    shutil.rmtree(repository)
    cookiecutter(folder, project_slug="x")
    assert (repository / ".template.json").read_text("utf-8") == record


def files_of(path: Path) -> dict[Path, bytes]:
    return {each: each.read_bytes() for each in path.rglob("*") if each.is_file()}


REFUSED = [(shown, said) for said, refused in TABLES["refused"].items() for shown in refused]
REFUSED += [
    (f'{answer} "{"x" * (limit + 1)}"', f"is longer than {limit} characters: shorten it.")
    for answer, limit in (("project_name", 60), ("project_slug", 32), ("description", 200))
]


def problems(said: str) -> list[str]:
    """The refused answers that the hook names, a sentence each."""
    block = said.split("No project was made:\n\n")[1].split("\n\nWith these answers it is:")[0]
    return [line.strip() for line in block.splitlines()]


@pytest.mark.parametrize(("shown", "sentence"), REFUSED)
def test_a_refused_answer_says_why_and_leaves_nothing(
    folder: Path, shown: str, sentence: str
) -> None:
    answer, _, value = shown.partition(" ")
    result = cookiecutter(folder, **{"project_slug": "x", answer: json.loads(value)})
    assert result.returncode == 1
    assert problems(result.stderr) == [f"{shown} {sentence}"]
    assert [*folder.iterdir()] == []
    assert [*folder.parent.iterdir()] == [folder]


def test_an_absolute_slug_leaves_nothing(folder: Path) -> None:
    result = cookiecutter(folder, project_slug=f"{folder.parent}/else/x")
    assert result.returncode == 1
    assert [*folder.parent.iterdir()] == [folder]


def test_a_folder_behind_a_link_is_left_empty_too(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert cookiecutter(link, project_slug="x/y/z").returncode == 1
    assert [*folder.iterdir()] == []


@pytest.mark.parametrize("flags", [["-f"], ["-f", "-s"], ["-f", "--keep-project-on-failure"]])
def test_a_folder_that_holds_something_is_left_alone(folder: Path, flags: list[str]) -> None:
    mine = folder / "x" / "layers" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    result = cookiecutter(folder, *flags, project_slug="x")
    (problem,) = problems(result.stderr)
    said = 'project_slug "x" is a folder that holds something already: choose another name.'
    assert (result.returncode, problem) == (1, said)
    assert [path for path in (folder / "x").rglob("*") if path.is_file()] == [mine]
    assert "project_slug=x-2 " in result.stderr


@pytest.mark.parametrize("value", ["null", "true"])
def test_a_default_that_is_no_text_is_named(folder: Path, value: str) -> None:
    settings = f"default_context: {{project_slug: {value}, description: {value}}}\n"
    result = cookiecutter(folder, settings=settings)
    assert result.returncode == 1
    said = "Not text, so put it in quotes in your configuration: project_slug, description."
    assert said in result.stderr
    assert [*folder.iterdir()] == []


def test_all_problems_are_told_at_once(folder: Path) -> None:
    answers = {"project_name": " a", "project_slug": "A", "description": "x" * 201}
    result = cookiecutter(folder, **answers)
    assert [problem.split(" ")[0] for problem in problems(result.stderr)] == [*answers]


@pytest.mark.parametrize(
    ("answers", "name", "description"),
    [
        ({"project_name": " it's <% $x ", "project_slug": "It's"}, "it's <% $x", None),
        ({"project_name": "two\nlines", "description": "a\tb"}, "two lines", "a b"),
        ({"project_name": "x" * 70, "project_slug": "docker"}, "x" * 60, None),
        ({"project_name": "\u200b", "project_slug": "x/y"}, "Model", None),
    ],
)
def test_the_corrected_command_works_as_it_stands(
    folder: Path, answers: dict[str, str], name: str, description: str | None
) -> None:
    refused = cookiecutter(folder, **answers)
    command = refused.stderr.split("With these answers it is:\n\n")[1].split("\n\n")[0]
    config = folder.parent / "config.yaml"
    config.write_text(f"replay_dir: {folder.parent}\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "COOKIECUTTER_CONFIG": str(config)}
    subprocess.run(["bash", "-c", command], env=environ, check=True, capture_output=True)
    (project,) = folder.iterdir()
    assert_whole(project, name, description or QUESTIONS["description"])


def test_the_command_repeats_where_the_template_came_from(folder: Path) -> None:
    said = cookiecutter(folder, project_slug="A").stderr
    assert f"cookiecutter --no-input {ROOT} " in said
