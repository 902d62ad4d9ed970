"""The template's two filters."""

import doctest
import json
import re
import tomllib

import yaml
from hypothesis import given
from hypothesis import strategies as st

import local_extensions
from local_extensions import MAX_SLUG, RESERVED, quoted, slug


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(local_extensions).attempted == 2
    assert doctest.testmod(local_extensions).failed == 0


@given(st.text())
def test_every_name_has_a_slug(name: str) -> None:
    result = slug(name)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", result)
    assert len(result) <= MAX_SLUG
    assert result not in RESERVED
    assert slug(result) == result


@given(st.text(st.characters(blacklist_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])))
def test_a_quoted_text_is_the_text_in_toml_yaml_and_json(text: str) -> None:
    assert json.loads(quoted(text)) == text
    assert tomllib.loads(f"key = {quoted(text)}") == {"key": text}
    assert yaml.safe_load(f"key: {quoted(text)}") == {"key": text}
