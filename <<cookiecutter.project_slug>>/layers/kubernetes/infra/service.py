"""All that serves one API version inside the cluster."""

from typing import Any, cast

import pulumi
import pulumi_kubernetes as k8s

from infra.alerts import rules
from infra.annotations import TAKEN_BACK
from infra.autoscaler import autoscaler
from infra.cluster import Stack
from infra.dashboard import LABELS, dashboard
from infra.labels import labels, of_release, selector
from infra.network import egress_rules, ingress_rules
from infra.pod import pod
from infra.version import Version
from infra.workload import ServiceAccount

# https://www.pulumi.com/docs/concepts/options/ignorechanges/
LEFT_ALONE = pulumi.ResourceOptions(ignore_changes=["spec.replicas"])


class ModelService(pulumi.ComponentResource):
    """A Deployment behind a Service, with what scales, protects and isolates its pods.

    A new release starts pods beside the old ones, and takes these away one by one as the new
    ones become ready: no request is dropped.
    """

    name: pulumi.Output[str]
    namespace: pulumi.Output[str]
    deployment: pulumi.Output[str]
    status: pulumi.Output[k8s.core.v1.outputs.ServiceStatus | None]

    def __init__(
        self, api_version: str, version: Version, stack: Stack, namespace: pulumi.Output[str]
    ) -> None:
        name = f"{stack.project}-{api_version}"
        super().__init__("infra:service:ModelService", name)
        child = pulumi.ResourceOptions(parent=self)
        annotations = {**stack.annotations(version), **TAKEN_BACK}
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": name,
            "namespace": namespace,
            "labels": labels(api_version, version, stack),
            "annotations": annotations,
        }
        pods: k8s.meta.v1.LabelSelectorArgsDict = {
            "match_labels": selector(stack.project, api_version)
        }
        own: k8s.meta.v1.ObjectMetaArgsDict = {
            **metadata,
            "annotations": {**annotations, **version.service_account.annotations},
        }
        account = _account(version.service_account, own, child)
        spec: k8s.apps.v1.DeploymentSpecArgsDict = {
            "selector": pods,
            "strategy": {
                "type": "RollingUpdate",
                "rolling_update": {
                    "max_unavailable": version.rollout.max_unavailable,
                    "max_surge": version.rollout.max_surge,
                },
            },
            "min_ready_seconds": version.rollout.min_ready_seconds,
            "progress_deadline_seconds": version.progress_deadline_seconds,
            "revision_history_limit": 3,
            "template": pod(api_version, version, stack, account),
        }
        if version.fixed_replicas:  # or every deploy would undo what something else decided
            spec["replicas"] = version.fixed_replicas
        deployment = k8s.apps.v1.Deployment(
            name,
            metadata={
                **metadata,
                "labels": labels(api_version, version, stack) | of_release(version.release),
                "annotations": {
                    **annotations,
                    "pulumi.com/timeoutSeconds": str(version.rollout_seconds),
                },
            },
            spec=spec,
            # Whatever is there stays, also at the moment when something else begins to decide.
            opts=child if version.fixed_replicas else child.merge(LEFT_ALONE),
        )
        # On a first deploy it waits for pods, and would wait on when the Deployment has failed.
        patience = max(version.rollout_seconds, stack.front_seconds)
        service = k8s.core.v1.Service(
            name,
            metadata={
                **metadata,
                "annotations": {
                    **annotations,
                    **stack.config.load_balancer.all_annotations,
                    "pulumi.com/timeoutSeconds": str(patience),
                },
            },
            spec=_service(selector(stack.project, api_version), stack),
            opts=child,
        )
        if version.autoscaling:
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                name,
                metadata=metadata,
                spec=autoscaler(version.autoscaling, deployment.metadata.name),
                opts=child,
            )
        k8s.policy.v1.PodDisruptionBudget(
            name,
            metadata=metadata,
            # Not a minimum: with one replica that would keep its node from ever being drained;
            # nor may pods that don't answer anyway.
            spec={
                "max_unavailable": version.disruption.max_unavailable,
                "selector": pods,
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=child,
        )
        if stack.config.network.enforce:
            k8s.networking.v1.NetworkPolicy(
                name,
                metadata=metadata,
                spec={
                    "pod_selector": pods,
                    "policy_types": ["Ingress", "Egress"],
                    "ingress": ingress_rules(stack),
                    "egress": egress_rules(stack),
                },
                opts=child,
            )
        _monitoring(api_version, stack, metadata, child)
        self.name, self.deployment = service.metadata.name, deployment.metadata.name
        self.namespace, self.status = namespace, service.status
        self.register_outputs({"name": self.name, "deployment": self.deployment})


def _account(
    account: ServiceAccount, metadata: k8s.meta.v1.ObjectMetaArgsDict, opts: pulumi.ResourceOptions
) -> pulumi.Input[str]:
    """The name of the ServiceAccount of the pods: one that is there, or one without permissions."""
    if account.name:
        return account.name
    made = k8s.core.v1.ServiceAccount(
        str(metadata.get("name")),
        metadata=metadata,
        automount_service_account_token=False,
        opts=opts,
    )
    return made.metadata.name


def _service(pods: dict[str, str], stack: Stack) -> k8s.core.v1.ServiceSpecArgsDict:
    balancer = stack.config.load_balancer
    spec: k8s.core.v1.ServiceSpecArgsDict = {
        "type": "LoadBalancer" if stack.config.expose == "load_balancer" else "ClusterIP",
        "selector": pods,
        "ports": [{"name": "http", "port": 80, "target_port": "http"}],
    }
    if balancer.class_:
        spec["load_balancer_class"] = balancer.class_
    if balancer.source_ranges:
        spec["load_balancer_source_ranges"] = [*balancer.source_ranges]
    return spec


def _monitoring(
    api_version: str,
    stack: Stack,
    metadata: k8s.meta.v1.ObjectMetaArgsDict,
    opts: pulumi.ResourceOptions,
) -> None:
    """What Prometheus and Grafana are told of the pods, where the stack says so."""
    metrics, name = stack.config.metrics, f"{stack.project}-{api_version}"
    common = cast("dict[str, str]", metadata.get("labels"))
    own: k8s.meta.v1.ObjectMetaArgsDict = {**metadata, "labels": {**common, **metrics.labels}}
    specs: dict[str, dict[str, Any]] = {}
    if metrics.pod_monitor:
        specs["PodMonitor"] = {
            "selector": {"matchLabels": selector(stack.project, api_version)},
            "podMetricsEndpoints": [{"port": "metrics"}],
        }
    if metrics.rules:
        group = {"name": name, "rules": rules(name, stack.namespace.name)}
        specs["PrometheusRule"] = {"groups": [group]}
    for kind, spec in specs.items():
        k8s.apiextensions.CustomResource(
            name,
            api_version="monitoring.coreos.com/v1",
            kind=kind,
            metadata=own,
            spec=spec,
            opts=opts,
        )
    if metrics.dashboard:
        k8s.core.v1.ConfigMap(
            name,
            metadata={**metadata, "labels": {**common, **LABELS}},
            data=dashboard(name, stack.namespace.name),
            opts=opts,
        )
