"""What the program registers: invariants of every stack, and what a change leaves alone."""

import re
from typing import Any

import pytest

from infra.version import PULUMI_SECONDS
from serving.options import Options
from serving.release import Release
from tests import scheme
from tests.exposures import EXPOSURES, NAMESPACE, exposed
from tests.program import Program
from tests.stacks import DEPRECATED, TWO, Stacks
from tests.support import BUILD, ROOT

# The front of each exposure, by kind.
FRONTS = {"gateway": "HTTPRoute", "ingress": "Ingress"}


def selector(version: str) -> dict[str, str]:
    """What finds the pods of a version."""
    return {
        "app.kubernetes.io/name": "iris",
        "app.kubernetes.io/instance": f"iris-{version}",
        "api-version": version,
    }


V1 = selector("v1")


def spec(program: Program, kind: str, version: str = "v1") -> dict[str, Any]:
    return program.one(kind, version).inputs["spec"]


def pod(program: Program, version: str = "v1") -> dict[str, Any]:
    return spec(program, "Deployment", version)["template"]["spec"]


def container(program: Program, version: str = "v1") -> dict[str, Any]:
    (only,) = pod(program, version)["containers"]
    return only


def environment(program: Program, version: str = "v1") -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(program, version)["env"]}


@pytest.mark.parametrize("expose", EXPOSURES)
def test_every_object_stands_in_the_namespace_under_the_name_of_its_version(
    stacks: Stacks, expose: str
) -> None:
    for each in exposed(stacks, expose).resources:
        if each.type.startswith("infra:") or each.kind == "Namespace":
            continue
        metadata, version = each.inputs["metadata"], each.name.removeprefix("iris-")
        assert version in TWO
        assert (metadata["namespace"], metadata["name"]) == ("iris-dev", each.name)
        assert metadata["labels"].items() >= selector(version).items()
        assert NAMESPACE in each.depends_on


def test_names_fit_their_limits_for_the_longest_project_and_stack(stacks: Stacks) -> None:
    program = stacks.run({"v999": {"release": "1.0.0"}}, "s" * 16, "i" * 32)
    for each in program.resources:
        for metadata in (each.inputs.get("metadata", {}), *templates(each.inputs)):
            names = [metadata[key] for key in ("name", "namespace") if key in metadata]
            for name in (*names, *metadata.get("labels", {}).values()):
                assert re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?", name)


def templates(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """What the pods of a Deployment carry; of anything else nothing."""
    template = inputs.get("spec", {}).get("template")
    return [template["metadata"]] if template else []


def test_a_pod_runs_what_its_version_says(stacks: Stacks) -> None:
    image = {"repository": "ghcr.io/you/iris", "pull_secrets": ["registry"]}
    own = {
        "resources": {"cpu": "2", "memory": "4Gi"},
        "env_from": {"secrets": ["tokens"], "config_maps": ["flags"]},
        "node_selector": {"node_pool": "gpu", "max_skew": "x"},
        "tolerations": [
            {"key": "spot"},
            {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
        ],
    }
    program = stacks.run({"v1": TWO["v1"] | own, "v2": TWO["v2"]}, image=image)
    server = container(program)
    assert (server["image"], server["imagePullPolicy"]) == (
        "ghcr.io/you/iris:1.4.2",
        "IfNotPresent",
    )
    assert server["resources"] == {
        "requests": {"cpu": "2", "memory": "4Gi"},
        "limits": {"memory": "4Gi"},
    }
    assert server["envFrom"] == [
        {"secretRef": {"name": "tokens"}},
        {"configMapRef": {"name": "flags"}},
    ]
    assert pod(program)["imagePullSecrets"] == [{"name": "registry"}]
    assert pod(program)["nodeSelector"] == {"node_pool": "gpu", "max_skew": "x"}
    assert pod(program)["tolerations"] == [
        {"key": "spot", "operator": "Exists"},
        {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
    ]
    other = pod(program, "v2")
    assert not other["nodeSelector"]
    assert not other["tolerations"]
    assert not container(program, "v2")["envFrom"]


def test_a_digest_settles_which_image_that_is(stacks: Stacks) -> None:
    digest = f"sha256:{'a' * 64}"
    program = stacks.run_v1(digest=digest)
    assert container(program)["image"] == f"registry.example.org/iris:1.4.2@{digest}"


def test_a_release_is_told_what_it_is_in_words_that_it_understands(stacks: Stacks) -> None:
    program = stacks.run({BUILD.api_version: {"release": BUILD.release}})
    told = environment(program, BUILD.api_version)
    assert Release.load(told) == Release(BUILD)
    options = Options.load(told)
    assert (options.drain_seconds, options.shutdown_seconds) == (0, 20)
    assert options.host == "0.0.0.0"  # noqa: S104 (of the pod)
    ports = {each["name"]: each["containerPort"] for each in container(program)["ports"]}
    assert ports == {"http": options.port, "metrics": options.metrics_port}


def test_a_deprecated_release_is_told_since_when_and_until_when(stacks: Stacks) -> None:
    program = stacks.run({BUILD.api_version: {"release": BUILD.release} | DEPRECATED})
    headers = dict(Release.load(environment(program, BUILD.api_version)).headers())
    assert headers["Deprecation"] == "@1796083200"
    assert headers["Sunset"] == "Wed, 31 Mar 2027 00:00:00 GMT"
    assert "https://example.com/move#to-v2" in headers["Link"]


@pytest.mark.parametrize("limit", [1_024, 100_000_000])
def test_a_release_is_told_how_large_a_body_may_be(stacks: Stacks, limit: int) -> None:
    own = {"release": BUILD.release, "max_body_bytes": limit}
    told = environment(stacks.run({BUILD.api_version: own}), BUILD.api_version)
    assert Release.load(told) == Release(BUILD, max_body_bytes=limit)


def test_where_no_limit_of_a_body_is_set_none_is_sent(two: Program) -> None:
    assert "MAX_BODY_BYTES" not in environment(two)


def test_the_pod_agrees_with_the_image(two: Program) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    ports = " ".join(str(each["containerPort"]) for each in container(two)["ports"])
    user = pod(two)["securityContext"]
    assert f"\nEXPOSE {ports}\n" in dockerfile
    assert f"\nUSER {user['runAsUser']}:{user['runAsGroup']}\n" in dockerfile


def test_a_pod_that_goes_is_given_the_time_that_its_requests_need(stacks: Stacks) -> None:
    for before, after in ((3, 1), (5, 20), (120, 600)):
        drain = {"pre_stop_seconds": before, "timeout_seconds": after}
        program = stacks.run_v1(drain=drain)
        assert container(program)["lifecycle"] == {"preStop": {"sleep": {"seconds": before}}}
        options = Options.load(environment(program))
        assert (options.drain_seconds, options.shutdown_seconds) == (0, after)
        assert pod(program)["terminationGracePeriodSeconds"] == before + after + 5


def test_a_model_may_load_for_as_long_as_its_version_says(stacks: Stacks) -> None:
    for seconds in (5, 120, 420):
        probe = container(stacks.run_v1(startup_seconds=seconds))["startupProbe"]
        assert probe["httpGet"] == {"path": "/readyz", "port": "http"}
        assert probe["failureThreshold"] * probe["periodSeconds"] == seconds


def test_a_pod_without_answers_loses_requests_first_and_its_life_later(two: Program) -> None:
    ready, live = container(two)["readinessProbe"], container(two)["livenessProbe"]
    assert ready["httpGet"] == {"path": "/readyz", "port": "http"}
    assert live["httpGet"] == {"path": "/livez", "port": "http"}
    assert ready["failureThreshold"] * ready["periodSeconds"] == 6
    assert live["failureThreshold"] * live["periodSeconds"] == 30


def test_a_rollout_takes_no_pod_away_before_another_one_answers(two: Program) -> None:
    deployment = spec(two, "Deployment")
    rolling = {"maxUnavailable": 0, "maxSurge": "25%"}
    assert deployment["strategy"] == {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert deployment["minReadySeconds"] == 5


def test_a_rollout_is_what_its_version_says(stacks: Stacks) -> None:
    rollout = {"max_unavailable": "50%", "max_surge": 3, "min_ready_seconds": 0}
    deployment = spec(stacks.run_v1(rollout=rollout), "Deployment")
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": "50%", "maxSurge": 3}
    assert deployment["minReadySeconds"] == 0


@pytest.mark.parametrize("startup", [5, 420])
def test_a_rollout_that_hangs_is_named_before_pulumi_gives_up(stacks: Stacks, startup: int) -> None:
    rollout = {"min_ready_seconds": 60}
    deployment = spec(stacks.run_v1(startup_seconds=startup, rollout=rollout), "Deployment")
    assert startup + 60 < deployment["progressDeadlineSeconds"] < PULUMI_SECONDS


def test_what_finds_the_pods_is_app_and_api_version_only(two: Program) -> None:
    deployment = spec(two, "Deployment")
    assert deployment["selector"] == {"matchLabels": V1}
    assert spec(two, "Service")["selector"] == V1
    assert spec(two, "NetworkPolicy")["podSelector"] == {"matchLabels": V1}
    assert deployment["template"]["metadata"]["labels"].items() >= V1.items()
    for spread in pod(two)["topologySpreadConstraints"]:
        assert spread["labelSelector"] == {"matchLabels": V1}


def test_pods_are_spread_over_zones_and_nodes_where_there_are_several(two: Program) -> None:
    constraints = pod(two)["topologySpreadConstraints"]
    assert [(each["topologyKey"], each["whenUnsatisfiable"]) for each in constraints] == [
        ("topology.kubernetes.io/zone", "ScheduleAnyway"),
        ("kubernetes.io/hostname", "ScheduleAnyway"),
    ]


def test_a_pod_can_do_nothing_but_serve(two: Program) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, restricted."""
    assert pod(two)["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container(two)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(two)["serviceAccountName"] == "iris-v1"
    assert pod(two)["automountServiceAccountToken"] is False
    assert two.one("ServiceAccount", "v1").inputs["automountServiceAccountToken"] is False
    assert pod(two)["enableServiceLinks"] is False


def test_replicas_are_the_versions_or_the_autoscalers(stacks: Stacks) -> None:
    scaling = {"min_replicas": 3, "max_replicas": 7, "cpu_percent": 50}
    versions = {"v1": TWO["v1"] | {"autoscaling": scaling}, "v2": TWO["v2"] | {"replicas": 4}}
    program = stacks.run(versions)
    assert "replicas" not in spec(program, "Deployment", "v1")
    assert spec(program, "Deployment", "v2")["replicas"] == 4
    (scaler,) = program.of("HorizontalPodAutoscaler")
    assert (scaler.name, scaler.parent) == ("iris-v1", "infra:service:ModelService::iris-v1")
    target = {"type": "Utilization", "averageUtilization": 50}
    assert scaler.inputs["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "iris-v1"},
        "minReplicas": 3,
        "maxReplicas": 7,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }


def test_a_node_can_be_drained_whatever_runs_there(stacks: Stacks) -> None:
    for keys in ({"replicas": 1}, {"autoscaling": {"min_replicas": 1}}, {"replicas": 9}):
        budget = spec(stacks.run_v1(**keys), "PodDisruptionBudget")
        assert budget == {
            "selector": {"matchLabels": V1},
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        }


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_service_has_an_address_outside_the_cluster_only_where_that_is_asked_for(
    stacks: Stacks, expose: str
) -> None:
    service = spec(exposed(stacks, expose), "Service")
    assert service["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]
    assert service["type"] == ("LoadBalancer" if expose == "load_balancer" else "ClusterIP")


@pytest.mark.parametrize("expose", EXPOSURES)
def test_only_the_front_may_ask_for_predictions(stacks: Stacks, expose: str) -> None:
    network: dict[str, Any] = EXPOSURES[expose].get("network", {})
    policy = spec(exposed(stacks, expose), "NetworkPolicy")
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    if expose == "load_balancer":
        assert policy["ingress"] == [{"ports": [{"port": "http"}]}]
    else:
        allowed = network.get("allow_from", ["gateways"])
        assert policy["ingress"] == [{"from": namespaces(*allowed), "ports": [{"port": "http"}]}]


def test_the_gateways_proxies_may_be_elsewhere(stacks: Stacks) -> None:
    program = stacks.run(network={"allow_from": ["envoy"]})
    (rule,) = spec(program, "NetworkPolicy")["ingress"]
    assert rule["from"] == namespaces("envoy")


def test_the_monitoring_may_read_metrics_and_nothing_else(stacks: Stacks) -> None:
    _, rule = spec(stacks.run(network={"metrics_from": ["monitoring"]}), "NetworkPolicy")["ingress"]
    assert rule == {"from": namespaces("monitoring"), "ports": [{"port": "metrics"}]}


def test_pods_may_ask_for_names_and_nothing_else(two: Program) -> None:
    system = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    assert spec(two, "NetworkPolicy")["egress"] == [
        {
            "to": [{"namespaceSelector": system}],
            "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
        }
    ]


def namespaces(*names: str) -> list[dict[str, Any]]:
    """These namespaces, in the words of a NetworkPolicy."""
    key = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": [*names]}
    return [{"namespaceSelector": {"matchExpressions": [key]}}]


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_route_takes_what_belongs_to_its_version_and_nothing_else(
    stacks: Stacks, expose: str
) -> None:
    program = exposed(stacks, expose)
    assert {each.kind for each in program.resources} & {*FRONTS.values()} == {
        *filter(None, [FRONTS.get(expose)])
    }
    for version in TWO:
        host, name = scheme.host(version) if expose in FRONTS else "", f"iris-{version}"
        if expose == "gateway":
            backends = [{"name": name, "port": 80}]
            assert spec(program, "HTTPRoute", version) == {
                "parentRefs": [{"name": "public", "namespace": "gateways"}],
                "hostnames": [host],
                "rules": [{"matches": scheme.matches(version), "backendRefs": backends}],
            }
        if expose == "ingress":
            backend = {"service": {"name": name, "port": {"name": "http"}}}
            path = scheme.path(version) or "/"
            paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
            assert spec(program, "Ingress", version) == {
                "ingressClassName": "nginx",
                "rules": [{"host": host, "http": {"paths": paths}}],
                "tls": [{"hosts": [host], "secretName": "iris-tls"}],
            }


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_route_is_made_when_its_service_has_pods(stacks: Stacks, expose: str) -> None:
    for route in exposed(stacks, expose).resources:
        if route.kind in FRONTS.values():
            assert f"kubernetes:core/v1:Service::{route.name}" in route.depends_on


@pytest.mark.parametrize("expose", EXPOSURES)
def test_pulumi_does_not_wait_for_a_status_that_not_every_controller_writes(
    stacks: Stacks, expose: str
) -> None:
    for ingress in exposed(stacks, expose).of("Ingress"):
        assert ingress.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_a_new_release_is_another_image_for_the_same_pods(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"], "v2": {"release": "2.1.0"}})
    assert spec(two, "Deployment", "v2")["selector"] == spec(after, "Deployment", "v2")["selector"]
    assert container(after, "v2")["image"] == "registry.example.org/iris:2.1.0"
    labels = after.one("Deployment", "v2").inputs["metadata"]["labels"]
    assert labels["app.kubernetes.io/version"] == "2.1.0"


def test_what_somebody_changed_by_hand_does_not_block_the_next_deploy(two: Program) -> None:
    annotations = two.one("Deployment", "v1").inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/patchForce"] == "true"


def test_a_route_hangs_on_one_listener_where_that_is_said(stacks: Stacks) -> None:
    gateway = {"name": "public", "namespace": "gateways"}
    program = stacks.run(gateway=gateway | {"listener": "https"})
    assert spec(program, "HTTPRoute")["parentRefs"] == [gateway | {"sectionName": "https"}]


def test_a_pod_may_write_to_tmp_and_nowhere_else(two: Program) -> None:
    (mount,) = container(two)["volumeMounts"]
    assert mount == {"name": "tmp", "mountPath": "/tmp"}  # noqa: S108 (of the pod)
    assert pod(two)["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]
    assert container(two)["securityContext"]["readOnlyRootFilesystem"] is True
