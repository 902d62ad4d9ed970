"""What the program registers: invariants of every stack, and what a change leaves alone."""

import re
from typing import Any

import pytest

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
    rule: dict[str, Any] = {"ports": [{"port": "http"}]}
    if expose != "load_balancer":
        allowed = network.get("allow_from", ["gateways"])
        key = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": allowed}
        rule["from"] = [{"namespaceSelector": {"matchExpressions": [key]}}]
    assert policy["ingress"] == [rule]


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
        annotations = ingress.inputs["metadata"]["annotations"]
        assert annotations["pulumi.com/skipAwait"] == "true"


@pytest.mark.parametrize("expose", EXPOSURES)
def test_what_somebody_changed_by_hand_does_not_block_the_next_deploy(
    stacks: Stacks, expose: str
) -> None:
    scaled = TWO | {"v1": TWO["v1"] | {"autoscaling": {}}}
    for each in exposed(stacks, expose, versions=scaled).resources:
        if not each.type.startswith("infra:"):
            assert each.inputs["metadata"]["annotations"]["pulumi.com/patchForce"] == "true", each
        for template in templates(each.inputs):  # or every pod would be replaced
            assert not [name for name in template["annotations"] if name.startswith("pulumi.com")]


@pytest.mark.parametrize("keys", [{"autoscaling": {}}, {"replicas": "external"}], ids=str)
def test_pods_that_run_stay_where_something_else_decides_on_their_number(
    stacks: Stacks, keys: dict[str, Any]
) -> None:
    program = stacks.run({"v1": TWO["v1"] | keys, "v2": TWO["v2"]})
    own, other = (program.one("Deployment", version) for version in TWO)
    assert "replicas" not in own.inputs["spec"]
    assert other.inputs["spec"]["replicas"] == 2
    # Without it Pulumi would take back what it once asked for, and one pod would be left.
    assert (own.options, other.options) == (("ignoreChanges",), ())


def balanced(stacks: Stacks, **keys: Any) -> Program:
    """A stack with load balancers, under the scheme that allows them."""
    return exposed(stacks, "load_balancer", load_balancer=keys)


@pytest.mark.skipif("load_balancer" not in EXPOSURES, reason="of the host scheme alone")
def test_a_load_balancer_is_public_unless_it_is_told_otherwise(stacks: Stacks) -> None:
    said = "v1: its load balancer is open to everybody, without TLS. To close it,"
    assert any(each.startswith(said) for each in balanced(stacks).warnings)
    for keys in ({"internal": True}, {"source_ranges": ["10.0.0.0/8"]}):
        assert not balanced(stacks, **keys).warnings


@pytest.mark.skipif("load_balancer" not in EXPOSURES, reason="of the host scheme alone")
def test_a_load_balancer_is_set_up_as_the_stack_says(stacks: Stacks) -> None:
    own = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "mine"}
    ranges = ["10.0.0.0/8"]
    keys = {"internal": True, "annotations": own, "class": "a.b/nlb", "source_ranges": ranges}
    service = balanced(stacks, **keys).one("Service", "v1").inputs
    annotations = service["metadata"]["annotations"]
    assert annotations.items() >= own.items()
    assert annotations["service.beta.kubernetes.io/azure-load-balancer-internal"] == "true"
    assert annotations["networking.gke.io/load-balancer-type"] == "Internal"
    assert service["spec"]["loadBalancerClass"] == "a.b/nlb"
    assert service["spec"]["loadBalancerSourceRanges"] == ranges


@pytest.mark.parametrize("expose", sorted(FRONTS.keys() & EXPOSURES.keys()))
def test_a_front_has_all_host_names_of_its_version(stacks: Stacks, expose: str) -> None:
    hosts = ["iris.example.org", "iris.internal"]
    several = {"host": None, "hosts": hosts}
    of_a_version = scheme.host("v1") != scheme.host("v2")
    own = {"v1": TWO["v1"] | several} if of_a_version else {"v1": TWO["v1"]}
    keys = {} if of_a_version else several
    program = exposed(stacks, expose, versions=own, **keys)
    front = spec(program, FRONTS[expose])
    named = front.get("hostnames") or [rule["host"] for rule in front["rules"]]
    assert named == hosts
    assert [each["hosts"] for each in front.get("tls", [])] in ([], [hosts])
    assert program.exports["v1_base_url"].startswith(f"https://{hosts[0]}")


@pytest.mark.skipif("ingress" not in EXPOSURES, reason="no Ingress routes by a header")
def test_an_ingress_tells_its_controller_more(stacks: Stacks) -> None:
    ingress = {"class_name": "alb", "annotations": {"alb.ingress.kubernetes.io/scheme": "internal"}}
    program = exposed(stacks, "ingress", ingress=ingress)
    annotations = program.one("Ingress", "v1").inputs["metadata"]["annotations"]
    assert annotations.items() >= ingress["annotations"].items()
    (service,) = (each for each in program.of("Service") if each.name.endswith("v1"))
    assert not ingress["annotations"].keys() & service.inputs["metadata"]["annotations"].keys()
