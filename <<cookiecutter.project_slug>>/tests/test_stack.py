"""What holds for the program of every target."""

import json
import os
import subprocess
import sys

from tests import artefacts
from tests.program import Program
from tests.stacks import TWO, Stacks, config
from tests.support import ROOT


def test_it_runs_as_pulumi_starts_it(stacks: Stacks, two: Program) -> None:
    command = [sys.executable, "-P", str(ROOT / "tests/program.py"), "iris", "dev"]
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    given = json.dumps(config("iris", TWO))
    said = subprocess.run(
        [*command, given], cwd=stacks.folder, env=environ, check=True, stdout=subprocess.PIPE
    )
    fresh = json.loads(said.stdout)
    assert fresh["exports"] == two.exports
    key = {f"{each['type']}::{each['name']}": each["inputs"] for each in fresh["resources"]}
    assert key == {name: each.inputs for name, each in two.by_id().items()}


def test_no_option_changes_what_pulumi_does_with_a_resource_but_with_what_stays(
    two: Program,
) -> None:
    kept = {each.kind: each.options for each in two.resources if each.options}
    assert kept == dict.fromkeys(artefacts.KEPT, ("retainOnDelete",))
