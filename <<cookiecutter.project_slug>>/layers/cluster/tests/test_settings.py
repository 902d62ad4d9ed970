"""The config of a stack: what is accepted, and what is said of the rest."""

from datetime import date

import pulumi
import pytest

from infra.cluster import (
    Autoscaling,
    Drain,
    EnvFrom,
    Gateway,
    Image,
    Namespace,
    Network,
    Resources,
    Rollout,
    Toleration,
)
from infra.problems import Problems
from infra.settings import Settings
from tests.exposures import EXPOSURES
from tests.program import run
from tests.stacks import DEPRECATED, TWO, Stacks, config, stack_file
from tests.support import ROOT

LIVE = TWO["v1"]
DIGEST = f"sha256:{'a' * 64}"


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
