"""The config of a stack: what is accepted, and what is said of the rest."""

import pulumi
import pytest

from infra.problems import Problems
from infra.settings import Settings
from tests.program import run
from tests.stacks import TWO, Stacks, config

LIVE = TWO["v1"]


def test_a_release_alone_is_enough(stacks: Stacks) -> None:
    settings = stacks.settings({"v1": LIVE})
    space = {"name": "iris-dev", "create": True, "labels": {}}
    assert settings.stack.namespace.model_dump() == space
    assert settings.stack.allow_from == ("gateways",)
    read = settings.model_dump(mode="json")
    assert read["expose"] == "gateway"
    assert read["network"] == {
        "enforce": True,
        "allow_from": None,
        "allow_blocks": [],
        "allow_ports": [],
        "call": [],
        "metrics_from": [],
    }
    gateway = {"name": "public", "namespace": "gateways", "https": True, "listener": None}
    assert read["gateway"] == gateway
    own = {
        "replicas": 2,
        "autoscaling": None,
        "digest": None,
        "resources": {
            "cpu": "500m",
            "memory": "512Mi",
            "cpu_limit": None,
            "ephemeral_storage": None,
            "devices": {},
        },
        "rollout": {"max_unavailable": 0, "max_surge": "25%", "min_ready_seconds": 5},
        "drain": {"pre_stop_seconds": 5, "timeout_seconds": 20},
        "startup_seconds": 120,
        "progress_seconds": None,
        "disruption": {"max_unavailable": 1},
        "node_selector": {},
        "tolerations": [],
        "labels": {},
        "annotations": {},
        "env": {},
        "service_account": {"name": None, "annotations": {}},
        "runtime_class": None,
        "priority_class": None,
        "run_as_user": 10001,
        "tmp_size": "64Mi",
        "shm_size": None,
        "mounts": [],
    }
    v1 = read["versions"]["v1"]
    assert {key: v1[key] for key in own} == own


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
        Settings.read("iris", "dev", own, deploying=True)
    assert str(refused.value).splitlines() == [
        "image.repository: registry.example.com/iris is a placeholder; write your own.",
        "kubernetes:context: is a placeholder; write the cluster's, as `kubectl config"
        " get-contexts` lists it.",
    ]


@pytest.mark.parametrize("preview", [True, False])
def test_no_run_takes_a_placeholder(stacks: Stacks, *, preview: bool) -> None:
    own = config("iris", TWO) | {"kubernetes:context": "placeholder"}
    said = r"^Pulumi.prod.yaml can't be used:\nkubernetes:context: is a placeholder; write the"
    with pytest.raises(pulumi.RunError, match=said):
        run("iris", "prod", own, preview=preview)


def test_a_preview_with_a_cluster_and_a_registry_of_ones_own_goes_on(stacks: Stacks) -> None:
    own = config("iris", TWO) | {"kubernetes:context": "prod-eu"}
    assert run("iris", "prod", own, preview=True).exports["namespace"] == "iris-prod"
