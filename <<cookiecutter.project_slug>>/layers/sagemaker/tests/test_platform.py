"""Which processors an image is built for, where PLATFORM does not say it."""

from pathlib import Path

import pytest

from serving.release import Build
from tools import platform

OWN, OTHER = Build.load().api_version, "{instance_type: ml.c7g.large}"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("{}", "linux/amd64"),
        ("{instance_type: ml.c7g.xlarge}", "linux/arm64"),
        ("{instance_type: ml.m6gd.xlarge}", "linux/arm64"),
        ("{instance_type: ml.c6gn.xlarge}", "linux/arm64"),
        ("{instance_type: ml.g5g.xlarge}", "linux/arm64"),
        ("{instance_type: ml.c5.xlarge}", "linux/amd64"),
        ("{instance_type: ml.g4dn.xlarge}", "linux/amd64"),
        ("{instance_type: ml.g6e.xlarge}", "linux/amd64"),
        ("{instance_type: ml.inf2.xlarge}", "linux/amd64"),
        ("{instance_type: ml.p4de.xlarge}", "linux/amd64"),
        ("[", "linux/amd64"),
    ],
)
def test_it_is_for_what_the_stack_runs_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, found: str
) -> None:
    monkeypatch.setattr(platform, "ROOT", tmp_path)
    assert platform.wanted_by("dev") == "linux/amd64"  # also where there is no such file
    (tmp_path / "Pulumi.yaml").write_text("name: iris", encoding="utf-8")
    text = f"config: {{iris:versions: {{v0: {OTHER}, {OWN}: {said}}}}}"
    (tmp_path / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    assert platform.wanted_by("dev") == found
