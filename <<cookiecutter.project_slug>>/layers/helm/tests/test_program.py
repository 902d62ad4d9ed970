"""What the program registers: invariants of every stack, and what a change leaves alone."""

from pathlib import PurePosixPath
from typing import Any

import pytest

from infra.scheme import NAME
from tests import scheme
from tests.exposures import EXPOSURES, NAMESPACE, exposed
from tests.program import Program, Resource
from tests.stacks import THREE, TWO, Stacks
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


def test_the_chart_is_the_folder_by_a_path_that_every_machine_has(two: Program) -> None:
    for each in two.of("Release"):
        path = PurePosixPath(each.inputs["chart"])
        assert not path.is_absolute()
        assert (ROOT / path / "Chart.yaml").is_file()
        # Else Helm would take it for the name of a chart in a repository.
        assert each.inputs["chart"].startswith("./")
        assert not each.inputs.keys() & {"version", "repositoryOpts"}


def test_a_limit_of_a_body_is_a_value_only_where_it_is_set(stacks: Stacks, two: Program) -> None:
    assert "maxBodyBytes" not in values(two)
    assert values(stacks.run_v1(max_body_bytes=2_000_000))["maxBodyBytes"] == 2_000_000


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
