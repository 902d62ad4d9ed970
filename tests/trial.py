"""A project to look at and to run: `python -m tests.trial TARGET VERSIONING`, by `make try`.

It is rendered into `.try/<target>-<versioning>/` anew each time, and keeps its environment.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from tests.project import COMBINATION_IDS, ROOT, render

FOLDER = ROOT / ".try"
KEPT = (".venv", ".uv")


def trial(target: str, versioning: str) -> Path:
    """The folder of the project; ends the program where there is no such combination."""
    name = f"{target}-{versioning}"
    if name not in COMBINATION_IDS:
        sys.exit(f"{name} is none of {', '.join(COMBINATION_IDS)}")
    FOLDER.mkdir(exist_ok=True)
    project = FOLDER / name
    with tempfile.TemporaryDirectory(dir=FOLDER) as temporary:
        new = render(Path(temporary, "new"), target=target, versioning=versioning)
        if project.exists():
            for each in KEPT:
                if (project / each).exists():
                    (project / each).rename(new / each)
            shutil.rmtree(project)
        new.rename(project)
    return project


if __name__ == "__main__":
    folder = trial(*sys.argv[1:]).relative_to(ROOT)
    print(f"{folder}/ is rendered. Next:\n\n  cd {folder}\n  make setup model test serve")
