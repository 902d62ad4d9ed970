"""The dashboard: each panel asks for what the server says, of the pods of one API version."""

import json
import re
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from infra.dashboard import dashboard
from serving.metrics import ANSWERED

# What a Prometheus adds to all that it reads of a pod.
ADDED = {"namespace", "pod"}
# A metric, and what it is chosen by.
SERIES = re.compile(r"(model_serving_\w+)\{([^}]*)\}")


def _exposed() -> dict[str, set[str]]:
    """The labels of each metric that the server says."""
    ANSWERED(200, 0.01)
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(REGISTRY).decode()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def _dashboard(name: str = "iris-v1", namespace: str = "models") -> dict[str, Any]:
    [(file, text)] = dashboard(name, namespace).items()
    assert file == f"{namespace}-{name}.json"
    return json.loads(text)


def _asked() -> list[str]:
    return [each["expr"] for panel in _dashboard()["panels"] for each in panel["targets"]]


def test_every_panel_asks_for_metrics_and_labels_that_the_server_has() -> None:
    exposed = _exposed()
    for expr in _asked():
        series = SERIES.findall(expr)
        assert len(series) == expr.count("model_serving_") > 0
        own = set[str]()
        for name, chosen in series:
            assert name in exposed, expr
            assert {*re.findall(r"(\w+)=", chosen)} <= exposed[name] | ADDED
            own |= exposed[name]
        assert {*re.findall(r"by \((\w+)\)", expr)} <= own


def test_a_panel_is_about_the_pods_of_one_api_version_alone() -> None:
    for expr in _asked():
        for _, chosen in SERIES.findall(expr):
            found = re.match(r'namespace="models",pod=~"([^"]+)"', chosen)
            assert found
            assert re.fullmatch(found[1], "iris-v1-6d4cf56db6-x7k2p")
            assert not re.fullmatch(found[1], "iris-v10-6d4cf56db6-x7k2p")


def test_nothing_is_left_to_be_filled_in_but_what_grafana_does() -> None:
    text = json.dumps(_dashboard())
    assert {*re.findall(r"\$\{?\w+", text)} == {"$__rate_interval", "${datasource"}


def test_each_api_version_of_each_namespace_has_a_dashboard_of_its_own() -> None:
    several = [_dashboard(), _dashboard("iris-v2"), _dashboard(namespace="others")]
    for key in ("uid", "title"):
        assert len({each[key] for each in several}) == len(several)
    assert all(len(each["uid"]) <= 40 for each in several)
    assert _dashboard()["uid"] == several[0]["uid"]
    panels = several[0]["panels"]
    assert len({each["id"] for each in panels}) == len(panels)
