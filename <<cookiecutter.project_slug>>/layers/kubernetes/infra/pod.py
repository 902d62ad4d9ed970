"""The pods of one API version: what they run, when they are ready, and how they end."""

import pulumi
import pulumi_kubernetes as k8s

from infra.cluster import Stack
from infra.labels import labels, of_release, selector
from infra.version import Version
from infra.workload import EnvFrom, Toleration

PORTS = {"http": 8080, "metrics": 9090}
USER = 10001  # as in the Dockerfile
# Seconds between two probes, and how many of them may fail.
READINESS_PERIOD, LIVENESS_PERIOD, FAILURES = 2, 10, 3


def pod(
    api_version: str, version: Version, stack: Stack, account: pulumi.Input[str]
) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """The template of the pods."""
    drain = version.drain
    return {
        "metadata": {
            "labels": labels(stack.project, api_version) | of_release(version.release),
            "annotations": {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": str(PORTS["metrics"]),
            },
        },
        "spec": {
            "service_account_name": account,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "image_pull_secrets": [{"name": name} for name in stack.config.image.pull_secrets],
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": USER,
                "run_as_group": USER,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
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
            "tolerations": [_toleration(each) for each in version.tolerations],
            # The one place where the server, or your model, may write.
            "volumes": [{"name": "tmp", "empty_dir": {"size_limit": "64Mi"}}],
            "containers": [_container(api_version, version, stack)],
        },
    }


def _container(api_version: str, version: Version, stack: Stack) -> k8s.core.v1.ContainerArgsDict:
    return {
        "name": "server",
        "image": version.image(stack.config.image.repository),
        "image_pull_policy": "IfNotPresent",
        "ports": [{"name": name, "container_port": port} for name, port in PORTS.items()],
        "env": [
            {"name": name, "value": value}
            for name, value in _environment(api_version, version).items()
        ],
        "env_from": _env_from(version.env_from),
        "resources": {
            "requests": {"cpu": version.resources.cpu, "memory": version.resources.memory},
            # No limit on processors: what nobody else needs may be used.
            "limits": {"memory": version.resources.memory},
        },
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
        "volume_mounts": [{"name": "tmp", "mount_path": "/tmp"}],  # noqa: S108 (of the pod alone)
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _env_from(sources: EnvFrom) -> list[k8s.core.v1.EnvFromSourceArgsDict]:
    secrets: list[k8s.core.v1.EnvFromSourceArgsDict] = [
        {"secret_ref": {"name": name}} for name in sources.secrets
    ]
    return [*secrets, *({"config_map_ref": {"name": name}} for name in sources.config_maps)]


def _toleration(toleration: Toleration) -> k8s.core.v1.TolerationArgsDict:
    own: k8s.core.v1.TolerationArgsDict = {"key": toleration.key, "operator": "Exists"}
    if toleration.value is not None:
        own |= {"operator": "Equal", "value": toleration.value}
    return own | ({"effect": toleration.effect} if toleration.effect else {})


def _environment(api_version: str, version: Version) -> dict[str, str]:
    """What `serving/release.py` and `serving/options.py` read."""
    return version.environment(api_version) | {
        # Where the probes and the Service look, whatever env_from says.
        "HOST": "0.0.0.0",  # noqa: S104 (of the pod, whose NetworkPolicy says who gets there)
        "DUAL_STACK": "1",  # releases that know it listen on IPv6 too
        "PORT": str(PORTS["http"]),
        "METRICS_PORT": str(PORTS["metrics"]),
        "DRAIN_SECONDS": "0",  # preStop has waited already
        "SHUTDOWN_SECONDS": str(version.drain.timeout_seconds),
    }
