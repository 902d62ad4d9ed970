"""This repository itself: its style, its locks, its README, its demo."""

import re
import subprocess
import sys

import pytest

from tests.project import ANSWERS, QUESTIONS, ROOT, broken_links, make, unlocked

README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_style_is_clean(command: list[str]) -> None:
    subprocess.run([sys.executable, "-m", "ruff", *command], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", ["checkov", "dev", "ministack", "moto", "uv"])
def test_every_locked_package_has_a_hash_and_no_address(name: str) -> None:
    assert unlocked(ROOT / "requirements" / f"{name}.txt") == []


def test_the_readme_names_every_question_and_choice() -> None:
    for name in ANSWERS:
        assert f"| `{name}` |" in README
    for name in (*QUESTIONS["target"], *QUESTIONS["versioning"]):
        assert f"`{name}`: " in README


def test_every_link_of_the_readme_leads_somewhere() -> None:
    assert broken_links(ROOT / "README.md") == []


def test_the_readmes_commands_are_targets_of_make() -> None:
    targets = re.findall(r"^  ([\w-]+) ", make(ROOT, "help").stdout, re.MULTILINE)
    assert {*re.findall(r"`make ([\w-]+)`", README)} <= {*targets}


def test_the_demo_ends_with_an_answer() -> None:
    result = make(ROOT, "demo")
    assert result.returncode == 0, result.stdout
    assert '\n{"predictions":[{"species":"setosa","probability":1.0}]}\n' in result.stdout
    assert '"probability":1.0}]}  (status 200)\n' in result.stdout
