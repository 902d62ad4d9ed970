"""The config of a stack: what is accepted, and what is said of the rest."""

from datetime import date
from typing import Any

import pulumi
import pytest

from infra.cluster import Namespace
from infra.exposure import Gateway, Network
from infra.images import Image
from infra.problems import Problems
from infra.replicas import Autoscaling, Rollout
from infra.settings import Settings
from infra.workload import Drain, EnvFrom, Resources, Toleration
from tests import scheme
from tests.exposures import EXPOSURES
from tests.program import run
from tests.stacks import DEPRECATED, TWO, Stacks, config, stack_file
from tests.support import ROOT

LIVE = TWO["v1"]
DIGEST = f"sha256:{'a' * 64}"
HOST = "{name: public, namespace: gateways}"


def test_a_release_alone_is_enough(stacks: Stacks) -> None:
    settings = stacks.settings({"v1": LIVE})
    assert (settings.expose, settings.network) == ("gateway", Network())
    assert settings.gateway == Gateway(name="public", namespace="gateways", https=True)
    assert settings.stack.namespace == Namespace(name="iris-dev", create=True)
    assert settings.stack.allow_from == ("gateways",)
    version = settings.versions["v1"]
    assert (version.replicas, version.autoscaling, version.digest) == (2, None, None)
    assert version.resources == Resources(cpu="500m", memory="512Mi")
    assert version.rollout == Rollout(max_unavailable=0, max_surge="25%", min_ready_seconds=5)
    assert version.drain == Drain(pre_stop_seconds=5, timeout_seconds=20)
    assert version.startup_seconds == 120
    assert (version.node_selector, version.tolerations) == ({}, ())


def test_every_key_is_read(stacks: Stacks) -> None:
    own = {
        "digest": DIGEST,
        "autoscaling": {"min_replicas": 1, "max_replicas": 3, "cpu_percent": 50},
        "resources": {"cpu": "0.5", "memory": "1Gi"},
        "rollout": {"max_unavailable": 0, "max_surge": "50%", "min_ready_seconds": 0},
        "drain": {"pre_stop_seconds": 3, "timeout_seconds": 1},
        "startup_seconds": 5,
        "env_from": {"secrets": ["a"], "config_maps": ["b"]},
        "node_selector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu", "value": "yes", "effect": "NoExecute"}],
    }
    settings = stacks.settings(
        {"v1": LIVE | DEPRECATED | own},
        image={"repository": "localhost:5000/you/iris", "pull_secrets": ["registry"]},
        gateway={"name": "g", "namespace": "n", "https": False},
        namespace={"name": "models", "create": False},
        network={"allow_from": ["a"], "metrics_from": ["b"]},
    )
    version = settings.versions["v1"]
    assert (version.deprecated_on, version.sunset) == (date(2026, 12, 1), date(2027, 3, 31))
    assert version.digest == DIGEST
    assert version.autoscaling == Autoscaling(min_replicas=1, max_replicas=3, cpu_percent=50)
    assert version.resources == Resources(cpu="0.5", memory="1Gi")
    assert version.rollout == Rollout(max_unavailable=0, max_surge="50%", min_ready_seconds=0)
    assert version.drain == Drain(pre_stop_seconds=3, timeout_seconds=1)
    assert version.env_from == EnvFrom(secrets=("a",), config_maps=("b",))
    assert version.node_selector == {"pool": "gpu"}
    assert version.tolerations == (Toleration(key="gpu", value="yes", effect="NoExecute"),)
    assert version.startup_seconds == 5
    assert settings.image == Image(repository="localhost:5000/you/iris", pull_secrets=("registry",))
    assert settings.gateway == Gateway(name="g", namespace="n", https=False)
    assert settings.stack.namespace == Namespace(name="models", create=False)
    assert settings.stack.allow_from == ("a",)
    assert settings.stack.config.network.metrics_from == ("b",)


@pytest.mark.parametrize("expose", EXPOSURES)
def test_what_an_exposure_needs_is_enough_for_it(stacks: Stacks, expose: str) -> None:
    assert stacks.settings(**EXPOSURES[expose]).expose == expose


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"release": "latest"}, 'release: "latest" is not a release; write three numbers in'),
        ({"release": "1.0.0+cu12"}, "release: 1.0.0+cu12 can't be the tag of an image and a label"),
        ({"release": "1.0.0-"}, "release: 1.0.0- can't be the tag of an image and a label; write"),
        ({"digest": "sha256:1"}, 'digest: "sha256:1" is not a digest; write sha256: and 64 of'),
        ({"replicas": 0}, "replicas: is 0; write 1 or more."),
        ({"replicas": 2, "autoscaling": {}}, "replicas: is set beside autoscaling, which decides"),
        (
            {"autoscaling": {"min_replicas": 3, "max_replicas": 2}},
            "autoscaling.max_replicas: is 2; write min_replicas, 3, or more.",
        ),
        ({"autoscaling": {"cpu_percent": 101}}, "autoscaling.cpu_percent: is 101; write 100 or"),
        ({"autoscaling": True}, "autoscaling: is true; write a mapping."),
        ({"resources": {"cpu": 1}}, 'resources.cpu: is 1; write one such as "500m".'),
        ({"resources": {"cpu": "1.5m"}}, 'resources.cpu: "1.5m" is no number of processors; write'),
        ({"resources": {"memory": "1G"}}, 'resources.memory: "1G" is no amount of memory; write'),
        (
            {"replicas": 1, "rollout": {"max_unavailable": 1}},
            "rollout.max_unavailable: 1 of 1 pods leaves none to answer during a rollout; write 0.",
        ),
        (
            {"rollout": {"max_unavailable": "100%"}},
            "rollout.max_unavailable: 100% of 2 pods leaves none to answer during a rollout; write",
        ),
        (
            {"autoscaling": {"min_replicas": 1}, "rollout": {"max_unavailable": 1}},
            "rollout.max_unavailable: 1 of 1 pods leaves none to answer during a rollout; write 0.",
        ),
        (
            {"rollout": {"max_surge": 0}},
            "rollout.max_surge: of 2 pods it is 0, and so is max_unavailable: a rollout could never"
            " begin; write 1.",
        ),
        (
            {"rollout": {"max_surge": 0, "max_unavailable": "40%"}},
            "rollout.max_surge: of 2 pods it is 0, and so is max_unavailable: a rollout could",
        ),
        ({"rollout": {"max_surge": "1"}}, 'rollout.max_surge: "1" is no number of pods; write one'),
        ({"rollout": {"max_surge": -1}}, "rollout.max_surge: -1 is no number of pods; write one"),
        ({"rollout": {"max_surge": 1001}}, "rollout.max_surge: 1001 is no number of pods; write"),
        ({"rollout": {"max_surge": 1.5}}, "rollout.max_surge: 1.5 is no number of pods; write one"),
        ({"rollout": {"max_surge": True}}, "rollout.max_surge: true is no number of pods; write"),
        ({"rollout": {"min_ready": 5}}, "rollout.min_ready: is not a key here; write min_ready_s"),
        ({"drain": {"pre_stop_seconds": 2}}, "drain.pre_stop_seconds: is 2; write 3 or more."),
        ({"drain": {"timeout_seconds": 601}}, "drain.timeout_seconds: is 601; write 600 or less."),
        ({"startup_seconds": 421}, "startup_seconds: is 421; write 420 or less."),
        ({"env_from": {"secrets": "a"}}, 'env_from.secrets: is "a"; write a list.'),
        ({"env_from": {"secrets": ["A b"]}}, 'env_from.secrets.0: "A b" is not a name in Kuber'),
        ({"node_selector": ["a"]}, 'node_selector: is ["a"]; write a mapping.'),
        ({"node_selector": {"a/b c": 1}}, 'node_selector."a/b c": is 1; write text.'),
        ({"tolerations": [{}]}, "tolerations.0.key: is missing; add it."),
        (
            {"tolerations": [{"key": "a"}, {"key": "b", "efect": "NoExecute"}]},
            "tolerations.1.efect: is not a key here; write effect.",
        ),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = stacks.refusal_of_v1(**keys)
    assert said.startswith(f"versions.v1.{sentence}")
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"expose": "ingres"}, "expose: is \"ingres\"; write 'gateway', 'ingress', 'load_bal"),
        ({"expose": []}, "expose: is []; write 'gateway', 'ingress', 'load_balancer' or 'none'."),
        ({"gateway": None}, f"gateway: is missing, and expose is gateway; add one such as {HOST}."),
        ({"gateway": {"name": "g"}}, 'gateway.namespace: is missing; add one such as "gateways".'),
        (
            {"ingress": {"class_name": "nginx"}},
            "ingress: is set, and expose is gateway; remove it, or write expose: ingress.",
        ),
        (
            EXPOSURES["none"] | {"gateway": {"name": "g", "namespace": "n"}},
            "gateway: is set, and expose is none; remove it, or write expose: gateway.",
        ),
        (
            EXPOSURES["none"] | {"network": {}},
            "network.allow_from: is missing, so nobody may call; list the namespaces of those who",
        ),
        (
            {"network": {"allow_from": []}},
            "network.allow_from: is empty, so nobody may call; list the namespace of the Gateway's",
        ),
        ({"network": {"allow_from": ["a.b"]}}, 'network.allow_from.0: "a.b" is not a namespace;'),
        ({"network": 5}, "network: is 5; write a mapping."),
        ({"namespace": {"name": "a.b"}}, 'namespace.name: "a.b" is not a namespace; use at most'),
        ({"namespace": "iris"}, 'namespace: is "iris"; write one such as {"name": "iris"}.'),
        (
            {"image": {"repository": "ghcr.io/you/iris:latest"}},
            'image.repository: "ghcr.io/you/iris:latest" is not the repository of an image; write'
            " registry and path without a tag, such as ghcr.io/you/iris.",
        ),
        (
            {"image": {"repository": f"ghcr.io/you/iris@{DIGEST}"}},
            f'image.repository: "ghcr.io/you/iris@{DIGEST}" is not the repository of an image;',
        ),
        ({"image": {}}, 'image.repository: is missing; add one such as "ghcr.io/you/iris".'),
        ({"image": "iris"}, 'image: is "iris"; write one such as {"repository": "ghcr.io/you/'),
    ],
    ids=str,
)
def test_a_wrong_key_of_the_stack_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = stacks.refusal(**keys)
    assert said.startswith(sentence)
    assert said.endswith(".")


@pytest.mark.parametrize("expose", ["gateway", "ingress", "load_balancer", "none"])
def test_an_exposure_that_can_not_tell_versions_apart_is_refused(
    stacks: Stacks, expose: str
) -> None:
    needed = {"ingress": {"class_name": "nginx"}} if expose == "ingress" else {}
    allowed = {"allow_from": ["ingress"]} if expose == "ingress" else {}
    keys = {"expose": expose, "gateway": None, "network": allowed} | needed
    if expose in EXPOSURES:
        stacks.settings(**EXPOSURES[expose])
    else:
        (said,) = stacks.refusal(**keys)
        assert said.startswith(f"expose: is {expose}, which can't tell API versions apart by ")
        assert said.endswith(f" or {scheme.EXPOSURES[-1]}.")


def test_all_that_would_drop_requests_is_named_with_everything_else(stacks: Stacks) -> None:
    versions = {
        "v1": LIVE | {"colour": "red"},
        "v2": TWO["v2"] | {"rollout": {"max_unavailable": 2}},
    }
    said = stacks.refusal(versions, expose="none", network={"allow_from": ["a"]}, gateway=None, x=1)
    assert sorted(sentence.partition(": ")[0] for sentence in said) == [
        "versions.v1.colour",
        "versions.v2.rollout.max_unavailable",
        "x",
    ]


def test_a_retired_version_is_not_asked_how_it_would_be_rolled_out(stacks: Stacks) -> None:
    rollout = {"state": "retired", "replicas": 1, "rollout": {"max_unavailable": 1}}
    stacks.settings({"v1": LIVE | rollout, "v2": TWO["v2"]})


@pytest.mark.parametrize("stack", ["a_b", "dev-", "Dev_2"])
def test_a_stack_whose_name_makes_no_namespace_names_one(stacks: Stacks, stack: str) -> None:
    own = f"iris-{stack}".lower()
    with pytest.raises(Problems, match=f"^namespace: is missing, and {own} can't be one; add its"):
        stacks.settings(stack=stack)
    assert stacks.settings(stack=stack, namespace={"name": "iris"}).stack.namespace.name == "iris"


def test_placeholders_are_good_for_tests_and_refused_where_something_would_be_made(
    stacks: Stacks,
) -> None:
    own = config("iris", TWO, image={"repository": "registry.example.com/iris"})
    own["kubernetes:context"] = "placeholder"
    Settings.read("iris", "dev", own)
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", own, previewing=True)
    assert str(refused.value).splitlines() == [
        "image.repository: registry.example.com/iris is a placeholder; write your own.",
        "kubernetes:context: is a placeholder; write the cluster's, as `kubectl config"
        " get-contexts` lists it.",
    ]


def test_a_preview_refuses_a_placeholder(stacks: Stacks) -> None:
    own = config("iris", TWO) | {"kubernetes:context": "placeholder"}
    said = r"^Pulumi.prod.yaml can't be used:\nkubernetes:context: is a placeholder; write the"
    with pytest.raises(pulumi.RunError, match=said):
        run("iris", "prod", own, preview=True)


def test_every_stack_but_dev_names_its_cluster() -> None:
    files = [path for path in ROOT.glob("Pulumi.*.yaml") if path.name != "Pulumi.dev.yaml"]
    for path in files:
        assert stack_file(path).get("kubernetes:context"), f"{path.name}: add kubernetes:context"


def test_a_preview_with_a_cluster_and_a_registry_of_ones_own_goes_on(stacks: Stacks) -> None:
    own = config("iris", TWO) | {"kubernetes:context": "prod-eu"}
    assert run("iris", "prod", own, preview=True).exports["namespace"] == "iris-prod"
