"""What the chart says of itself: its README, its values and their schema agree."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ROOT
from tools import chart as module
from tools.chart import CHART, again, alerts, main, ours, table, values

VALUES = (CHART / "values.yaml").read_text("utf-8")
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))


def leaves(node: dict[str, Any], place: str = "") -> dict[str, str]:
    """The description of each value in the schema, by its name with dots."""
    found: dict[str, str] = {}
    for key, each in node["properties"].items():
        if each.get("properties"):
            found |= leaves(each, f"{place}{key}.")
        else:
            found[f"{place}{key}"] = each["description"]
    return found


def test_the_readmes_table_is_what_the_values_say() -> None:
    assert table(VALUES) in (CHART / "README.md").read_text("utf-8"), "run: make chart-lint"


def test_templates_have_the_defaults_of_the_values() -> None:
    own = (CHART / "templates/_defaults.tpl").read_text("utf-8")
    assert own == again(VALUES), "run: make chart-lint"


def test_templates_have_what_a_prometheus_warns_of() -> None:
    own = (CHART / "templates/_alerts.tpl").read_text("utf-8")
    assert own == alerts(), "run: make chart-lint"


def test_templates_have_what_nobody_else_may_set() -> None:
    own = (CHART / "templates/_ours.tpl").read_text("utf-8")
    assert own == ours(), "run: make chart-lint"


@pytest.mark.parametrize("text", [VALUES, "note: |\n  a\n\n  # b\n", "note: '1'\nnone: null\n"])
def test_a_default_in_templates_is_the_same_value(text: str) -> None:
    lines = again(text).splitlines()[2:-1]
    assert yaml.safe_load("\n".join(lines)) == yaml.safe_load(text)


def test_a_default_that_templates_would_execute_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copytree(CHART, tmp_path / "chart")
    monkeypatch.setattr(module, "CHART", copy)
    for line in ("# -- A name, in templates {{ .Values.motd }}.", 'motd: "{{ .Chart.Name }}"'):
        before = (copy / "templates/_defaults.tpl").read_text("utf-8")
        with (copy / "values.yaml").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        if line.startswith("#"):
            main()
        else:
            with pytest.raises(SystemExit, match="which templates would execute"):
                main()
        assert (copy / "templates/_defaults.tpl").read_text("utf-8") == before


def test_every_value_has_a_sentence_and_the_schema_repeats_it() -> None:
    said = {name: sentence for name, _, sentence in values(VALUES)}
    described = leaves(SCHEMA)
    assert said == described
    assert all(sentence.endswith(".") for sentence in said.values())


def test_the_default_in_the_table_is_the_one_in_the_values() -> None:
    own = yaml.safe_load(VALUES)
    for name, default, _ in values(VALUES):
        value: Any = own
        for key in name.split("."):
            value = value[key]
        assert yaml.safe_load(default) == value, name


def test_the_chart_is_of_this_project() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))
    assert chart["name"] == project["name"]
