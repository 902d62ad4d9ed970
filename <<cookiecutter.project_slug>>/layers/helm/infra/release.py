"""The Helm release of one API version: its own chart version, history and failure."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra.address import base_url
from infra.chart import CHART, defaults, digest
from infra.cluster import Stack
from infra.settings import Chart, Version
from infra.values import values

# Relative: an absolute path would be another one on each machine.
FOLDER = "./chart"


class ModelRelease(pulumi.ComponentResource):
    """A Helm release that is installed or upgraded as a whole, or left as it was."""

    name: pulumi.Output[str]
    status: pulumi.Output[str]
    chart_version: pulumi.Output[str]
    base_url: pulumi.Output[str]

    def __init__(
        self,
        api_version: str,
        version: Version,
        stack: Stack,
        chart: Chart | None,
        namespace: pulumi.Output[str],
    ) -> None:
        name = f"{stack.project}-{api_version}"
        super().__init__("infra:release:ModelRelease", name)
        child = pulumi.ResourceOptions(parent=self)
        release = k8s.helm.v3.Release(
            name,
            name=name,
            namespace=namespace,
            **_source(stack.project, api_version, version, chart),
            values=values(api_version, version, stack, None if chart else defaults(CHART)),
            # What does not get ready in time is taken back.
            atomic=True,
            cleanup_on_fail=True,
            timeout=max(version.rollout_seconds, stack.front_seconds),
            max_history=10,
            opts=child,
        )
        self.name = pulumi.Output.from_input(name)
        self.status = release.status.apply(lambda status: str(status.status))
        self.chart_version = release.status.apply(lambda status: str(status.version))
        status = pulumi.Output.from_input(None)
        if stack.config.expose == "load_balancer":
            # As soon as the release is there.
            service_id = pulumi.Output.concat(namespace, "/", release.status.apply(lambda _: name))
            status = k8s.core.v1.Service.get(name, service_id, opts=child).status
        self.base_url = base_url(api_version, version, stack, name, status)
        self.register_outputs({"name": self.name})


def _source(
    project: str, api_version: str, version: Version, chart: Chart | None
) -> dict[str, Any]:
    """Where the chart comes from, and what it is known by."""
    if chart is None:
        # Pulumi compares inputs, not the files of a folder. No pod sees a description.
        known_by = f"chart {digest(CHART)[:12]}"
        return {"chart": FOLDER, "description": f"{api_version} {version.release}, {known_by}"}
    number = version.chart_version or chart.version
    repository = chart.repository.rstrip("/")
    if repository.startswith("oci:"):
        return {"chart": f"{repository}/{project}", "version": number}
    return {"chart": project, "version": number, "repository_opts": {"repo": repository}}
