"""The alerts, before Prometheus' own judge: that they are rules, and when each of them fires."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Bake
from tests.programs import charted
from tests.project import table
from tests.prometheus import MISSING, program

PROMTOOL = program("promtool")
CASES = table("alerts")
NAME, NAMESPACE = "iris-v1", "models"
VALUES = {
    "image": {"repository": "ghcr.io/you/iris"},
    "network": {"metricsFrom": ["monitoring"]},
    "metrics": {"rules": True},
}
pytestmark = pytest.mark.skipif(PROMTOOL is None, reason=MISSING.format("promtool"))


@pytest.fixture
def rules(bake: Bake, tmp_path: Path) -> Path:
    """The rules of an API version in a file, as Prometheus reads it."""
    chart = bake(target="helm", project_slug="iris") / "chart"
    texts = charted(chart, {"values": VALUES, "name": NAME, "namespace": NAMESPACE})
    (text,) = (text for path, text in texts.items() if path.endswith("prometheusrule.yaml"))
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(text)["spec"]), "utf-8")
    return path


def promtool(*arguments: str | Path) -> tuple[int, str]:
    """How promtool ends, and what it says."""
    assert PROMTOOL
    said = subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    return said.returncode, said.stdout + said.stderr


def test_every_alert_is_a_rule(rules: Path) -> None:
    alerts = alerts_of(rules)
    status, said = promtool("check", "rules", "--lint=all", "--lint-fatal", rules)
    assert status == 0, said
    assert f"{len(alerts)} rules found" in said


def test_a_judge_of_rules_would_notice(rules: Path) -> None:
    rules.write_text(rules.read_text("utf-8").replace("sum(rate(", "sum(rates(", 1), "utf-8")
    status, said = promtool("check", "rules", rules)
    assert status == 1
    assert 'unknown function with name "rates"' in said


def test_every_alert_fires_when_it_should_and_never_else(rules: Path) -> None:
    alerts = alerts_of(rules)
    assert {name for case in CASES["cases"] for name in case["fires"]} == alerts.keys()
    tests = [as_test(case, alerts) for case in CASES["cases"]]
    path = rules.with_name("tests.yaml")
    whole = {"rule_files": [rules.name], "evaluation_interval": "1m", "tests": tests}
    path.write_text(yaml.safe_dump(whole), "utf-8")
    status, said = promtool("test", "rules", path)
    assert status == 0, said


def alerts_of(rules: Path) -> dict[str, dict[str, Any]]:
    """The alerts in a file of rules, by name."""
    (group,) = yaml.safe_load(rules.read_text("utf-8"))["groups"]
    return {each["alert"]: each for each in group["rules"]}


def as_test(case: dict[str, Any], alerts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A case of the table as promtool reads it: what fires at the end, and what doesn't."""
    series = ({} if "nothing" in case else CASES["healthy"]) | case.get("series", {})
    return {
        "name": case["name"],
        "interval": "1m",
        "input_series": [
            {"series": whole(name), "values": values} for name, values in series.items()
        ],
        "alert_rule_test": [
            {
                "eval_time": "3h",
                "alertname": name,
                "exp_alerts": [
                    {"exp_labels": each["labels"], "exp_annotations": each["annotations"]}
                ]
                if name in case["fires"]
                else [],
            }
            for name, each in alerts.items()
        ],
    }


def whole(series: str) -> str:
    """A series by its whole name, in the namespace where it says no other one."""
    if "namespace=" not in series:
        series = series.replace("{", f'{{namespace="{NAMESPACE}",', 1)
    return f"model_serving_{series}"
