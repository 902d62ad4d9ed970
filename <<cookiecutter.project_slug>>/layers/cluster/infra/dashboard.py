"""What Grafana shows of one API version: a dashboard, as its sidecar finds it."""

import hashlib
from pathlib import Path

# The program may be read through a link. Helm's chart has the same file.
FILE = Path(__file__).resolve().parent / "dashboard.json"
# By what the sidecar of Grafana's chart picks ConfigMaps.
LABELS = {"grafana_dashboard": "1"}


def dashboard(name: str, namespace: str) -> dict[str, str]:
    """The data of a ConfigMap. name: of the Deployment, in this namespace."""
    # Grafana takes 40 characters at most, and keeps links to a dashboard by them.
    uid = hashlib.sha256(f"{namespace}/{name}".encode()).hexdigest()[:40]
    text = FILE.read_text(encoding="utf-8").replace("$UID", uid)
    text = text.replace("$NAMESPACE", namespace).replace("$NAME", name)
    # The sidecar writes all dashboards into one folder.
    return {f"{namespace}-{name}.json": text}
