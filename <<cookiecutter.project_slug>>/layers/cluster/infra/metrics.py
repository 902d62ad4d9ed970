"""Who is told of the metrics of the pods, beside those who look for annotations."""

from typing import Annotated

from pydantic import Field

from infra.config import Example, Section
from infra.metadata import Labels


class PodMonitor(Section):
    """How a Prometheus Operator finds the pods."""

    labels: Annotated[Labels, Example({"release": "prometheus"})] = Field(default_factory=dict)
    """Labels of the PodMonitor, by which a Prometheus picks it."""


class Metrics(Section):
    """Who is told of the metrics of the pods."""

    pod_monitor: Annotated[PodMonitor | None, Example({"labels": {"release": "prometheus"}})] = None
    """A PodMonitor of each API version, for the Prometheus Operator; then the pods have no
    annotations for a Prometheus. List its namespace in network.metrics_from."""

    rules: bool = False
    """Whether each API version has a PrometheusRule, which warns of errors, slow answers, requests
    that wait, no pod that is ready, and no calls. It needs the Prometheus Operator."""

    dashboard: bool = False
    """Whether each API version has a ConfigMap with a dashboard, which the sidecar of Grafana's
    chart finds by its label grafana_dashboard."""

    @property
    def labels(self) -> dict[str, str]:
        """By what a Prometheus picks the objects that are for it."""
        return self.pod_monitor.labels if self.pod_monitor else {}
