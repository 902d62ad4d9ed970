"""Clients with keys of their own: whom a change touches, and what tells one from another."""

from typing import Any

import pytest

from tests import scheme
from tests.program import Program, changed
from tests.stacks import THREE, TWO, Stacks

CLIENTS: dict[str, Any] = {"acme": {"rate": 10, "burst": 20}, "beta": {"keys": ["a", "b"]}}


@pytest.mark.parametrize(
    "clients",
    [
        pytest.param(CLIENTS | {"gamma": {"quota_per_day": 5}}, id="another client"),
        pytest.param({"aaa": {}} | CLIENTS, id="one that stands first"),
        pytest.param(CLIENTS | {"beta": {"keys": ["c", "a", "b"]}}, id="another key"),
    ],
)
def test_what_is_added_changes_nothing_of_other_clients_and_keys(
    stacks: Stacks, two: Program, clients: dict[str, Any]
) -> None:
    before, after = stacks.run(clients=CLIENTS), stacks.run(clients=clients)
    assert changed(two, before) == set()
    assert changed(before, after) == set()


def test_a_key_that_goes_takes_nothing_else_along(stacks: Stacks) -> None:
    before = stacks.run(clients=CLIENTS)
    after = stacks.run(clients=CLIENTS | {"beta": {"keys": ["b"]}})
    gone = "iris-dev-client-beta_a"
    assert changed(before, after) == {f"ApiKey {gone}", f"UsagePlanKey {gone}"}


def test_every_plan_opens_all_versions_and_a_further_one_changes_only_plans(
    stacks: Stacks,
) -> None:
    before, after = stacks.run(clients=CLIENTS), stacks.run(THREE, clients=CLIENTS)
    for program, versions in ((before, TWO), (after, THREE)):
        apis = dict.fromkeys(map(scheme.api, versions))
        for plan in program.of("UsagePlan"):
            assert plan.inputs["apiStages"] == [
                {"apiId": f"{api}-RestApi-id", "stage": "live"} for api in apis
            ]
    touched = {each for each in changed(before, after) if "client" in each}
    plans = {"UsagePlan iris-dev-client-acme", "UsagePlan iris-dev-client-beta"}
    assert touched == (plans if "UsagePlan iris-dev" in scheme.SHARED else set())


def test_what_is_exported_of_keys_are_their_ids(stacks: Stacks, two: Program) -> None:
    exports = stacks.run(clients=CLIENTS).exports
    assert exports["client_key_ids"] == {
        "acme": {"a": "iris-dev-client-acme_a-ApiKey-id"},
        "beta": {
            "a": "iris-dev-client-beta_a-ApiKey-id",
            "b": "iris-dev-client-beta_b-ApiKey-id",
        },
    }
    assert exports["api_key_id"] == two.exports["api_key_id"]
    assert "client_key_ids" not in two.exports
    assert "api_key_id" not in stacks.run(clients=CLIENTS, default_key=False).exports


def test_a_name_tells_client_and_key_apart(stacks: Stacks) -> None:
    program = stacks.run(clients={"acme": {"keys": ["b-c"]}, "acme-b": {"keys": ["c"]}})
    names = {each.inputs["name"] for each in program.of("ApiKey")}
    assert names == {"iris-dev", "iris-dev-client-acme_b-c", "iris-dev-client-acme-b_c"}
