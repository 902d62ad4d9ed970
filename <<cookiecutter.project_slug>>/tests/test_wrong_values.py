"""What is said of a wrong value: each entry of tests/wrong/ is a case.

`v1`: keys of an API version, and `said` is what follows its name; `stack`: keys of the stack.
"""

from typing import Any

import pytest

from tests.stacks import TWO, Stacks, entries


@pytest.mark.parametrize("case", entries("wrong"), ids=lambda case: case["said"].partition("; ")[0])
def test_a_wrong_value_is_refused_with_its_remedy(stacks: Stacks, case: dict[str, Any]) -> None:
    versions = TWO | {"v1": TWO["v1"] | case.get("v1", {})}
    place = "versions.v1." if "v1" in case else ""
    said = stacks.refusal(**{"versions": versions} | case.get("stack", {}))
    assert said == [f"{place}{case['said']}"]
