"""Write anew what the template holds of its own making: contract, settings and trees, or the locks.

`python -m tests.generated` after a change of the contract, a setting or the files rendered;
`python -m tests.generated lock` locks what rendered projects depend on, `upgrade` the newest of it.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import pod_fields
from tests.project import (
    COMBINATION_IDS,
    COMBINATIONS,
    ROOT,
    TARGETS,
    TEMPLATE,
    make,
    render,
    tree,
)

QUOTED = {"title": "<<cookiecutter.project_name | quoted>>"}
QUOTED["description"] = "<<cookiecutter.description | quoted>>"


def write_contract(project: Path) -> None:
    """The sample's contract, with the two answers that stand in it."""
    said = make(project, "contract")
    assert said.returncode == 0, said.stdout
    text = (project / "contracts" / "v1.json").read_text("utf-8")
    info = json.loads(text)["info"]
    for key, mark in QUOTED.items():
        quoted = json.dumps(info[key], ensure_ascii=False)
        text = text.replace(f'"{key}": {quoted}', f'"{key}": {mark}', 1)
    (TEMPLATE / "contracts" / "v1.json").write_text(text, "utf-8")


def write_settings(project: Path, name: str, python: Path) -> None:
    """The page of a combination's settings, which does not depend on the other answers."""
    subprocess.run([python, "-m", "tools.config_schema"], cwd=project, check=True)
    shutil.copy(project / "docs" / "settings.md", ROOT / "templates" / "settings" / f"{name}.md")


def write_locks(project: Path, target: str, goal: str) -> None:
    """The locked dependencies of rendered projects."""
    said = make(project, goal)
    assert said.returncode == 0, said.stdout
    own = TEMPLATE / "layers" / TARGETS[target]["lock"] / "requirements"
    shutil.copy(project / "requirements/uv.txt", TEMPLATE / "requirements")
    for name in ("dev.txt", "runtime.txt"):
        shutil.copy(project / "requirements" / name, own)


def main(what: str) -> None:
    """Render each combination and write what is asked for."""
    with tempfile.TemporaryDirectory() as temporary:
        projects = {
            name: render(Path(temporary, name), **answers)
            for name, answers in zip(COMBINATION_IDS, COMBINATIONS, strict=True)
        }
        if what in ("lock", "upgrade"):
            for target in TARGETS:
                write_locks(projects[f"{target}-path"], target, what)
            return
        first = next(iter(projects.values()))
        write_contract(first)
        pod_fields.PATH.write_text(pod_fields.text(), "utf-8")
        for name, project in projects.items():
            # Reading settings takes nothing that only one target has.
            write_settings(project, name, first / ".venv/bin/python")
            (ROOT / "tests" / "trees" / f"{name}.txt").write_text(tree(project), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
