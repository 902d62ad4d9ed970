"""Judges from elsewhere that run in a process of their own; none of them asks the network."""

import subprocess
import sys
from pathlib import Path

# Programs of the development environment.
PROGRAMS = Path(sys.executable).parent


def zizmor(folder: Path) -> str:
    """What zizmor finds dangerous in the workflows of a project's `.github`."""
    return _found([PROGRAMS / "zizmor", "--offline", "--no-progress", folder])


def actionlint(*workflows: Path) -> str:
    """What actionlint finds wrong in workflows, without programs that only some machines have."""
    return _found([PROGRAMS / "actionlint", "-shellcheck=", "-pyflakes=", *workflows])


def _found(command: list[str | Path]) -> str:
    said = subprocess.run(command, capture_output=True, text=True)
    return said.stdout + said.stderr if said.returncode else ""
