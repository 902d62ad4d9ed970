"""What is read of a right value: each entry of tests/right/ is a case, as those of tests/wrong/."""

from typing import Any

import pytest

from tests.stacks import TWO, Stacks, entries


@pytest.mark.parametrize("case", entries("right"), ids=lambda case: case["name"])
def test_a_right_value_is_read_as_it_stands(stacks: Stacks, case: dict[str, Any]) -> None:
    stack, v1 = case.get("stack", {}), TWO["v1"] | case.get("v1", {})
    settings = stacks.settings(TWO | {"v1": v1}, **stack)
    read = settings.model_dump(mode="json", exclude_unset=True)
    assert stack.items() <= read.items()
    assert v1.items() <= read["versions"]["v1"].items()
