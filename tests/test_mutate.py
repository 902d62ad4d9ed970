"""The mutants: each fits the template as it is, and a change is judged by those of its subject."""

from pathlib import Path

import pytest

from tests import mutate
from tests.mutate import Mutant, every_mutant, of_changed_subjects, read
from tests.project import git

ENTRY = """
[[mutant]]
name = "a"
file = "targets.json"
find = "lambda"
replace = "lambada"
caught_by = "tests/test_targets.py::test_x"
"""


def test_every_mutant_fits_the_template() -> None:
    assert len(every_mutant()) > 180


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            ENTRY.replace('find = "lambda"', 'find = "a text that is not there"'),
            "0 times, not once",
        ),
        (ENTRY, "targets.json has its text 5 times, not once"),
        (ENTRY.replace('"targets.json"', '"nothing.json"'), "nothing.json does not exist"),
        (ENTRY.replace('find = "lambda"\n', ""), "targets.json exists, so it needs a text to find"),
        (ENTRY.replace("test_targets", "test_nothing"), "tests/test_nothing.py does not exist"),
        (ENTRY.replace('"tests/', '"rendered[gcp-path] tests/'), "gcp-path is no combination"),
        (ENTRY + ENTRY, "a is the name of several"),
        (ENTRY.replace("caught_by", "caughtby"), "a mutant has name, file, find, replace, caught"),
        (ENTRY.replace("tests/test_targets.py::", ""), "is caught by tests/….py::test_… or rend"),
    ],
)
def test_a_mutant_that_does_not_fit_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, said: str
) -> None:
    (tmp_path / "some.toml").write_text(entry, "utf-8")
    monkeypatch.setattr(mutate, "MUTANTS", tmp_path)
    with pytest.raises(SystemExit, match=said):
        every_mutant()


def test_several_tests_can_be_named(tmp_path: Path) -> None:
    names = '["tests/test_a.py::test_b", "rendered[helm-path] tests/test_app.py::test_c"]'
    path = tmp_path / "some.toml"
    path.write_text(ENTRY.replace('"tests/test_targets.py::test_x"', names), "utf-8")
    (mutant,) = read(path)
    assert mutant.caught_by == (
        mutate.Test(None, "tests/test_a.py::test_b"),
        mutate.Test("helm-path", "tests/test_app.py::test_c"),
    )
    assert mutant.caught_by[1].file == "<<cookiecutter.project_slug>>/tests/test_app.py"


def test_a_mistake_is_made_once_in_a_copy(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two", "utf-8")
    Mutant("some", "a", "a.txt", "two", "three", ()).apply(tmp_path)
    Mutant("some", "b", "new/b.txt", None, "new", ()).apply(tmp_path)
    assert (tmp_path / "a.txt").read_text("utf-8") == "one three"
    assert (tmp_path / "new/b.txt").read_text("utf-8") == "new"


def mutants() -> list[Mutant]:
    test = mutate.Test("helm-path", "tests/test_settings.py::test_x")
    return [
        Mutant("pods", "a", "infra/a.py", "", "", ()),
        Mutant("pods", "b", "infra/b.py", "", "", (test,)),
        Mutant("front", "c", "infra/c.py", "", "", ()),
    ]


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"infra/a.py"}, ["a", "b"]),
        ({"infra/c.py", "README.md"}, ["c"]),
        ({"tests/mutants/front.toml"}, ["c"]),
        (
            {"<<cookiecutter.project_slug>>/layers/cluster/tests/test_settings.py"},
            ["a", "b"],
        ),
        ({"README.md"}, []),
        (None, ["a", "b", "c"]),
    ],
)
def test_a_subject_is_judged_where_a_file_of_it_has_changed(
    monkeypatch: pytest.MonkeyPatch, changed: set[str] | None, names: list[str]
) -> None:
    monkeypatch.setattr(mutate, "changed_files", lambda: changed)
    assert [each.name for each in of_changed_subjects(mutants())] == names


@pytest.mark.parametrize("commit", ["", "0" * 40, "no commit at all"])
def test_where_it_is_not_known_what_has_changed_all_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str
) -> None:
    verified = tmp_path / "verified"
    verified.write_text(commit, "utf-8")
    monkeypatch.setattr(mutate, "VERIFIED", verified)
    assert mutate.changed_files() is None


def test_what_has_changed_is_known_from_a_commit_on(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = checkout / "verified"
    monkeypatch.setattr(mutate, "ROOT", checkout)
    monkeypatch.setattr(mutate, "VERIFIED", verified)
    verified.write_text(git(checkout, "rev-parse", "HEAD"), "utf-8")
    (checkout / "targets.json").write_text("{}", "utf-8")
    git(checkout, "commit", "--quiet", "--all", "--message", "Committed.")
    (checkout / "cookiecutter.json").write_text("{}", "utf-8")
    changed = mutate.changed_files()
    assert changed is not None
    assert changed - {""} == {"targets.json", "cookiecutter.json", "verified"}


def test_only_what_is_committed_can_be_verified(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mutate, "ROOT", checkout)
    monkeypatch.setattr(mutate, "every_mutant", list)
    (checkout / "targets.json").write_text("{}", "utf-8")
    with pytest.raises(SystemExit, match="commit first"):
        mutate.main(["verify"])
