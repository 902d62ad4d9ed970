"""The chart on a real Kubernetes, with Helm 4 and, where it is on the PATH as helm3, Helm 3.

Needs what test_cluster.py needs, and helm.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.client import ask, release_of, wait_for
from tests.cluster.helm import ATOMIC, Helm
from tests.cluster.load import Target, load
from tests.cluster.pulumi import Deploys, recipe, shell
from tests.cluster.releases import NO_IMAGE
from tests.cluster.stack import NO_CLUSTER, QUICK, Object, kubectl
from tests.conftest import baker

MISSING = NO_CLUSTER + ([] if shutil.which("helm") else ["helm"])
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"missing: {', '.join(MISSING)}")


@pytest.fixture(params=ATOMIC)
def helm(
    request: pytest.FixtureRequest,
    prepared: Callable[[str], Path],
    cookies_session: Any,
    tmp_path: Path,
) -> Iterator[Helm]:
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not on the PATH")
    project = baker(cookies_session)(target="helm", versioning="path", project_slug="iris")
    helm = Helm(request.param, project, prepared("kubernetes") / ".venv/bin/python", tmp_path)
    yield helm
    helm.down()


@pytest.fixture
def up(helm: Helm, repository: str) -> Callable[..., None]:
    """Brings API versions to releases: `up(v1="1.0.0")`, with flags for helm."""

    def bring(*flags: str, **versions: str) -> None:
        releases = wanted(helm, repository, **{n: {"release": r} for n, r in versions.items()})
        for name, release in versions.items():
            helm.up(releases[name], *flags)
            wait_for(lambda n=name, r=release: release_of(ask(target(helm, n))) == r)

    return bring


def wanted(helm: Helm, repository: str, **versions: Any) -> dict[str, Object]:
    """The Helm releases of API versions, with settings that are quick."""
    return helm.releases(
        versions={name: QUICK | own for name, own in versions.items()},
        image={"repository": repository},
        host=host(helm),
        gateway={"name": "public", "namespace": "gateways", "https": False},
        namespace={"name": helm.folder.name.replace("_", "-").strip("-")},
    )


def host(helm: Helm) -> str:
    """A host name that no other test uses."""
    return f"{helm.folder.name.replace('_', '-').strip('-')}.example.org"


def target(helm: Helm, version: str) -> Target:
    """Where clients call a version."""
    return Target(os.environ["GATEWAY_URL"], f"/{version}/predict", {"Host": host(helm)})


def test_upgrades_and_a_rollback_lose_no_request(
    helm: Helm, up: Callable[..., None], many: int
) -> None:
    up(v1="1.0.0")
    with load(target(helm, "v1")) as clients:
        up(v1="1.1.0")
        helm("rollback", "iris-v1", "1", "--wait", "--timeout=60s")
        wait_for(lambda: release_of(ask(target(helm, "v1"))) == "1.0.0")
        wait_for(lambda: clients.answers.total() >= many // 2)
    assert clients.failures == []
    assert clients.answers.keys() == {"1.0.0", "1.1.0"}
    assert helm.statuses("iris-v1") == ["superseded", "superseded", "deployed"]


def test_a_failed_upgrade_takes_itself_back(helm: Helm, up: Callable[..., None]) -> None:
    up(v1="1.0.0")
    before = kubectl("get", "pods", "-o", "name", f"--namespace={helm.namespace}")
    with load(target(helm, "v1"), 2) as clients:
        with pytest.raises(RuntimeError, match="UPGRADE FAILED"):
            up("--timeout=6s", v1="1.9.9")  # there is no such image
        wait_for(
            lambda: kubectl("get", "pods", "-o", "name", f"--namespace={helm.namespace}") == before
        )
    assert clients.failures == []
    assert clients.answers.keys() == {"1.0.0"}
    assert helm.statuses("iris-v1") == ["superseded", "failed", "deployed"]


@pytest.fixture
def make_deploy(
    helm: Helm, prepared: Callable[[str], Path]
) -> Callable[..., tuple[int, str, list[str]]]:
    """`make deploy` of Helm releases: the exit status, what was said, what the CLI was told.

    gone: the names of Helm releases that are uninstalled.
    """
    deploys = Deploys(helm, prepared("kubernetes") / ".venv")

    def deploy(releases: dict[str, Object], gone: Sequence[str] = ()) -> tuple[int, str, list[str]]:
        commands = [helm.upgrade(each) for each in releases.values()]
        commands += [["uninstall", name, "--wait", "--ignore-not-found"] for name in gone]
        versions = {name: {"release": "any"} for name in releases}
        status, said = deploys(versions, [helm.command(*each) for each in commands])
        return status, said, deploys.told

    return deploy


def test_a_deploy_fails_as_soon_as_that_is_known_and_says_why(
    helm: Helm, up: Callable[..., None], make_deploy: Any, repository: str
) -> None:
    up(v1="1.0.0")
    with load(target(helm, "v1"), 2) as clients:
        releases = wanted(helm, repository, v1={"release": "1.9.9"})
        status, said, told = make_deploy(releases)
        assert (status, told.count("SIGINT")) == (2, 1), said
        assert "ImagePull" in said[said.index("What is wrong with iris-v1:") :]
        wait_for(lambda: helm.statuses("iris-v1")[-1] == "deployed")
    assert clients.failures == []
    assert clients.answers.keys() == {"1.0.0"}


def test_a_deploy_that_is_killed_harms_nobody_and_is_made_good_by_the_readme(
    helm: Helm, up: Callable[..., None], make_deploy: Any, repository: str, many: int
) -> None:
    up(v1="1.0.0")
    pending, history, rollback, uninstall, again = recipe(helm, "A deploy was killed")
    assert again == "make deploy"

    def type_in(line: str, name: str) -> str:
        return shell(helm, line.replace("helm", helm.program, 1).replace("iris-v1", f"iris-{name}"))

    def kill(status: str, name: str, *flags: str, broken: Any = None, **versions: Any) -> None:
        """Kill helm while it does this to one version, and do what the README says.

        broken: what that version is to become in the deploy that is killed.
        """
        first = wanted(helm, repository, **versions | ({name: broken} if broken else {}))
        helm.killed(status, *helm.upgrade(first[name]), *flags)
        listed = type_in(pending, name)
        assert f"iris-{name}" in listed
        assert status in listed
        plain, _, _ = history.partition("#")
        revisions = json.loads(type_in(f"{plain} --output=json", name))
        of = {each["status"]: str(each["revision"]) for each in revisions}  # of each the last
        if revision := of.get("deployed", of.get("superseded")):
            type_in(rollback.replace("REVISION", revision), name)
        else:
            type_in(uninstall, name)
        releases = wanted(helm, repository, **versions)
        result, said, _ = make_deploy(releases)
        assert result == 0, said
        for each, keys in versions.items():
            release = keys["release"]
            wait_for(lambda n=each, r=release: release_of(ask(target(helm, n))) == r)

    v1, v2 = {"release": "1.0.0"}, {"release": "2.0.0"}
    deprecated = {"state": "deprecated", "deprecated_on": "2026-12-01", "sunset": "2027-03-31"}
    with load(target(helm, "v1")) as of_v1:
        kill("pending-install", "v2", v1=v1, v2=v2)
    with load(target(helm, "v2")) as of_v2:
        kill("pending-upgrade", "v1", v1={"release": "1.1.0"}, v2=v2)
        # A pod that has to start again, so that going back takes a moment.
        missing = {"release": NO_IMAGE, "rollout": {"max_unavailable": 1}}
        going_back = ("pending-rollback", "v1", "--timeout=4s")
        kill(*going_back, broken=missing, v1={"release": "1.1.0"}, v2=v2)
        kill("pending-upgrade", "v1", v1=v1 | deprecated, v2=v2)
        wait_for(lambda: "sunset" in ask(target(helm, "v1"), b"").headers)
        helm.killed("uninstalling", "uninstall", "iris-v1", "--wait", "--cascade=foreground")
        result, said, _ = make_deploy(wanted(helm, repository, v2=v2), gone=["iris-v1"])
        assert result == 0, said
        wait_for(lambda: release_of(ask(target(helm, "v1"))) is None)
        wait_for(lambda: of_v2.answers.total() >= many)
    assert of_v1.failures == of_v2.failures == []
    left = kubectl("get", "deployments,services,httproutes", "-o", "name", helm.where)
    assert {line.rpartition("/")[2] for line in left.split()} == {"iris-v2"}


def test_helm_test_asks_the_version_that_was_installed(helm: Helm, up: Callable[..., None]) -> None:
    up(f"--set=test.baseUrl={os.environ['GATEWAY_URL']}", v1="1.0.0")
    assert "Phase:          Succeeded" in helm("test", "iris-v1", "--timeout=60s")
    kubectl("delete", "httproute", "iris-v1", f"--namespace={helm.namespace}")
    wait_for(lambda: ask(target(helm, "v1")).status == 404)
    with pytest.raises(RuntimeError, match="failed"):
        helm("test", "iris-v1", "--timeout=60s")


def test_v1_is_uninstalled_while_v2_is_called(helm: Helm, up: Callable[..., None]) -> None:
    up(v1="1.0.0", v2="2.0.0")
    with load(target(helm, "v2"), 4) as clients:
        helm("uninstall", "iris-v1", "--wait", "--timeout=60s")
        wait_for(lambda: release_of(ask(target(helm, "v1"))) is None)
    assert clients.failures == []
    assert clients.answers.keys() == {"2.0.0"}
    left = kubectl("get", "deployments,services,httproutes", "-o", "name", "-n", helm.namespace)
    assert {line.rpartition("/")[2] for line in left.split()} == {"iris-v2"}


def pods(helm: Helm) -> str:
    """The pods that there are, by name."""
    return kubectl("get", "pods", "-o", "name", f"--namespace={helm.namespace}")


def test_an_edited_chart_is_deployed_and_restarts_nothing(
    helm: Helm, up: Callable[..., None]
) -> None:
    up(v1="1.0.0")
    before = pods(helm)
    policy = helm.project / "chart/templates/networkpolicy.yaml"
    wider = "  egress:\n    - ports: [{protocol: TCP, port: 443}]\n"
    policy.write_text(policy.read_text("utf-8").replace("  egress:\n", wider))
    up(v1="1.0.0")
    (egress, *_) = json.loads(
        kubectl("get", "networkpolicy", "iris-v1", "-o", "json", f"--namespace={helm.namespace}")
    )["spec"]["egress"]
    assert egress == {"ports": [{"protocol": "TCP", "port": 443}]}
    assert pods(helm) == before
    history = json.loads(helm("history", "iris-v1", "--output=json"))
    descriptions = [each["description"] for each in history]
    assert len({*descriptions}) == 2
    for each in descriptions:
        assert re.fullmatch(r"v1 1\.0\.0, chart [0-9a-f]{12}", each)


def test_a_running_version_is_refused_another_api_version_before_anything_changes(
    helm: Helm, up: Callable[..., None]
) -> None:
    up(v1="1.0.0")
    said = "apiVersion: is v2, and this Helm release serves v1, whose clients would lose it; write"
    with pytest.raises(RuntimeError, match=said):
        helm("upgrade", "iris-v1", "./chart", "--reuse-values", "--set=apiVersion=v2")
    assert release_of(ask(target(helm, "v1"))) == "1.0.0"
    assert helm.statuses("iris-v1") == ["deployed"]


def test_an_upgrade_reuses_the_values_of_an_older_chart(
    helm: Helm, up: Callable[..., None]
) -> None:
    values = helm.project / "chart/values.yaml"
    newer = values.read_text("utf-8")
    older, _, since = newer.partition("\n# -- What clients call:")
    values.write_text(older, "utf-8")
    up(v1="1.0.0")
    before = pods(helm)
    values.write_text(newer, "utf-8")
    assert "deprecation:" in since
    flags = ("--reuse-values", "--set=nodeSelector=null", "--set=maxBodyBytes=null")
    helm("upgrade", "iris-v1", "./chart", *flags, "--wait", "--timeout=60s")
    assert pods(helm) == before


def test_what_was_scaled_by_hand_is_taken_back(helm: Helm, up: Callable[..., None]) -> None:
    up(v1="1.0.0")
    kubectl("scale", "deployment/iris-v1", "--replicas=3", f"--namespace={helm.namespace}")
    flags = ()
    if helm.program == "helm":  # 4, which takes ownership of fields
        with pytest.raises(RuntimeError, match="conflict"):
            up(v1="1.1.0")
        flags = ("--force-conflicts",)
    up(*flags, v1="1.1.0")
    wait_for(lambda: len(pods(helm).split()) == 2)


def test_under_a_quota_and_with_an_assigned_user_the_test_passes_too(
    helm: Helm, repository: str
) -> None:
    own = {"release": "1.0.0", "run_as_user": 1000660000, "resources": {"cpu_limit": "1"}}
    releases = wanted(helm, repository, v1=own | {"labels": {"team": "pricing"}})
    hard = {"limits.cpu": "8", "limits.memory": "8Gi"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "a"}}
    kubectl("apply", helm.where, "-f", "-", given=json.dumps(quota | {"spec": {"hard": hard}}))
    helm.up(releases["v1"], f"--set=test.baseUrl={os.environ['GATEWAY_URL']}")
    wait_for(lambda: release_of(ask(target(helm, "v1"))) == "1.0.0")
    assert "Phase:          Succeeded" in helm("test", "iris-v1", "--timeout=60s")


def test_a_scaler_of_others_keeps_the_number_of_pods_through_an_upgrade(
    helm: Helm, repository: str
) -> None:
    own = {"replicas": "external"}
    for release in ("1.0.0", "1.1.0"):
        releases = wanted(helm, repository, v1=own | {"release": release})
        helm.up(releases["v1"])
        wait_for(lambda r=release: release_of(ask(target(helm, "v1"))) == r)
        patch = '--patch={"spec":{"replicas":3}}'
        scale = ("patch", "deployment", "iris-v1", helm.where, "--subresource=scale")
        if release == "1.0.0":
            kubectl(*scale, "--field-manager=keda", "--type=merge", patch)
    found = json.loads(kubectl("get", "deployment", "iris-v1", helm.where, "--output=json"))
    assert found["spec"]["replicas"] == 3
