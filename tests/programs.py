"""What the programs of rendered projects register, and what Helm's engine makes of their charts."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import helm_python

# All stacks of a project in one process: the imports are what takes time.
PROGRAMS = """
import dataclasses, json, os, sys
from pathlib import Path
from tests.stacks import Stacks

folder = Path(sys.argv[1])
stacks = Stacks(folder)
os.chdir(folder)
several = json.loads(sys.argv[2])
print(json.dumps({name: dataclasses.asdict(stacks.run(**several[name])) for name in several}))
"""


def programs(project: Path, python: Path, several: dict[str, Any]) -> dict[str, Any]:
    """What a project's program registers and exports for each stack, which is the keys it has."""
    with tempfile.TemporaryDirectory() as folder:
        command = [python, "-c", PROGRAMS, folder, json.dumps(several)]
        return json.loads(subprocess.check_output(command, cwd=project))


def exposures_of(project: Path, python: Path) -> dict[str, Any]:
    """The ways in which a project on a cluster can be called, each with the keys that it needs."""
    ask = "import json; from tests.exposures import EXPOSURES; print(json.dumps(EXPOSURES))"
    return json.loads(subprocess.check_output([python, "-c", ask], cwd=project))


def charted(chart: Path, release: dict[str, Any]) -> dict[str, str]:
    """What Helm's engine makes of a chart for a Helm release, by template.

    Raises:
        HelmError: it refused; the text says why.
    """
    with helm_python.Chart.load(chart) as loaded:
        name, namespace = release["name"], release["namespace"]
        return loaded.render(release["values"], name=name, namespace=namespace)
