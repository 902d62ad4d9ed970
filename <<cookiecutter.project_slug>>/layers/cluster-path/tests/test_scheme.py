"""The path scheme: one host name, and the path says which API version is meant."""

from typing import Any

import pytest

from infra.scheme import path
from tests.exposures import EXPOSURES
from tests.stacks import Stacks


@pytest.mark.parametrize("expose", EXPOSURES)
def test_a_front_has_a_host_name(stacks: Stacks, expose: str) -> None:
    keys: dict[str, Any] = EXPOSURES[expose] | {"host": None}
    if expose == "none":
        assert stacks.settings(**keys).host is None
    else:
        assert stacks.refusal(**keys) == [
            "host: is missing; add the host name of the front, such as iris.example.org."
        ]


def test_a_path_is_one_whole_segment() -> None:
    assert path("v1") == "/v1"
