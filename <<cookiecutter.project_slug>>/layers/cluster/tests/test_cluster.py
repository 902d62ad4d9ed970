"""What a cluster is asked for, whichever target asks."""

from typing import Any

import pytest

from tests import target
from tests.exposures import EXPOSURES, WITHOUT_TLS, exposed
from tests.program import Program
from tests.stacks import DEPRECATED, TWO, Stacks


def test_the_namespace_is_the_stacks_own_and_lets_nothing_privileged_in(two: Program) -> None:
    assert two.one("Namespace").inputs["metadata"] == {
        "name": "iris-dev",
        "labels": {
            "app.kubernetes.io/name": "iris",
            "app.kubernetes.io/managed-by": "pulumi",
            "pod-security.kubernetes.io/enforce": "restricted",
        },
        "annotations": {"pulumi.com/patchForce": "true"},
    }


def test_a_namespace_that_is_there_is_used_and_left_alone(stacks: Stacks) -> None:
    program = stacks.run(namespace={"name": "models", "create": False})
    assert not program.of("Namespace")
    assert program.exports["namespace"] == "models"
    made = [each.inputs for each in program.resources if not each.type.startswith("infra:")]
    assert {inputs.get("metadata", inputs)["namespace"] for inputs in made} == {"models"}


@pytest.mark.parametrize(
    ("keys", "seconds"),
    [
        ({}, 2 * 125 + 60),  # one of two pods after the other
        ({"startup_seconds": 20}, 110),
        ({"replicas": 1}, 2 * 125 + 60),  # one step, which counts as two
        ({"replicas": 8, "startup_seconds": 300}, 4 * 305 + 60),  # two at a time
        ({"autoscaling": {"max_replicas": 20}, "startup_seconds": 200}, 4 * 205 + 60),
        ({"autoscaling": {"max_replicas": 5}}, 4 * 125 + 60),  # there may be 4, one at a time
        ({"replicas": "external"}, 4 * 125 + 60),  # nobody knows how many
        ({"progress_seconds": 600}, 125 + 600),  # a node that starts first, then the second pod
    ],
    ids=str,
)
def test_pulumi_waits_for_as_long_as_a_rollout_can_take(
    stacks: Stacks, keys: dict[str, Any], seconds: int
) -> None:
    assert target.patience(stacks.run_v1(**keys)) == [seconds] * target.WAITING


@pytest.mark.parametrize("keys", [{}, {"replicas": 1}, {"autoscaling": {}}], ids=str)
@pytest.mark.parametrize("startup", [5, 120, 3_600])
def test_a_rollout_that_hangs_is_named_before_pulumi_gives_up(
    stacks: Stacks, startup: int, keys: dict[str, Any]
) -> None:
    rollout = {"min_ready_seconds": 60}
    own = {"startup_seconds": startup, "rollout": rollout} | keys
    version = stacks.settings({"v1": TWO["v1"] | own}).served["v1"]
    assert startup + 60 < version.progress_deadline_seconds
    assert version.progress_deadline_seconds < min(target.patience(stacks.run_v1(**own)))


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_cloud_is_given_the_time_that_a_load_balancer_takes(stacks: Stacks, expose: str) -> None:
    seconds = 600 if expose == "load_balancer" else 310
    assert max(target.patience(exposed(stacks, expose))) == seconds


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_front_without_tls_is_not_said_to_have_it(stacks: Stacks, expose: str) -> None:
    program = exposed(stacks, expose, **WITHOUT_TLS.get(expose, {}))
    base = target.exports(expose)["v1_base_url"]
    assert program.exports["v1_base_url"] == base.replace("https://", "http://")
    assert not target.tls(program)


def test_a_stack_may_have_only_retired_versions(stacks: Stacks) -> None:
    program = stacks.run_v1(**DEPRECATED | {"state": "retired"})
    assert [each.kind for each in program.resources] == ["Namespace"]
    assert program.exports == {"namespace": "iris-dev"}
