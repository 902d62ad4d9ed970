"""The host scheme: an address for each API version."""

import pytest

from tests.exposures import EXPOSURES
from tests.stacks import TWO, Stacks

WITHOUT = {name: version | {"host": None} for name, version in TWO.items()}


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_route_needs_the_host_name_of_each_version(stacks: Stacks, expose: str) -> None:
    if expose in ("load_balancer", "none"):
        assert stacks.settings(WITHOUT, **EXPOSURES[expose]).versions["v1"].host is None
    else:
        assert stacks.refusal(WITHOUT, **EXPOSURES[expose]) == [
            f"versions.{name}.host: is missing; add its host name, such as {name}.iris.example.org."
            for name in TWO
        ]


def test_a_retired_version_needs_no_host_name(stacks: Stacks) -> None:
    stacks.settings({"v1": WITHOUT["v1"] | {"state": "retired"}, "v2": TWO["v2"]})
