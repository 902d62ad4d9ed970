"""What is said of a wrong value: each entry of tests/wrong/ is a case.

`v1`: keys of an API version, and `said` is what follows its name; `stack`: keys of the stack.
"""

from typing import Any

import pytest

from tests.stacks import Stacks, entries, given


@pytest.mark.parametrize("case", entries("wrong"), ids=lambda case: case["said"].partition("; ")[0])
def test_a_wrong_value_is_refused_with_its_remedy(stacks: Stacks, case: dict[str, Any]) -> None:
    place = "versions.v1." if "v1" in case else ""
    assert stacks.refusal(**given(case)) == [f"{place}{case['said']}"]
