"""The header scheme: one host name, and `X-API-Version` says which API version is meant."""

from typing import Any

import pytest

from infra.scheme import matches
from tests.exposures import EXPOSURES
from tests.program import changed
from tests.stacks import THREE, Stacks


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_front_has_a_host_name(stacks: Stacks, expose: str) -> None:
    keys: dict[str, Any] = EXPOSURES[expose] | {"host": None}
    if expose == "none":
        assert stacks.settings(**keys).host is None
    else:
        assert stacks.refusal(**keys) == [
            "host: is missing; add the host name of the front, such as iris.example.org."
        ]


def test_another_default_changes_one_thing_of_each_of_two_versions(stacks: Stacks) -> None:
    before, after = stacks.run(THREE), stacks.run(THREE, default_version="v1")
    names = sorted(each.partition(" ")[2] for each in changed(before, after))
    assert names == ["iris-v1", "iris-v2"]


def test_a_version_named_in_the_path_is_reached_without_a_header(stacks: Stacks) -> None:
    named = {"path": {"type": "PathPrefix", "value": "/v1"}}
    assert named in matches("v1", stacks.settings())
    assert named not in matches("v2", stacks.settings())
