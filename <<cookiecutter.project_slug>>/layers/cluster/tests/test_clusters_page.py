"""docs/clusters.md: every snippet is one that the program takes."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.exposures import EXPOSURES
from tests.stacks import Stacks
from tests.support import ROOT

PAGE = (ROOT / "docs/clusters.md").read_text("utf-8")
NAME = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"]
BLOCKS: list[dict[str, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
]
OF_STACKS = [block for block in BLOCKS if "kind" not in block]
OF_OTHERS = [block for block in BLOCKS if "kind" in block]


@pytest.mark.parametrize("block", OF_STACKS, ids=lambda block: " ".join(block))
def test_a_snippet_of_a_stack_file_is_taken(stacks: Stacks, block: dict[str, Any]) -> None:
    assert all(key.startswith(f"{NAME}:") for key in block)
    own = {key.partition(":")[2]: value for key, value in block.items()}
    beside = EXPOSURES[own["expose"]] if "expose" in own else {}
    own["network"] = beside.get("network", {}) | own.get("network", {})
    assert stacks.run(**beside | own).resources


@pytest.mark.parametrize("block", OF_OTHERS, ids=lambda block: block["kind"])
def test_an_object_of_others_is_about_an_api_version(block: dict[str, Any]) -> None:
    assert block["metadata"]["name"] == f"{NAME}-v1"
    about = block["spec"].get("scaleTargetRef") or block["spec"].get("targetRef")
    assert about is None or about["name"] == f"{NAME}-v1"
    assert {"apiVersion", "kind", "metadata", "spec"} == block.keys()


def test_every_paragraph_is_listed_at_the_top() -> None:
    said = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert re.findall(r"\[([^\]]+)\]\(#", PAGE) == said
