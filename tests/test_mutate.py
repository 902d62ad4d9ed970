"""The mutants: each fits the template as it is, and a change is judged by those it could spoil."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import mutate
from tests.mutate import Mutant, every_mutant, of_what_changed, read
from tests.project import git, table

TABLES = table("mutate")


def entry(**changed: object) -> str:
    """The mutant of the table as a file has it, with other values; None: without the key."""
    keys = {key: value for key, value in (TABLES["mutant"] | changed).items() if value is not None}
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return f"[[mutant]]\n{''.join(lines)}"


def test_every_mutant_fits_the_template() -> None:
    assert len(every_mutant()) > 180


@pytest.mark.parametrize("case", TABLES["unfit"], ids=lambda case: case["said"])
def test_a_mutant_that_does_not_fit_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]
) -> None:
    (tmp_path / "some.toml").write_text(entry(**case["but"]) * case.get("times", 1), "utf-8")
    monkeypatch.setattr(mutate, "MUTANTS", tmp_path)
    with pytest.raises(SystemExit, match=case["said"]):
        every_mutant()


def test_several_tests_can_be_named(tmp_path: Path) -> None:
    names = ["tests/test_a.py::test_b", "rendered[helm-path] tests/test_app.py::test_c"]
    path = tmp_path / "some.toml"
    path.write_text(entry(caught_by=names), "utf-8")
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


LISTED = """[[mutant]]
name = "{0}"
file = "infra/{0}.py"
find = "x"
replace = "y"
caught_by = "tests/test_{1}.py::test_b"
"""


@pytest.mark.parametrize("case", TABLES["judged"], ids=lambda case: str(case["added"]))
def test_a_mutant_is_judged_where_it_its_file_or_its_test_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]
) -> None:
    lists = {"pods": LISTED.format("a", "y") + LISTED.format("b", "x")}
    lists |= {"front": LISTED.format("c", "z").replace("::test_b", "::TestZ::test_b")}
    content = {f"tests/mutants/{name}.toml": text for name, text in lists.items()}
    content |= {f"infra/{name}.py": "x\n" for name in "abc"}
    tests = "def test_a():\n    pass\n\n\ndef test_b():\n    pass\n"
    content |= {"tests/test_x.py": tests, "tests/test_y.py": tests, "README.md": ""}
    content["tests/shared.py"] = "class Shared:\n    pass\n"
    content["tests/test_z.py"] = (
        "from tests.shared import Shared\n\n\nclass TestZ(Shared):\n    pass\n"
    )
    for name, text in content.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "All are caught.")
    for name, more in case["added"].items():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(more)
    monkeypatch.setattr(mutate, "ROOT", tmp_path)
    monkeypatch.setattr(mutate, "MUTANTS", tmp_path / "tests/mutants")
    monkeypatch.setattr(mutate, "VERIFIED", tmp_path / "verified")
    mutate.VERIFIED.write_text(git(tmp_path, "rev-parse", "HEAD"), "utf-8")
    mutants = [each for path in sorted(mutate.MUTANTS.glob("*.toml")) for each in read(path)]
    assert sorted(each.name for each in of_what_changed(mutants)) == case["names"]


def test_what_takes_long_is_left_to_make_full_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    several = [Mutant(each, each, "", None, "", ()) for each in ("adopt", "front")]
    judged: list[Mutant] = []
    monkeypatch.setattr(mutate, "every_mutant", lambda: several)
    monkeypatch.setattr(mutate, "changed_files", lambda: None)
    monkeypatch.setattr(mutate, "missed", lambda mutants: judged.extend(mutants) or [])
    with pytest.raises(SystemExit):
        mutate.main(["changed"])
    assert [each.name for each in judged] == ["front"]
    assert capsys.readouterr().out.startswith("1 of adopt are left to `make full`\n")


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
