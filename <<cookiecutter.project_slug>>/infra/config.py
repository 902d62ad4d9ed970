"""How the config of a stack is read: typed, strict, and every problem at once, as sentences.

A sentence starts with the key and ends with what to do. Nothing here needs a running Pulumi.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

# Pulumi reads these namespaces of a stack file as the configuration of its providers.
RESERVED = ("aws", "docker", "kubernetes", "pulumi", "random")
VERSION_NAME = r"^v[1-9][0-9]{0,2}$"
UNQUOTED_DAY = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00 \+0000 UTC")


class Problems(Exception):
    """Why a stack's config can't be used: one sentence a line."""


def _day(value: Any) -> Any:
    """A day, or why not; Pulumi hands on an unquoted one with a time of day."""
    if isinstance(value, str) and (unquoted := UNQUOTED_DAY.fullmatch(value)):
        raise ValueError(f'stands without quotes; write "{unquoted[1]}"')
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f'{value!r} is not a day; write one in quotes, such as "2027-03-31"')


def _release(value: Any) -> Any:
    """A release, or why not; YAML reads an unquoted 1.10 as the number 1.1."""
    if isinstance(value, int | float):
        raise ValueError('stands without quotes; write it in quotes, such as "1.4.2"')
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*", value):
        raise ValueError(f'{value!r} is not a release; write one in quotes, such as "1.4.2"')
    return value


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[!-;=?-~]+", value) or "'" in value:
        raise ValueError(f"{value!r} is not a URL; write one such as https://example.com/move")
    return value


type Day = Annotated[date, BeforeValidator(_day)]
type Release = Annotated[str, BeforeValidator(_release)]
type Url = Annotated[str, AfterValidator(_url)]
type VersionName = Annotated[str, StringConstraints(pattern=VERSION_NAME)]


class Section(BaseModel):
    """A mapping in a stack file. The text under each field is its description for editors."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True
    )


class ApiVersion(Section):
    """One API version, as far as every target knows it."""

    release: Release
    """The release that answers, in quotes."""

    state: Literal["live", "deprecated", "retired"] = "live"
    """Deprecated: every response says so. Retired: gone, and the front says so."""

    deprecated_on: Day | None = Field(default=None, validate_default=True)
    """First day of the deprecation, in quotes."""

    sunset: Day | None = Field(default=None, validate_default=True)
    """First day without service, in quotes."""

    migration_url: Url | None = None
    """Where clients read how to move on."""

    @field_validator("deprecated_on", "sunset")
    @classmethod
    def _fits_the_state(cls, day: date | None, info: ValidationInfo) -> date | None:
        state = info.data.get("state")
        if state == "deprecated" and day is None:
            raise ValueError('is missing, and state is deprecated; add one, such as "2027-03-31"')
        if state == "live" and day is not None:
            raise ValueError("is set, and state is live; remove it, or write state: deprecated")
        return day

    @field_validator("sunset")
    @classmethod
    def _ends_after_it_began(cls, sunset: date | None, info: ValidationInfo) -> date | None:
        began = info.data.get("deprecated_on")
        if began and sunset and sunset < began:
            raise ValueError(f"{sunset} is before deprecated_on; write {began} or later")
        return sunset

    @field_validator("migration_url")
    @classmethod
    def _is_of_use(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url and info.data.get("state") == "live":
            raise ValueError("is set, and state is live; remove it, or write state: deprecated")
        return url


def own_keys(project: str, config: Mapping[str, str]) -> dict[str, Any]:
    """The keys of this project in a stack's config, as Pulumi hands it over: JSON or plain text."""
    prefix = f"{project}:"
    return {
        key.removeprefix(prefix): _value(text)
        for key, text in config.items()
        if key.startswith(prefix)
    }


def mapping(value: Any) -> dict[str, Any]:
    """A mapping as it is, anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


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
        if namespace != project and name in model.model_fields:
            yield f"{key}: belongs to another project; write {project}:{name}."


def check[T: Section](model: type[T], raw: Any) -> tuple[T | None, list[str]]:
    """The config as `model`, or None, and one sentence per problem."""
    try:
        return model.model_validate_json(json.dumps(raw)), []
    except ValidationError as error:
        schema = model.model_json_schema()
        found = error.errors(include_url=False)
        return None, [_sentence(each, schema) for each in found]  # pyright: ignore[reportArgumentType]


def _sentence(error: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A problem that pydantic found, as people can act on it."""
    place: list[str] = [str(step) for step in error["loc"]]
    given, limits = error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            said = "is missing; add it"
        case "extra_forbidden":
            known = _keys(schema, place[:-1])
            close = get_close_matches(place[-1], known, 1)
            said = f"is not a key; write {close[0] if close else 'one of ' + ', '.join(known)}"
        case "string_pattern_mismatch":  # only names of API versions have a pattern
            place.pop()
            said = "is not the name of an API version; write v1 to v999"
        case "literal_error":
            said = f"is {given!r}; write {limits['expected']}"
        case "too_short":
            said = "is empty; list at least one API version"
        case "greater_than_equal":
            said = f"is {given}; write {limits['ge']} or more"
        case "less_than_equal":
            said = f"is {given}; write {limits['le']} or less"
        case "value_error":
            said = str(limits["error"])
        case _:
            said = f"is {given!r}; write {WANTED.get(error['type'], 'another value')}"
    return f"{'.'.join(place)}: {said}."


WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "dict_type": 'a mapping of API versions, such as v1: {release: "1.4.2"}',
    "model_type": "a mapping, such as {key: value}",
}


def _keys(schema: Mapping[str, Any], place: list[str]) -> list[str]:
    """The keys that a model's JSON Schema allows at a place."""
    node = schema
    for step in place:
        node = node.get("properties", {}).get(step) or node["additionalProperties"]
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return list(node["properties"])
