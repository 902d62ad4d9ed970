"""The page of settings: it says what the settings are, with examples that they accept."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from infra.config import Section
from infra.problems import check
from infra.settings import Settings, Version
from tests.support import ROOT
from tools.keys import Key, Keys, page, written

SCHEMA = Settings.model_json_schema()
OF_A_STACK = {key.name: key for key in Keys(SCHEMA).of_a_stack()}
OF_A_VERSION = {key.name: key for key in Keys(SCHEMA).of_a_version()}
# A version that may have every key of one.
DEPRECATED = {"release": "1.4.2", "state": "deprecated", "deprecated_on": "2026-12-01"}


def test_the_page_is_what_the_settings_say() -> None:
    said = (ROOT / "docs/settings.md").read_text("utf-8")
    assert page(SCHEMA) == said, "run: make config-schema"


@pytest.mark.parametrize("name", OF_A_STACK)
def test_an_example_of_a_stacks_key_is_accepted(name: str) -> None:
    assert problems(Settings, around(name, OF_A_STACK), name) == []


@pytest.mark.parametrize("name", OF_A_VERSION)
def test_an_example_of_a_versions_key_is_accepted(name: str) -> None:
    assert problems(Version, DEPRECATED | around(name, OF_A_VERSION), name) == []


def test_every_key_has_an_example_that_yaml_reads_as_it_is_meant() -> None:
    for name, key in (*OF_A_STACK.items(), *OF_A_VERSION.items()):
        assert key.example not in (None, "", [], {}), name
        assert yaml.safe_load(f"{{a: {written(key.example)}}}") == {"a": key.example}, name


def around(name: str, keys: Mapping[str, Key]) -> dict[str, Any]:
    """The example of a key in the sections where it stands, with the keys that these need."""
    value = keys[name].example
    while "." in name:
        place, _, own = name.rpartition(".")
        beside = {each: key for each, key in keys.items() if each.rpartition(".")[0] == place}
        needed = {each: key.example for each, key in beside.items() if key.required}
        value = {each.rpartition(".")[2]: needed[each] for each in needed} | {own: value}
        value = [value] if place.endswith("[]") else value
        name = place.removesuffix("[]")
    return {name: value}


def problems(model: type[Section], keys: Mapping[str, Any], name: str) -> list[str]:
    """What is said of a key; others may be missing."""
    top = name.partition(".")[0].removesuffix("[]")
    _, said = check(model, keys)
    return [sentence for sentence in said if sentence.startswith(top)]
