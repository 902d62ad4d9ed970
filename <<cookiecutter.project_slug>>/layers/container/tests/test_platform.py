"""Which processors an image is built for, where PLATFORM does not say it."""

from pathlib import Path

import pytest

from serving.release import Build
from tests.platforms import ARM, BY_KEYS
from tools import platform
from tools.refused import Refused

OWN = Build.load().api_version


@pytest.mark.parametrize(("said", "found"), BY_KEYS)
def test_it_is_for_what_the_stack_runs_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, found: str
) -> None:
    monkeypatch.setattr(platform, "ROOT", tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: iris", encoding="utf-8")
    with pytest.raises(Refused, match=r"^Pulumi\.dev\.yaml is missing: the stacks here are: \.$"):
        platform.wanted_by("dev")
    text = f"config: {{iris:versions: {{v0: {ARM}, {OWN}: {said}}}}}"
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    assert platform.wanted_by("dev") == found
