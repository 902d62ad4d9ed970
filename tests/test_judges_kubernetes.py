"""What a project on Kubernetes would deploy, before judges that know every object and field."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.conftest import Bake, baker
from tests.judges import TABLES, UNDER_RULES, checkov, hadolint
from tests.programs import exposures_of, programs
from tests.project import QUESTIONS, judged_by

# preStop.sleep is taken without being asked for from 1.30 on.
OLDEST = "1.30"
NEWEST = ".".join(kubernetes_validate.latest_version().split(".")[:2])
KINDS = {*TABLES["kinds"], "Namespace"}
# Its schema is the Gateway's, not the cluster's; a real one takes it in test_cluster.py.
ROUTES = {"gateway": {"HTTPRoute"}, "ingress": {"Ingress"}}


@pytest.fixture(scope="session", params=QUESTIONS["versioning"])
def objects(
    request: pytest.FixtureRequest, cookies_session: Any, prepared: Callable[[str], Path]
) -> dict[str, list[dict[str, Any]]]:
    """All objects of a stack with a version of each state, by exposure, under every scheme."""
    project = baker(cookies_session)(target="kubernetes", versioning=request.param)
    python = prepared("kubernetes") / ".venv/bin/python"
    exposures = exposures_of(project, python).items()
    several = {
        name: keys | UNDER_RULES | {"network": keys.get("network", {}) | UNDER_RULES["network"]}
        for name, keys in exposures
    }
    stacks = programs(project, python, several)
    return {
        expose: [
            each["inputs"] for each in stack["resources"] if each["type"].startswith("kubernetes:")
        ]
        for expose, stack in stacks.items()
    }


def judged(each: dict[str, Any], minor: str) -> str:
    """What is wrong with an object for a cluster of a minor version of Kubernetes."""
    try:
        kubernetes_validate.validate(each, minor, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{each['kind']} {each['metadata']['name']}: {error.message}"
    return ""


@pytest.mark.parametrize("minor", [OLDEST, NEWEST])
def test_a_cluster_knows_every_field(objects: dict[str, Any], minor: str) -> None:
    for expose, several in objects.items():
        assert {each["kind"] for each in several} == KINDS | ROUTES.get(expose, set())
        for each in several:
            if each["kind"] != "HTTPRoute":
                assert judged(each, minor) == ""


def without_theirs(thing: dict[str, Any]) -> dict[str, Any]:
    """An object without the containers that its owner adds by `pod`: not ours to judge."""
    if thing["kind"] != "Deployment":
        return thing
    own = copy.deepcopy(thing)
    pod = own["spec"]["template"]["spec"]
    pod.pop("initContainers", None)
    pod["containers"] = [each for each in pod["containers"] if each["name"] == "server"]
    return own


def test_a_judge_of_objects_would_notice(objects: dict[str, Any]) -> None:
    (deployment, *_) = (each for each in objects["none"] if each["kind"] == "Deployment")
    broken = without_theirs(deployment)
    (server,) = broken["spec"]["template"]["spec"]["containers"]
    server["readinessProbe"]["httpGet"]["paths"] = "/readyz"
    assert "'paths' was unexpected" in judged(broken, NEWEST)
    assert "'sleep' was unexpected" in judged(deployment, "1.28")


def test_a_weakness_has_a_reason_and_every_reason_is_needed(
    objects: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "objects.yaml"
    ours = [without_theirs(each) for each in (*objects["gateway"], *objects.get("ingress", []))]
    path.write_text(yaml.safe_dump_all(ours), "utf-8")
    assert {check for check, _ in checkov(path, "kubernetes")} == {*TABLES["without"]["cluster"]}


@pytest.mark.parametrize("target", judged_by("image"))
def test_a_dockerfile_is_sound_or_has_a_reason(bake: Bake, target: str) -> None:
    said = hadolint(bake(target=target) / "Dockerfile").splitlines()
    found = [re.match(r".*/Dockerfile:\d+ (\w+)", line) for line in said]
    assert {each and each[1] for each in found} == {*TABLES["dockerfile"][target]}, said


def test_a_judge_of_dockerfiles_would_notice(bake: Bake) -> None:
    path = bake(target="kubernetes") / "Dockerfile"
    overlooked = "# hadolint ignore=DL3007\nFROM python:latest\n"
    path.write_text(path.read_text("utf-8") + overlooked, "utf-8")
    assert "DL3007" in hadolint(path)
