"""What the program registers: invariants of every stack, and what a change leaves alone."""

import re
from pathlib import PurePosixPath
from typing import Any

import pytest

from infra.scheme import NAME
from tests import scheme
from tests.exposures import EXPOSURES, NAMESPACE, exposed
from tests.program import Program, Resource, changed
from tests.stacks import DEPRECATED, THREE, TWO, Stacks
from tests.support import ROOT

DIGEST = f"sha256:{'a' * 64}"
REGISTRY = {"repository": "oci://ghcr.io/you/charts", "version": "0.3.0"}
REPOSITORY = {"repository": "https://charts.example.org", "version": "0.3.0"}


def release(program: Program, version: str = "v1") -> Resource:
    """The Helm release of a version."""
    return program.one("Release", version)


def values(program: Program, version: str = "v1") -> dict[str, Any]:
    return release(program, version).inputs["values"]


@pytest.mark.parametrize("expose", EXPOSURES)
def test_each_version_is_a_helm_release_of_its_own_in_the_namespace(
    stacks: Stacks, expose: str
) -> None:
    program = exposed(stacks, expose)
    assert [each.name for each in program.of("Release")] == ["iris-v1", "iris-v2"]
    for each in program.of("Release"):
        assert (each.inputs["name"], each.inputs["namespace"]) == (each.name, "iris-dev")
        assert NAMESPACE in each.depends_on
        assert each.inputs["values"]["apiVersion"] == each.name.removeprefix("iris-")


def test_the_name_of_a_helm_release_fits_for_the_longest_project(stacks: Stacks) -> None:
    program = stacks.run({"v999": {"release": "1.0.0"}}, "s" * 16, "i" * 32)
    assert len(release(program, "v999").inputs["name"]) <= 53  # Helm's limit


@pytest.mark.parametrize("chart", [None, REGISTRY, REPOSITORY], ids=["folder", "oci", "https"])
def test_a_helm_release_is_installed_as_a_whole_or_taken_back(stacks: Stacks, chart: Any) -> None:
    for each in stacks.run(chart=chart).of("Release"):
        given = each.inputs
        assert (given["atomic"], given["cleanupOnFail"], given["maxHistory"]) == (True, True, 10)
        assert not given.keys() & {"skipAwait", "disableWebhooks", "skipCrds", "replace"}


def test_the_chart_is_the_folder_by_a_path_that_every_machine_has(two: Program) -> None:
    for each in two.of("Release"):
        path = PurePosixPath(each.inputs["chart"])
        assert not path.is_absolute()
        assert (ROOT / path / "Chart.yaml").is_file()
        # Else Helm would take it for the name of a chart in a repository.
        assert each.inputs["chart"].startswith("./")
        assert not each.inputs.keys() & {"version", "repositoryOpts"}


@pytest.mark.parametrize("end", ["", "/"])
def test_a_chart_in_a_registry_is_taken_by_address_and_version(stacks: Stacks, end: str) -> None:
    keys = REGISTRY | {"repository": REGISTRY["repository"] + end}
    for each in stacks.run(chart=keys).of("Release"):
        assert each.inputs["chart"] == "oci://ghcr.io/you/charts/iris"
        assert each.inputs["version"] == "0.3.0"
        assert "repositoryOpts" not in each.inputs


@pytest.mark.parametrize("end", ["", "/"])
def test_a_chart_in_a_repository_is_taken_by_name_and_version(stacks: Stacks, end: str) -> None:
    keys = REPOSITORY | {"repository": REPOSITORY["repository"] + end}
    for each in stacks.run(chart=keys).of("Release"):
        assert (each.inputs["chart"], each.inputs["version"]) == ("iris", "0.3.0")
        assert each.inputs["repositoryOpts"] == {"repo": "https://charts.example.org"}


@pytest.mark.parametrize("chart", [REGISTRY, REPOSITORY], ids=["oci", "https"])
def test_each_version_may_keep_a_chart_version_of_its_own(stacks: Stacks, chart: Any) -> None:
    versions = {"v1": TWO["v1"] | {"chart_version": "0.2.1"}, "v2": TWO["v2"]}
    before = stacks.run(versions, chart=chart)
    assert [each.inputs["version"] for each in before.of("Release")] == ["0.2.1", "0.3.0"]
    after = stacks.run(versions, chart=chart | {"version": "0.4.0"})
    assert changed(before, after) == {"Release iris-v2"}


def test_the_image_follows_the_release(stacks: Stacks) -> None:
    image = {"repository": "ghcr.io/you/iris", "pull_secrets": ["registry"]}
    versions = {"v1": TWO["v1"] | {"digest": DIGEST}, "v2": TWO["v2"]}
    program = stacks.run(versions, image=image)
    own = {"repository": "ghcr.io/you/iris", "pullSecrets": ["registry"]}
    assert values(program, "v1")["image"] == own | {"tag": "1.4.2", "digest": DIGEST}
    assert values(program, "v2")["image"] == own | {"tag": "2.0.0", "digest": ""}


def test_values_are_what_the_version_says(stacks: Stacks) -> None:
    own = {
        "resources": {"cpu": "2", "memory": "4Gi"},
        "rollout": {"max_unavailable": "50%", "max_surge": 3, "min_ready_seconds": 0},
        "drain": {"pre_stop_seconds": 3, "timeout_seconds": 1},
        "startup_seconds": 5,
        "env_from": {"secrets": ["tokens"], "config_maps": ["flags"]},
        "node_selector": {"node_pool": "gpu", "max_skew": "x"},
        "tolerations": [{"key": "spot"}, {"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
    }
    given = values(stacks.run_v1(**own))
    assert given["resources"] == own["resources"]
    assert given["rollout"] == {"maxUnavailable": "50%", "maxSurge": 3, "minReadySeconds": 0}
    assert given["drain"] == {"preStopSeconds": 3, "timeoutSeconds": 1}
    assert given["startupSeconds"] == 5
    assert given["envFrom"] == {"secrets": ["tokens"], "configMaps": ["flags"]}
    # A person's own keys stay as they are.
    assert given["nodeSelector"] == own["node_selector"]
    assert given["tolerations"] == own["tolerations"]


def test_a_limit_of_a_body_is_a_value_only_where_it_is_set(stacks: Stacks, two: Program) -> None:
    assert "maxBodyBytes" not in values(two)
    assert values(stacks.run_v1(max_body_bytes=2_000_000))["maxBodyBytes"] == 2_000_000


def test_replicas_are_the_versions_or_the_autoscalers(stacks: Stacks) -> None:
    scaling = {"min_replicas": 3, "max_replicas": 7, "cpu_percent": 50}
    versions = {"v1": TWO["v1"] | {"autoscaling": scaling}, "v2": TWO["v2"] | {"replicas": 4}}
    program = stacks.run(versions)
    own = {"enabled": True, "minReplicas": 3, "maxReplicas": 7, "cpuPercent": 50}
    assert values(program, "v1")["autoscaling"] == own
    assert "autoscaling" not in values(program, "v2")
    assert values(program, "v2")["replicas"] == 4


@pytest.mark.parametrize("expose", EXPOSURES)
def test_values_say_where_clients_call_and_who_may(stacks: Stacks, expose: str) -> None:
    given = values(exposed(stacks, expose))
    assert given["expose"] == {"load_balancer": "loadBalancer"}.get(expose, expose)
    assert (given["routing"]["by"], given["routing"]["host"]) == (NAME, scheme.host("v1"))
    fronts = {
        "gateway": {"gateway": {"name": "public", "namespace": "gateways", "https": True}},
        "ingress": {"ingress": {"className": "nginx", "tlsSecret": "iris-tls"}},
    }
    assert {key: given[key] for key in given.keys() & fronts} == fronts.get(expose, {})
    callers = {
        "gateway": ["gateways"],
        "ingress": ["ingress"],
        "load_balancer": [],
        "none": ["team-a", "team-b"],
    }
    assert given["network"] == {"allowFrom": callers[expose], "metricsFrom": []}


def test_the_gateways_proxies_may_be_elsewhere(stacks: Stacks) -> None:
    network = {"allow_from": ["envoy"], "metrics_from": ["monitoring"]}
    own = {"allowFrom": ["envoy"], "metricsFrom": ["monitoring"]}
    assert values(stacks.run(network=network))["network"] == own


@pytest.mark.parametrize("expose", EXPOSURES)
def test_values_of_one_version_hold_nothing_of_another(stacks: Stacks, expose: str) -> None:
    keys = EXPOSURES[expose]
    together = stacks.run(THREE, **keys)
    for version, own in THREE.items():
        default = {"default_version": version} if NAME == "header" else {}
        given = values(stacks.run({version: own}, **keys | default), version)
        if default and values(together, version)["routing"]["default"] is False:
            given["routing"]["default"] = False  # alone it has to be the default
        assert values(together, version) == given


def test_a_new_release_is_another_image_in_its_values(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"], "v2": {"release": "2.1.0"}})
    before, now = release(two, "v2").inputs, release(after, "v2").inputs
    assert {key for key in before if before[key] != now[key]} == {"values"}
    assert before["values"] | {"image": now["values"]["image"]} == now["values"]


def test_values_say_since_when_and_until_when_a_version_is_deprecated(
    stacks: Stacks, two: Program
) -> None:
    assert values(two)["deprecation"] == {"deprecatedOn": "", "sunset": "", "migrationUrl": ""}
    assert values(stacks.run_v1(**DEPRECATED))["deprecation"] == {
        "deprecatedOn": "2026-12-01",
        "sunset": "2027-03-31",
        "migrationUrl": "https://example.com/move#to-v2",
    }


def test_the_chart_has_the_name_under_which_it_is_published() -> None:
    chart = (ROOT / "chart/Chart.yaml").read_text("utf-8")
    project = (ROOT / "Pulumi.yaml").read_text("utf-8")
    name = r'^name: "?([a-z0-9-]+)"?$'
    own, published = (re.search(name, text, re.MULTILINE) for text in (chart, project))
    assert own
    assert published
    assert own[1] == published[1]
