"""What is read of a right value: each entry of tests/right/ is a case, as those of tests/wrong/."""

from typing import Any

import pytest

from tests.stacks import Stacks, entries, given


@pytest.mark.parametrize("case", entries("right"), ids=lambda case: case["name"])
def test_a_right_value_is_read_as_it_stands(stacks: Stacks, case: dict[str, Any]) -> None:
    keys = given(case)
    read = stacks.settings(**keys).model_dump(mode="json", exclude_unset=True)
    v1 = keys.pop("versions")["v1"]
    assert keys.items() <= read.items()
    assert v1.items() <= read["versions"]["v1"].items()
