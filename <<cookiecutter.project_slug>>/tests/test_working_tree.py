"""What tools say of a pyproject.toml that names no build."""

from pathlib import Path

import pytest

from serving import release
from tests.support import BUILD
from tools.refused import Refused
from tools.working_tree import own_build

RIGHT = '[project]\nname = "iris"\nversion = "1.4.2"\n[tool.serving]\napi_version = "v1"\n'


def test_this_project_names_its_build() -> None:
    assert own_build() == BUILD


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"1.4.2"', '"0.1"'),
        ('"1.4.2"', "1.4"),
        ('"v1"', '"1"'),
        ("version", "verzion"),
        ("[tool.serving]", "[tool]"),
        ("[project]", "[project"),
    ],
)
def test_what_is_no_release_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(RIGHT.replace(old, new, 1), "utf-8")
    monkeypatch.setattr(release, "PYPROJECT", path)
    with pytest.raises(Refused, match=r"^pyproject\.toml: write a \[project\] version such as"):
        own_build()
