"""What is rendered: the right files, whole, for every combination of answers."""

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.conftest import Bake
from tests.project import (
    COMBINATION_IDS,
    COMBINATIONS,
    QUESTIONS,
    ROOT,
    TARGETS,
    TEMPLATE,
    broken_links,
    files,
    tree,
    unlocked,
)

MARKS = ("<<", "<%", "%>", "<#", "#>", "cookiecutter")


def parse(path: Path) -> object:
    """The content of a file, by the rules of its kind; raises where it breaks them."""
    text = path.read_text("utf-8")
    if path.parent.match("chart/templates*") or path.parent.parent.match("chart/templates"):
        return text  # YAML only once Helm has rendered it
    match path.suffix:
        case ".py":
            return ast.parse(text)
        case ".toml":
            return tomllib.loads(text)
        case ".yml" | ".yaml":
            return yaml.safe_load(text)
        case ".json":
            return json.loads(text)
        case _:
            return text


def test_the_tree_is_exactly_the_one_of_its_target(project: Path) -> None:
    answers = json.loads((project / ".template.json").read_text("utf-8"))["answers"]
    expected = ROOT / "tests" / "trees" / f"{answers['target']}-{answers['versioning']}.txt"
    assert tree(project) == expected.read_text("utf-8"), "if it is meant: make generated"


def test_nothing_of_the_template_is_left(project: Path) -> None:
    for path in files(project):
        text = (project / path).read_text("utf-8")
        assert not [mark for mark in MARKS if mark in text or mark in str(path)], path
        assert text.strip(), f"{path} is empty"
        assert text.endswith("\n"), f"{path} has no last line end"
    assert not [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())]


def test_every_file_parses(project: Path) -> None:
    for path in files(project):
        parse(project / path)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=COMBINATION_IDS)
def test_a_file_stands_in_the_base_or_in_one_layer(combination: dict[str, str]) -> None:
    seen: dict[Path, str] = {}
    base = [path for path in files(TEMPLATE) if path.parts[0] != "layers"]
    layers = TARGETS[combination["target"]]["layers"][combination["versioning"]]
    for layer in ("the base", *layers):
        for path in base if layer == "the base" else files(TEMPLATE / "layers" / layer):
            assert path not in seen, f"{path} stands in {seen[path]} and in {layer}"
            seen[path] = layer


def test_every_layer_belongs_to_a_target() -> None:
    used = {
        layer
        for entry in TARGETS.values()
        for several in entry["layers"].values()
        for layer in several
    }
    assert {path.name for path in (TEMPLATE / "layers").iterdir()} == used


def test_python_holds_no_answer(bake: Bake) -> None:
    one = bake(project_name="Unmistakable", project_slug="unmistakable", description="Unmistakable")
    for path in files(one):
        if path.suffix == ".py":
            assert "nmistakable" not in (one / path).read_text("utf-8"), path


def test_two_renders_are_the_same_to_the_byte(bake: Bake, project: Path) -> None:
    answers = json.loads((project / ".template.json").read_text("utf-8"))["answers"]
    again = bake(**answers)
    assert tree(again) == tree(project)
    for path in files(project):
        assert (again / path).read_bytes() == (project / path).read_bytes(), path


def test_the_version_is_the_same_everywhere() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert QUESTIONS["_version"] == pyproject["project"]["version"]
    assert f"## {QUESTIONS['_version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_runtime_and_development_lock_the_same_versions(project: Path) -> None:
    runtime, dev = (
        {*re.findall(r"^\S+==\S+", (project / path).read_text("utf-8"), re.MULTILINE)}
        for path in ("requirements/runtime.txt", "requirements/dev.txt")
    )
    assert runtime < dev


@pytest.mark.parametrize("name", ["dev", "runtime", "uv"])
def test_every_locked_package_has_a_hash_and_no_address(project: Path, name: str) -> None:
    assert unlocked(project / "requirements" / f"{name}.txt") == []


def pages(project: Path) -> dict[str, str]:
    """What a person reads of a project: its README and its docs, by path."""
    paths = [project / "README.md", *sorted((project / "docs").glob("*.md"))]
    return {str(path.relative_to(project)): path.read_text("utf-8") for path in paths}


def test_the_pages_name_only_files_that_are_there(project: Path) -> None:
    text = "".join(pages(project).values())
    named = re.findall(r"`([\w./]+/[\w.]+\.(?:py|json))`", text)
    assert named
    named.remove("infra/organisation.py")  # which its owner writes, or nobody
    assert not [word for word in named if not (project / word).exists()]


def test_every_link_of_the_pages_leads_somewhere(project: Path) -> None:
    for page in pages(project):
        assert broken_links(project / page) == [], page


def test_the_readme_has_at_most_300_lines(project: Path) -> None:
    assert len(pages(project)["README.md"].splitlines()) <= 300


def test_the_example_stands_once_where_its_owner_edits(project: Path) -> None:
    readme = pages(project)["README.md"]
    contract = json.loads((project / "contracts" / "v1.json").read_text("utf-8"))
    body = contract["x-golden-requests"][0]["request"]["body"]
    (example,) = re.findall(r"^EXAMPLE='(.*)'$", readme, re.MULTILINE)
    assert json.loads(example) == json.loads(body)
    own, mark, rest = readme.partition("<!-- Your part of this file ends here")
    assert mark
    assert example in own
    for field in json.loads(body)["instances"][0]:
        assert field not in rest


def test_the_docs_show_the_path_of_their_scheme(project: Path) -> None:
    scheme = json.loads((project / ".template.json").read_text("utf-8"))["answers"]["versioning"]
    text = (project / "docs/how-it-works.md").read_text("utf-8")
    shown = re.findall(r"(?:POST|GET) ([/\w.]*/(?:predict|openapi\.json))", text)
    assert len(shown) >= 2
    assert {path.startswith("/v") for path in shown} == {scheme == "path"}
    readme = (project / "README.md").read_text("utf-8")
    assert f"`GET {'/v1' if scheme == 'path' else ''}/openapi.json`" in readme


def test_a_readme_says_what_a_debian_lacks_and_where_the_project_is_from(project: Path) -> None:
    readme = (project / "README.md").read_text("utf-8")
    assert "`python3-venv`" in readme
    assert "[`.template.json`](.template.json)" in readme
    assert "`python3-venv`" in (ROOT / "README.md").read_text("utf-8")


def test_the_stack_for_clients_deploys_nowhere_by_mistake(project: Path) -> None:
    config = yaml.safe_load((project / "Pulumi.prod.yaml").read_text("utf-8"))["config"]
    named = config.get("kubernetes:context"), config.get("aws:allowedAccountIds")
    assert named in (("placeholder", None), (None, ["000000000000"]))
