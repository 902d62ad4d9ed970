"""The alerts: each asks for what the server says, and names a line of the README."""

import re

from prometheus_client import generate_latest

from infra.alerts import ALERTS, RUNBOOK, rules
from serving.metrics import ANSWERED, REGISTRY
from tests.support import ROOT


def test_every_alert_asks_for_metrics_that_the_server_has() -> None:
    ANSWERED(200, 0.01)
    said = generate_latest(REGISTRY).decode()
    exposed = {*re.findall(r"^(model_serving_\w+)[{ ]", said, re.MULTILINE)}
    for each in rules("iris-v1", "models"):
        asked = {*re.findall(r"model_serving_\w+", each["expr"])}
        assert asked, each
        assert asked <= exposed
        assert "$" not in each["expr"] + each["annotations"]["summary"]


def test_an_alert_is_about_the_pods_of_one_api_version_alone() -> None:
    for each in rules("iris-v1", "models"):
        found = re.findall(r'namespace="models",pod=~"([^"]+)"', each["expr"])
        assert len(found) == each["expr"].count("model_serving_")
        for pods in found:
            assert re.fullmatch(pods, "iris-v1-6d4cf56db6-x7k2p")
            assert not re.fullmatch(pods, "iris-v10-6d4cf56db6-x7k2p")
            assert not re.fullmatch(pods, "iris-v1-canary-6d4cf56db6-x7k2p")


def test_the_runbook_is_a_paragraph_of_the_readme() -> None:
    page, _, anchor = RUNBOOK.partition("#")
    titles = re.findall(r"^#+ (.+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert anchor in {title.lower().replace(" ", "-") for title in titles}
    assert len({each["alert"] for each in ALERTS}) == len(ALERTS)
