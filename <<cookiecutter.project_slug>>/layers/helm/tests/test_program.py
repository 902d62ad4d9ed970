"""What the program registers: invariants of every stack, and what a change leaves alone."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from infra import release as module
from infra.chart import CHART, defaults, digest
from infra.problems import mapping
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


def sent(program: Program, version: str = "v1") -> dict[str, Any]:
    """The values that the program sends."""
    return release(program, version).inputs["values"]


def values(program: Program, version: str = "v1") -> dict[str, Any]:
    """The values as the chart has them then."""
    return over(defaults(CHART), sent(program, version))


def over(base: Any, own: Any) -> Any:
    """Values, and of the base what they leave out."""
    if not isinstance(base, dict):
        return own
    return mapping(base) | {key: over(mapping(base).get(key), each) for key, each in own.items()}


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
    assert "maxBodyBytes" not in sent(two)
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
    for front, own in fronts.get(expose, {}).items():
        assert given[front].items() >= own.items()
    assert sent(exposed(stacks, expose)).keys() & fronts == fronts.get(expose, {}).keys()
    callers = {
        "gateway": ["gateways"],
        "ingress": ["ingress"],
        "load_balancer": [],
        "none": ["team-a", "team-b"],
    }
    assert given["network"] == defaults(CHART)["network"] | {"allowFrom": callers[expose]}


@pytest.mark.parametrize("expose", EXPOSURES)
def test_values_of_one_version_hold_nothing_of_another(stacks: Stacks, expose: str) -> None:
    keys = EXPOSURES[expose]
    together = stacks.run(THREE, **keys)
    for version, own in THREE.items():
        default: dict[str, Any] = {"default_version": version} if NAME == "header" else {}
        given = values(stacks.run({version: own}, **keys | default), version)
        if default and values(together, version)["routing"]["default"] is False:
            given["routing"]["default"] = False  # alone it has to be the default
        assert values(together, version) == given


def test_a_new_release_is_another_image_in_its_values(stacks: Stacks, two: Program) -> None:
    after = stacks.run({"v1": TWO["v1"], "v2": {"release": "2.1.0"}})
    before, now = release(two, "v2").inputs, release(after, "v2").inputs
    assert {key for key in before if before[key] != now[key]} == {"description", "values"}
    assert before["values"] | {"image": now["values"]["image"]} == now["values"]


# What is sent to a chart


def leaves(node: Mapping[str, Any], *place: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value by its place."""
    for key, each in node.items():
        if isinstance(each, dict) and each:
            yield from leaves(mapping(each), *place, key)
        else:
            yield (*place, key), each


@pytest.mark.parametrize("expose", EXPOSURES)
def test_no_default_of_the_chart_is_sent_but_the_api_version(stacks: Stacks, expose: str) -> None:
    own = dict(leaves(defaults(CHART)))
    for place, value in leaves(sent(exposed(stacks, expose))):
        assert place == ("apiVersion",) or own.get(place) != value, place


def test_a_chart_from_elsewhere_is_sent_all_that_the_stack_file_says_of_pods(
    stacks: Stacks,
) -> None:
    written = {"replicas": 2, "drain": {"timeout_seconds": 20}, "tolerations": []}
    program = stacks.run({"v1": TWO["v1"] | written, "v2": TWO["v2"]}, chart=REGISTRY)
    pods = {"replicas": 2, "drain": {"timeoutSeconds": 20}, "tolerations": []}
    assert pods.items() <= sent(program).items()
    known = {"apiVersion", "image", "expose", "gateway", "routing", "network"}
    assert sent(program).keys() - pods.keys() == sent(program, "v2").keys() == known
    assert sent(program)["image"] == {"repository": "registry.example.org/iris", "tag": "1.4.2"}


# What the folder is known by


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the chart, which the program takes for it."""
    copy = shutil.copytree(CHART, tmp_path / "chart")
    monkeypatch.setattr(module, "CHART", copy)
    return copy


def described(stacks: Stacks) -> str:
    return release(stacks.run()).inputs["description"]


def test_an_edited_chart_is_another_description_of_every_release_and_nothing_else(
    stacks: Stacks, two: Program, chart: Path
) -> None:
    path = chart / "templates/networkpolicy.yaml"
    path.write_text(path.read_text("utf-8") + "# and more\n", "utf-8")
    after = stacks.run()
    for version in TWO:
        before, now = release(two, version).inputs, release(after, version).inputs
        assert {key for key in before if before[key] != now[key]} == {"description"}
        known_by = f"{version} {TWO[version]['release']}, chart {digest(chart)[:12]}"
        assert now["description"] == known_by


def test_a_chart_is_known_by_names_and_bytes_of_all_but_hidden_files(
    stacks: Stacks, chart: Path
) -> None:
    before = described(stacks)
    (chart / "templates/service.yaml").chmod(0o755)
    for name in (".swap", "templates/.service.yaml.swp", ".git/HEAD"):
        (chart / name).parent.mkdir(exist_ok=True)
        (chart / name).write_text("Helm reads none of these.", "utf-8")
    assert described(stacks) == before
    (chart / "templates/service.yaml").rename(chart / "templates/services.yaml")
    renamed = described(stacks)
    (chart / "crds").mkdir()
    (chart / "crds/more.yaml").write_text("", "utf-8")
    assert len({before, renamed, described(stacks)}) == 3


def test_a_default_that_is_edited_is_sent_where_the_stack_file_means_another(
    stacks: Stacks, chart: Path
) -> None:
    path = chart / "values.yaml"
    path.write_text(path.read_text("utf-8").replace("replicas: 2", "replicas: 3"), "utf-8")
    assert sent(stacks.run())["replicas"] == 2
    assert "replicas" not in sent(stacks.run_v1(replicas=3))


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_chart_that_knows_less_is_sent_no_default(
    stacks: Stacks, chart: Path, expose: str
) -> None:
    (chart / "values.yaml").write_text("apiVersion: v1\n", "utf-8")
    scaled = {"v1": TWO["v1"] | {"autoscaling": {}}, "v2": TWO["v2"]}
    program = exposed(stacks, expose, versions=scaled)
    known = {"apiVersion", "image", "expose", "routing", "network", "gateway", "ingress"}
    assert sent(program).keys() - known == {"autoscaling"}
    assert sent(program)["autoscaling"] == {"enabled": True}
    assert not sent(program, "v2").keys() - known
    assert sent(program).get("network", {}).keys() <= {"allowFrom"}
    assert "annotations" not in sent(program).get("ingress", {})


def test_a_chart_from_elsewhere_is_known_by_its_version(stacks: Stacks) -> None:
    for chart in (REGISTRY, REPOSITORY):
        assert "description" not in release(stacks.run(chart=chart)).inputs
