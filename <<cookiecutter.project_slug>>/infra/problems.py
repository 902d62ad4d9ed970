"""What is wrong with a stack's config: every problem at once, as sentences.

A sentence starts with the key and ends with what to do. Nothing here needs a running Pulumi.
"""

import json
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_snake

from infra.config import EXAMPLE_RELEASE, Section, spelt

# Pulumi reads these namespaces of a stack file as the configuration of its providers.
RESERVED = ("aws", "docker", "kubernetes", "pulumi", "random")
# What stands in a sentence as it is.
PLAIN = r"[\w-]+|\[key\]"


class Problems(Exception):
    """Why a stack's config can't be used: one sentence a line."""


def mapping(value: Any) -> dict[str, Any]:
    """A mapping as it is, anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def name_problems(project: str, stack: str) -> Iterator[str]:
    """What is wrong with the two names of which every cloud name is made."""
    if project in RESERVED:
        yield f"name in Pulumi.yaml: {project} is a name of Pulumi's own; choose another."
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", project):
        yield (
            f"name in Pulumi.yaml: {project!r} would make invalid names in the cloud; use at most"
            " 32 of a-z, 0-9 and -, a letter first."
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}", stack):
        yield (
            f"stack: {stack!r} would make invalid names in the cloud; name the stack with at most"
            " 16 of a-z, A-Z, 0-9, _ and -."
        )


def misplaced_keys(project: str, config: Mapping[str, str], model: type[Section]) -> Iterator[str]:
    """Keys of this project under another project's name."""
    for key in config:
        namespace, _, name = key.partition(":")
        slip = get_close_matches(namespace, [project])
        if slip and namespace != project and name in model.model_fields:
            yield f"{key}: belongs to another project; write {project}:{name}."


def check[T: Section](model: type[T], raw: Mapping[str, Any]) -> tuple[T | None, list[str]]:
    """The config as `model`, or None, and one sentence per problem."""
    try:
        return model.model_validate_json(json.dumps(raw)), []
    except ValidationError as error:
        schema = model.model_json_schema()
        found = error.errors(include_url=False)
        return None, [_sentence(each, schema) for each in found]  # pyright: ignore[reportArgumentType]


def _sentence(error: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A problem that pydantic found, as people can act on it."""
    steps = (str(step) for step in error["loc"])
    place = [step if re.fullmatch(PLAIN, step) else spelt(step) for step in steps]
    if place[-1] == "[key]":  # what is wrong is the key itself
        place.pop()
    given, limits = spelt(error["input"]), error.get("ctx", {})
    match error["type"]:
        case "missing":
            said = f"is missing; add {WANTED.get(place[-1]) or _example(schema, place) or 'it'}"
        case "extra_forbidden":
            said = f"is not a key here; write {_meant(schema, place)}"
        case "string_pattern_mismatch":  # only names of API versions have a pattern
            said = "is not the name of an API version; write v1 to v999"
        case "literal_error":
            said = f"is {given}; write {limits['expected']}"
        case "too_short":
            said = "is empty; list at least one API version"
        case "greater_than_equal":
            said = f"is {given}; write {limits['ge']} or more"
        case "less_than_equal":
            said = f"is {given}; write {limits['le']} or less"
        case "value_error":
            said = str(limits["error"])
        case "string_type" if [*mapping(error["input"])] == ["name"]:
            said = f"is {given}; write {error['input']['name']} alone"
        case "string_type" if _is_number(error["input"]) and not _example(schema, place):
            said = f"stands without quotes; write {spelt(given)}"
        case kind:
            version = len(place) == 2 and place[0] == "versions"
            wanted = WANTED["a version"] if version else WANTED.get(place[-1])
            wanted = wanted or _example(schema, place) or WANTED.get(kind, "another value")
            said = f"is {given}; write {wanted}"
    return f"{'.'.join(place)}: {said}."


# What to write: for a key, or for a type.
WANTED = {
    "versions": f"a list of API versions, such as v1: {{release: {EXAMPLE_RELEASE}}}",
    "a version": f"its settings, such as {{release: {EXAMPLE_RELEASE}}}",
    "release": f"one in quotes, such as {EXAMPLE_RELEASE}",
    "int_type": "a whole number, without quotes",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _is_number(value: Any) -> bool:
    """Whether it is one to YAML, or true or false."""
    return isinstance(value, int | float)


def _meant(schema: Mapping[str, Any], place: list[str]) -> str:
    """The key that one that there is not may be meant for: by its letters, or in a section."""
    *above, key = place
    known: dict[str, Any] = _node(schema, above)["properties"]
    for close in get_close_matches(to_snake(key), known, 3, 0.65):
        if _same_words(to_snake(key), close):
            return close
    for name in known:
        if key in _node(schema, [*above, name]).get("properties", {}):
            return f"it in {name}, as {name}: {{{key}: …}}"
    return f"one of {', '.join(known)}"


def _same_words(given: str, known: str) -> bool:
    """Whether no word is another one: min_ready is min_ready_seconds, but timeout no startup."""
    words = zip(given.split("_"), known.split("_"), strict=False)
    return all(SequenceMatcher(None, *pair).ratio() > 0.6 for pair in words)


def _example(schema: Mapping[str, Any], place: list[str]) -> str | None:
    """What the field at a place has as its example."""
    parent = _node(schema, place[:-1])
    field = parent.get("properties", {}).get(place[-1], {})
    return f"one such as {spelt(field['examples'][0])}" if "examples" in field else None


def _node(schema: Mapping[str, Any], place: list[str]) -> Mapping[str, Any]:
    """The JSON Schema of what is at a place."""
    node = schema
    for step in place:
        key = node.get("properties", {}).get(step)
        node = key or node.get("items") or node["additionalProperties"]
        node = node.get("anyOf", [node])[0]  # null is the other
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node
