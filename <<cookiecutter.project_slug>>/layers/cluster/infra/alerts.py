"""What a Prometheus warns of, for one API version."""

from pathlib import Path
from typing import Any

import yaml

# The program may be read through a link.
FILE = Path(__file__).resolve().parent / "alerts.yaml"
ALERTS: list[dict[str, str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
RUNBOOK = "README.md#on-a-bad-night"


def rules(name: str, namespace: str) -> list[dict[str, Any]]:
    """The rules of a PrometheusRule. name: of the Deployment, in this namespace."""
    pods = f'namespace="{namespace}",pod=~"{name}-[a-z0-9]+-[a-z0-9]+"'
    return [
        {
            "alert": each["alert"],
            "expr": each["expr"].replace("$OF", pods),
            "for": each["for"],
            "labels": {"severity": each["severity"]},
            "annotations": {"summary": each["summary"].replace("$NAME", name), "runbook": RUNBOOK},
        }
        for each in ALERTS
    ]
