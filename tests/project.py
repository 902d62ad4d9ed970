"""Rendering this template, and what a rendered project is made of."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "<<cookiecutter.project_slug>>"
QUESTIONS: dict = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
ANSWERS = [name for name in QUESTIONS if not name.startswith("_")]
COMBINATIONS = [
    {"target": target, "versioning": versioning}
    for target, versioning in product(QUESTIONS["target"], QUESTIONS["versioning"])
]
COMBINATION_IDS = ["-".join(each.values()) for each in COMBINATIONS]

# Without what a `make` around us would hand on to another one.
ENVIRON = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def cookiecutter(
    folder: Path,
    *,
    template: Path = ROOT,
    typed: str | None = None,
    escaped: bool = True,
    **answers: str,
) -> subprocess.CompletedProcess[str]:
    """Render into `folder` in a process of its own.

    answers: as arguments, so that template marks in them arrive as text unless `escaped` is false.
    typed: what a person types at the prompts instead.
    """
    command = [sys.executable, "-m", "cookiecutter", "--output-dir", str(folder)]
    command += ["--no-input", str(template)] if typed is None else [str(template)]
    for name, text in answers.items():
        command.append(f"{name}={on_the_command_line(text) if escaped else text}")
    with tempfile.TemporaryDirectory() as own:  # neither reads nor writes this person's settings
        config = Path(own, "config.yaml")
        config.write_text(f"replay_dir: {json.dumps(own)}\n", "utf-8")
        command[3:3] = ["--config-file", str(config)]
        return subprocess.run(
            command, input=typed, capture_output=True, text=True, check=False, cwd=folder
        )


def on_the_command_line(text: str) -> str:
    """The text so that cookiecutter, which evaluates its arguments, leaves it whole."""
    return re.sub("<(?=[<%#])", '<< "<" >>', text)


def files(project: Path) -> Iterator[Path]:
    """Every file of a rendered project, apart from what its `make` wrote."""
    made = {".venv", ".uv", "dist", "__pycache__", ".ruff_cache", ".pytest_cache", "model.onnx"}
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if path.is_file() and not made & {*relative.parts}:
            yield relative


def tree(project: Path) -> str:
    """The file list of a rendered project, as it stands in tests/trees/."""
    return "".join(f"{path.as_posix()}\n" for path in files(project))


def make(project: Path, *targets: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `make` in a rendered project; what it printed is in `stdout`, errors too."""
    return subprocess.run(
        ["make", *targets],
        cwd=project,
        env=ENVIRON | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
