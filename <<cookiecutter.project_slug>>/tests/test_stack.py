"""What holds for the program of every target."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests import artefacts, target
from tests.program import Program, changed
from tests.stacks import DEPRECATED, THREE, TWO, Stacks, config
from tests.support import ROOT


def test_it_runs_as_pulumi_starts_it(stacks: Stacks, two: Program) -> None:
    command = [sys.executable, "-P", str(ROOT / "tests/program.py"), "iris", "dev"]
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    stacks.make("iris", TWO)
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
    for each in two.resources:
        assert each.options == (("retainOnDelete",) if each.kind in artefacts.KEPT else ()), each


@pytest.mark.parametrize("stack", target.STACKS)
def test_a_stack_exports_what_its_clients_and_operators_need(stacks: Stacks, stack: str) -> None:
    assert stacks.run(**target.STACKS[stack]).exports == target.exports(stack)


@pytest.mark.parametrize("stack", target.STACKS)
def test_every_child_belongs_to_its_component_and_types_never_change(
    stacks: Stacks, stack: str
) -> None:
    resources = stacks.run(**target.STACKS[stack]).by_id()
    assert {name: each.parent for name, each in resources.items()} == target.parents(stack)


@pytest.mark.parametrize("stack", target.STACKS)
def test_adding_a_version_changes_nothing_of_the_others(stacks: Stacks, stack: str) -> None:
    keys: dict[str, Any] = {"versions": TWO} | target.STACKS[stack]
    versions, v3 = keys.pop("versions"), {"v3": THREE["v3"]}
    before, behind = stacks.run(versions, **keys), stacks.run(versions | v3, **keys)
    in_front = stacks.run(v3 | versions, **keys)
    shared = target.CHANGES["v3 is added"]
    assert changed(before, behind) == changed(before, in_front) == shared
    assert behind.by_id().keys() == in_front.by_id().keys()
    assert changed(behind, in_front) <= shared


def test_a_new_release_changes_what_runs_it_and_nothing_else(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"], "v2": {"release": "2.1.0"}})
    assert changed(two, after) == target.CHANGES["v2 has a new release"]


def test_deprecating_a_version_changes_nothing_of_the_others(stacks: Stacks, two: Program) -> None:
    deprecated = {"v1": TWO["v1"] | DEPRECATED}
    after = stacks.run(TWO | deprecated)
    assert changed(two, after) == target.CHANGES["v1 is deprecated"]
    assert changed(after, stacks.run(THREE | deprecated)) == target.CHANGES["v3 is added"]


def test_a_retired_version_is_gone_with_all_that_served_it(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}, "v2": TWO["v2"]})
    gone = serving(two, "v1")
    assert len(gone) == len(serving(two, "v2"))
    assert not serving(after, "v1")
    assert changed(two, after) == gone | target.CHANGES["v1 is retired"]
    # What still answers has an address.
    left = ["v1_base_url"] if target.STAYS else []
    assert [name for name in after.exports if name.startswith("v1")] == left


def serving(program: Program, version: str) -> set[str]:
    """All that is there as long as a version is served; what belongs to its front may stay."""
    return {
        f"{each.kind} {each.name}"
        for each in program.resources
        if version in each.name.split("-")
        and not (each.type.startswith(target.STAYS) or each.parent.startswith(target.STAYS))
    }
