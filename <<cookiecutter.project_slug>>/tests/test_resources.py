"""What a stack registers: each entry of tests/resources/ is a case.

`stack`, `v1`, `v2`: further keys of a stack that serves v1 and v2, and of these. What is expected
of a resource stands under its kind and name, or under its kind alone for all of that kind:
`registers` has all of its inputs, `sets` some of them by their path, null for one that there is
not. {name} stands for the resource's own name, and a text of JSON is read as what it says.
`only`: the names of all resources of a kind, or of those that belong to components of a class,
as `MetricAlarm of Alarms`. `after`: what has to be there before a resource is
made, by kind and name or by kind.
"""

import json
from typing import Any

import pytest

from tests.program import Program, Resource
from tests.stacks import Stacks, entries, given

KEYS = {"name", "stack", "v1", "v2", "registers", "sets", "only", "after"}


@pytest.mark.parametrize("case", entries("resources"), ids=lambda case: case["name"])
def test_a_stack_registers_what_it_says(stacks: Stacks, case: dict[str, Any]) -> None:
    assert case.keys() <= KEYS
    program = stacks.run(**given(case))
    found, expected = dict[str, Any](), dict[str, Any]()
    for section in case.keys() & {"registers", "sets"}:
        for place, inputs in case[section].items():
            for each in resources(program, *place.split()):
                own = filled(inputs, each)
                for path in own | each.inputs if section == "registers" else own:
                    what = f"{each.kind} {each.name}: {path}"
                    expected[what] = own.get(path)
                    found[what] = as_read(at(each.inputs, path), expected[what])
    for place, needs in case.get("after", {}).items():
        for each in resources(program, *place.split()):
            what = f"{each.kind} {each.name} is made after"
            expected[what] = sorted(filled(needs, each))
            found[what] = sorted(made_before(each) & {*expected[what]})
    for what, names in case.get("only", {}).items():
        kind, _, component = what.partition(" of ")
        expected[f"all {what}"] = names
        found[f"all {what}"] = [
            each.name for each in program.of(kind) if f":{component}" in each.parent
        ]
    assert found == expected


def resources(program: Program, kind: str, name: str = "") -> list[Resource]:
    """The resources of a kind, or the one that has this name too."""
    found = [each for each in program.of(kind) if name in ("", each.name)]
    assert found, f"no {kind} {name} is registered"
    return found


def filled(expected: Any, resource: Resource) -> Any:
    """What is expected of a resource that has this name."""
    return json.loads(json.dumps(expected).replace("{name}", resource.name))


def made_before(resource: Resource) -> set[str]:
    """What Pulumi makes before a resource: each by kind and name, and by kind."""
    named = [each.replace("::", " ").rpartition(":")[2] for each in resource.depends_on]
    return {*named, *(each.partition(" ")[0] for each in named)}


def at(value: Any, path: str) -> Any:
    """What stands at a path such as `spec.ports.0.name`; None where nothing does."""
    for key in path.split("."):
        match as_read(value, {}):
            case dict() as section:
                value = section.get(key)
            case list() as several:
                value = dict(enumerate(several)).get(int(key))
            case _:
                return None
    return value


def as_read(value: Any, expected: Any) -> Any:
    """The value, or what its JSON says where more than a text is expected."""
    is_json = isinstance(value, str) and isinstance(expected, dict | list)
    return json.loads(value) if is_json else value
