"""The header scheme: one host name, and `X-API-Version` says which API version is meant."""

from infra.scheme import matches
from tests.program import changed
from tests.stacks import THREE, Stacks


def test_another_default_changes_one_thing_of_each_of_two_versions(stacks: Stacks) -> None:
    before, after = stacks.run(THREE), stacks.run(THREE, default_version="v1")
    names = sorted(each.partition(" ")[2] for each in changed(before, after))
    assert names == ["iris-v1", "iris-v2"]


def test_a_version_named_in_the_path_is_reached_without_a_header(stacks: Stacks) -> None:
    named = {"path": {"type": "PathPrefix", "value": "/v1"}}
    assert named in matches("v1", stacks.settings())
    assert named not in matches("v2", stacks.settings())
