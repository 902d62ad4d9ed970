"""Who calls and what a dashboard shows, by a real Prometheus that reads a real server."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.processes import Server, serving
from tests.project import ENVIRON, copy_ready, golden_example, make
from tests.prometheus import MISSING, ask, free_port, program, reading, until

TOLD = {"client_header": "X-Client", "clients": ["acme", "beta"]}
pytestmark = pytest.mark.skipif(not program("prometheus"), reason=MISSING.format("prometheus"))


@dataclass(frozen=True)
class Asked:
    """A project whose stack `prod` is asked who calls it."""

    project: Path
    slug: str
    url: str

    def stack(self, **keys: object) -> None:
        """What its file says."""
        own = {"versions": {"v1": {"release": "0.1.0"}}} | keys
        config = {f"{self.slug}:{key}": value for key, value in own.items()}
        path = self.project / "Pulumi.prod.yaml"
        path.write_text(yaml.safe_dump({"config": config}), "utf-8")

    def callers(self, url: str = "") -> tuple[int, str, str]:
        """How it ends, and what it prints."""
        said = subprocess.run(
            [".venv/bin/python", "-m", "tools.callers", "prod", "v1", "--since", "10m"],
            cwd=self.project,
            env=ENVIRON | {"PROMETHEUS_URL": url or self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        return said.returncode, said.stdout, said.stderr


def call(server: Server, project: Path, client: str) -> None:
    """A prediction for a client."""
    request, _ = golden_example(project)
    headers = (*request["headers"].items(), ("X-Client", client))
    answer = server.ask(request["method"], request["path"], headers, request["body"].encode())
    assert answer
    assert answer.status == 200


def test_who_calls_is_told_as_prometheus_has_read_it(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project = copy_ready(prepared("helm"), tmp_path / "project")
    slug = yaml.safe_load((project / "Pulumi.yaml").read_text("utf-8"))["name"]
    port, pod = free_port(), f"{slug}-v1-6d4cf56db6-x7k2p"
    labels = {"namespace": f"{slug}-prod", "pod": pod}
    environ = {"METRICS_PORT": str(port), "CLIENT_HEADER": "X-Client", "CLIENTS": "acme,beta"}
    with (
        serving(project, "-m", "serving.server", **environ) as server,
        reading(tmp_path / "prometheus", port, labels) as url,
    ):
        asked = Asked(project, slug, url)
        asked.stack(**TOLD)
        until(url, "process_start_time_seconds")
        status, out, err = asked.callers()
        assert (status, out.partition(" since ")[0]) == (0, "Nobody has called v1 of prod"), err
        for client in ("acme", "acme", "mallory", "acme", "make-check"):
            call(server, project, client)
        until(url, 'model_serving_requests_total{client="make-check"}')
        status, out, err = asked.callers()
        assert (status, err) == (1, "")
        counted = [("acme", "3", "75.0"), ("other", "1", "25.0")]
        assert rows(out) == counted
        by_make = make(project, "callers", "VERSION=v1", "STACK=prod", f"PROMETHEUS_URL={url}")
        assert by_make.returncode == 2
        assert rows(by_make.stdout) == counted

        asked.stack()
        status, out, err = asked.callers()
        assert (status, out.splitlines()[1].split()[0]) == (1, "all")
        assert "client_header and clients in Pulumi.prod.yaml" in err

        asked.stack(namespace={"name": "elsewhere"})
        status, out, err = asked.callers()
        assert (status, out) == (2, "")
        assert "has read no pod of v1 in elsewhere since" in err

        for expr in dashboard(project, labels["namespace"], f"{slug}-v1"):
            assert ask(url, expr), expr
    status, _, err = asked.callers()
    assert (status, "does not answer" in err) == (2, True)


def rows(said: str) -> list[tuple[str, str, str]]:
    """Client, calls and share of each row; when the last was seen depends on the moment."""
    lines = [line.split() for line in said.splitlines() if line.endswith(" %")]
    return [(line[0], line[3], line[4]) for line in lines]


def dashboard(project: Path, namespace: str, name: str) -> list[str]:
    """What the panels of an API version ask for, as Grafana asks it."""
    text = (project / "infra/dashboard.json").read_text("utf-8")
    text = text.replace("$NAMESPACE", namespace).replace("$NAME", name)
    panels = json.loads(text.replace("$__rate_interval", "1m"))["panels"]
    return [each["expr"] for panel in panels for each in panel["targets"]]
