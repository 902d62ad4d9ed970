"""The pods of one API version: what they run, when they are ready, and how they end."""

import pulumi
import pulumi_kubernetes as k8s

from infra.cluster import Stack
from infra.labels import labels, of_release, selector
from infra.more import with_more
from infra.version import Version
from infra.volumes import volume_mounts, volumes
from infra.workload import EnvFrom, Resources, Toleration, with_dead_nodes

PORTS = {"http": 8080, "metrics": 9090}
# Seconds between two probes, and how many of them may fail.
READINESS_PERIOD, LIVENESS_PERIOD, FAILURES = 2, 10, 3


def pod(
    api_version: str, version: Version, stack: Stack, account: pulumi.Input[str]
) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """The template of the pods."""
    return {
        "metadata": {
            "labels": labels(api_version, version, stack) | of_release(version.release),
            "annotations": {**stack.annotations(version), **_scraped(stack)},
        },
        "spec": with_more(_spec(api_version, version, stack, account), version.pod),
    }


def _scraped(stack: Stack) -> dict[str, str]:
    """What a Prometheus finds pods by: only where somebody is let in to read the metrics."""
    if stack.config.metrics.pod_monitor or not stack.config.network.metrics_from:
        return {}
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORTS["metrics"])}


def _spec(
    api_version: str, version: Version, stack: Stack, account: pulumi.Input[str]
) -> k8s.core.v1.PodSpecArgsDict:
    drain = version.drain
    spec: k8s.core.v1.PodSpecArgsDict = {
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "image_pull_secrets": [{"name": name} for name in stack.config.image.pull_secrets],
        "security_context": _identity(version),
        # preStop, then what is in flight, and a reserve for the interpreter to end.
        "termination_grace_period_seconds": drain.pre_stop_seconds + drain.timeout_seconds + 5,
        "topology_spread_constraints": [
            {
                "max_skew": 1,
                "topology_key": key,
                "when_unsatisfiable": "ScheduleAnyway",
                "label_selector": {"match_labels": selector(stack.project, api_version)},
                # Spread each release by itself: the pods of the old one are about to go.
                "match_label_keys": ["pod-template-hash"],
            }
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ],
        "node_selector": version.node_selector,
        "tolerations": [_toleration(each) for each in with_dead_nodes(version.tolerations)],
        "volumes": volumes(version),
        "containers": [_container(api_version, version, stack)],
    }
    if version.runtime_class:
        spec["runtime_class_name"] = version.runtime_class
    if version.priority_class:
        spec["priority_class_name"] = version.priority_class
    return spec


def _identity(version: Version) -> k8s.core.v1.PodSecurityContextArgsDict:
    """Who the processes of a pod are."""
    own: k8s.core.v1.PodSecurityContextArgsDict = {
        "run_as_non_root": True,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
    if isinstance(user := version.run_as_user, int):  # else the cluster says
        own |= {"run_as_user": user, "run_as_group": user}
        if not all(each.is_read_only for each in version.mounts):
            own["fs_group"] = user  # or the volume would be root's alone
    return own


def _container(api_version: str, version: Version, stack: Stack) -> k8s.core.v1.ContainerArgsDict:
    own = dict(sorted(version.env.items()))
    return {
        "name": "server",
        "image": version.image(stack.config.image.repository),
        "image_pull_policy": "IfNotPresent",
        "ports": [{"name": name, "container_port": port} for name, port in PORTS.items()],
        "env": [
            {"name": name, "value": value}
            for name, value in (own | _environment(api_version, version, stack)).items()
        ],
        "env_from": _env_from(version.env_from),
        "resources": _resources(version.resources),
        # As long as the model loads, nothing but this probe looks: startup_seconds in all.
        "startup_probe": {
            "http_get": {"path": "/readyz", "port": "http"},
            "period_seconds": 1,
            "failure_threshold": version.startup_seconds,
            "timeout_seconds": 1,
        },
        # Not ready: no new requests for this pod; after 3 failures, 6 s.
        "readiness_probe": {
            "http_get": {"path": "/readyz", "port": "http"},
            "period_seconds": READINESS_PERIOD,
            "failure_threshold": FAILURES,
            "timeout_seconds": 2,
        },
        # Not alive: the container starts anew; after 3 failures, 30 s.
        "liveness_probe": {
            "http_get": {"path": "/livez", "port": "http"},
            "period_seconds": LIVENESS_PERIOD,
            "failure_threshold": FAILURES,
            "timeout_seconds": 5,
        },
        # The front needs a moment to learn that this pod goes: until then the server goes on.
        "lifecycle": {"pre_stop": {"sleep": {"seconds": version.drain.pre_stop_seconds}}},
        "volume_mounts": volume_mounts(version),
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _resources(own: Resources) -> k8s.core.v1.ResourceRequirementsArgsDict:
    requests = {"cpu": own.cpu, "memory": own.memory}
    # No limit on processors unless asked for: what nobody else needs may be used.
    limits = {"memory": own.memory} | {name: str(count) for name, count in own.devices.items()}
    if own.cpu_limit:
        limits["cpu"] = own.cpu_limit
    if own.ephemeral_storage:
        requests["ephemeral-storage"] = limits["ephemeral-storage"] = own.ephemeral_storage
    return {"requests": requests, "limits": limits}


def _env_from(sources: EnvFrom) -> list[k8s.core.v1.EnvFromSourceArgsDict]:
    secrets: list[k8s.core.v1.EnvFromSourceArgsDict] = [
        {"secret_ref": {"name": name}} for name in sources.secrets
    ]
    return [*secrets, *({"config_map_ref": {"name": name}} for name in sources.config_maps)]


def _toleration(toleration: Toleration) -> k8s.core.v1.TolerationArgsDict:
    own: k8s.core.v1.TolerationArgsDict = {"key": toleration.key, "operator": "Exists"}
    if toleration.value is not None:
        own |= {"operator": "Equal", "value": toleration.value}
    if toleration.effect:
        own |= {"effect": toleration.effect}
    if toleration.seconds is not None:
        own |= {"toleration_seconds": toleration.seconds}
    return own


def _environment(api_version: str, version: Version, stack: Stack) -> dict[str, str]:
    """What `serving/release.py` and `serving/options.py` read."""
    own = version.environment(api_version) | {
        # Where the probes and the Service look, whatever env_from says.
        "HOST": "0.0.0.0",  # noqa: S104 (of the pod, whose NetworkPolicy says who gets there)
        "DUAL_STACK": "1",  # releases that know it listen on IPv6 too
        "PORT": str(PORTS["http"]),
        "METRICS_PORT": str(PORTS["metrics"]),
        "DRAIN_SECONDS": "0",  # preStop has waited already
        "SHUTDOWN_SECONDS": str(version.drain.timeout_seconds),
    }
    if stack.config.client_header:
        own |= {
            "CLIENT_HEADER": stack.config.client_header,
            "CLIENTS": ",".join(stack.config.clients),
        }
    return own
