"""Which changes of a contract an old client would notice: each case once."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from msgspec import NODEFAULT, Meta, Struct, defstruct, field
from msgspec.json import schema_components
from msgspec.structs import fields as fields_of

from tools.compatibility import breaking_changes

NUMBER: dict[str, Any] = {"type": "number"}
STRING: dict[str, Any] = {"type": "string"}
NULL: dict[str, Any] = {"type": "null"}
WHERE = {"request": "POST /v1/predict, request", "response": "POST /v1/predict, status 200"}


def fields(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required]}


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {"additionalProperties": False}


def contract(
    request: dict[str, Any], response: dict[str, Any], **more: dict[str, Any]
) -> dict[str, Any]:
    """A contract whose types stand in its components, as real ones do."""

    def body(name: str) -> dict[str, Any]:
        return {
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        }

    responses = {"200": body("Out") | {"headers": {"X-A": {}}}, **more}
    operation = {"requestBody": body("In"), "responses": responses}
    return {
        "paths": {"/v1/predict": {"post": operation}},
        "components": {"schemas": {"In": request, "Out": response}},
    }


def changes(side: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The breaking changes where the old and new schema stand in a field of request or response."""
    before, after = closed(fields("a", a=old)), closed(fields("a", a=new))
    if side == "request":
        found = breaking_changes(contract(before, STRING), contract(after, STRING))
    else:
        found = breaking_changes(contract(STRING, before), contract(STRING, after))
    prefix = f"{WHERE[side]}.a"
    assert all(change.startswith(prefix) for change in found)
    return [change.removeprefix(prefix) for change in found]


# old, new, and what a client notices of it in a request and in a response ("": nothing)
SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "the same": (NUMBER, NUMBER, "", ""),
    "another text": (NUMBER, NUMBER | {"description": "x", "examples": [1]}, "", ""),
    "another type": (NUMBER, STRING, ": was number, is string.", ": was number, is string."),
    "integer to number": ({"type": "integer"}, NUMBER, "", ": was integer, is number."),
    "number to integer": (NUMBER, {"type": "integer"}, ": was number, is integer.", ""),
    "a higher minimum": (
        NUMBER | {"minimum": 1},
        NUMBER | {"minimum": 2},
        ": was minimum 1, is minimum 2.",
        "",
    ),
    "a lower maximum": (
        NUMBER | {"maximum": 2},
        NUMBER | {"maximum": 1},
        ": was maximum 2, is maximum 1.",
        "",
    ),
    "a first maximum": (
        NUMBER,
        NUMBER | {"maximum": 0},
        ": was without a limit, is maximum 0.",
        "",
    ),
    "a wider range": (
        NUMBER | {"minimum": 0, "maximum": 1},
        NUMBER | {"minimum": 0},
        "",
        ": was maximum 1, is without a limit.",
    ),
    "an open bound": (
        NUMBER | {"minimum": 0},
        NUMBER | {"exclusiveMinimum": 0},
        ": was minimum 0, is exclusiveMinimum 0.",
        "",
    ),
    "a shorter text": (
        STRING,
        STRING | {"maxLength": 5},
        ": was without a limit, is maxLength 5.",
        "",
    ),
    "fewer items": (
        {"type": "array", "items": NUMBER, "maxItems": 5},
        {"type": "array", "items": NUMBER, "maxItems": 4},
        ": was maxItems 5, is maxItems 4.",
        "",
    ),
    "other items": (
        {"type": "array", "items": NUMBER},
        {"type": "array", "items": STRING},
        "[]: was number, is string.",
        "[]: was number, is string.",
    ),
    "a new enum value": (
        {"enum": ["a"]},
        {"enum": ["a", "b"]},
        "",
        ": was enum ['a'], is enum ['a', 'b'].",
    ),
    "one enum value less": (
        {"enum": ["a", "b"]},
        {"enum": ["a"]},
        ": was enum ['a', 'b'], is enum ['a'].",
        "",
    ),
    "an enum of any text": (
        {"enum": ["a"]},
        STRING,
        "",
        ": was enum ['a'], is without a limit.",
    ),
    "null": (NUMBER, {"anyOf": [NUMBER, NULL]}, "", ": was number, is null or number."),
    "null no more": ({"anyOf": [NUMBER, NULL]}, NUMBER, ": was null or number, is number.", ""),
    "a range within null": (
        {"anyOf": [NUMBER, NULL]},
        {"anyOf": [NUMBER | {"maximum": 1}, NULL]},
        ": was without a limit, is maximum 1.",
        "",
    ),
    "a pattern": (STRING, STRING | {"pattern": "^a"}, ": was without a limit, is pattern ^a.", ""),
    "another default": (
        NUMBER | {"default": 1},
        NUMBER | {"default": 2},
        ": an absent value was 1, is 2.",
        "",
    ),
    "a field gone": (
        fields(b=NUMBER),
        fields(),
        ".b: the field is gone.",
        ".b: the field is gone.",
    ),
    "a field renamed": (
        fields("b", b=NUMBER),
        fields("c", c=NUMBER),
        ".b: the field is gone.|.c: the field is required now.",
        ".b: the field is gone.",
    ),
    "a new optional field": (closed(fields()), closed(fields(b=NUMBER)), "", ""),
    "a new required field": (fields(), fields("b", b=NUMBER), ".b: the field is required now.", ""),
    "a field required now": (
        fields(b=NUMBER),
        fields("b", b=NUMBER),
        ".b: the field is required now.",
        "",
    ),
    "a field optional now": (
        fields("b", b=NUMBER),
        fields(b=NUMBER),
        "",
        ".b: the field may be absent now.",
    ),
    "unknown fields refused": (
        fields(),
        closed(fields()),
        ": other fields were allowed, are refused.",
        "",
    ),
    "unknown fields allowed": (
        closed(fields()),
        fields(),
        "",
        ": other fields were refused, are allowed.",
    ),
    "other values of a mapping": (
        fields() | {"additionalProperties": NUMBER},
        fields() | {"additionalProperties": STRING},
        ".*: was number, is string.",
        ".*: was number, is string.",
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_request_may_widen_never_narrow(name: str) -> None:
    old, new, noticed, _ = SCHEMAS[name]
    assert changes("request", old, new) == [text for text in noticed.split("|") if text]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_response_may_narrow_never_widen(name: str) -> None:
    old, new, _, noticed = SCHEMAS[name]
    assert changes("response", old, new) == [text for text in noticed.split("|") if text]


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    tricks: set[str] = set()


class Colour(Enum):
    RED = "red"


class Everything(Struct, forbid_unknown_fields=True):
    """One field of each kind that msgspec knows."""

    described: Annotated[Cat, Meta(description="text")]
    tagged: Cat | Dog
    pair: tuple[int, str]
    moment: Annotated[datetime, Meta(tz=True)]
    colour: Colour
    mapping: dict[str, Annotated[int, Meta(ge=1)]] = {}
    optional: Annotated[Cat | None, Meta(description="text")] = None
    several: tuple[int, ...] = ()
    data: bytes = b""
    fixed: Literal[1, "a", None] = 1


def of_types(name: str, *more: tuple[str, Any, Any]) -> dict[str, Any]:
    """The contract whose request and response are `Everything`, with one field of another type."""
    kept = [
        (each.name, each.type, field(default=each.default))
        for each in fields_of(Everything)
        if each.name != name
    ]
    both = [
        defstruct(side, [*kept, *more], kw_only=True, forbid_unknown_fields=True)
        for side in ("In", "Out")
    ]
    _, schemas = schema_components(both, ref_template="#/components/schemas/{name}")
    return contract({}, {}) | {"components": {"schemas": schemas}}


def test_types_of_every_kind_are_what_they_were() -> None:
    assert breaking_changes(of_types(""), of_types("")) == []


@pytest.mark.parametrize(
    ("name", "type_", "default"),
    [
        ("tagged", Cat, NODEFAULT),
        ("pair", tuple[int, int], NODEFAULT),
        ("pair", tuple[int, ...], NODEFAULT),
        ("moment", str, NODEFAULT),
        ("mapping", dict[str, Annotated[int, Meta(ge=2)]], {}),
        ("several", tuple[str, ...], ()),
        ("data", int, 0),
        ("fixed", Literal[2], 2),
    ],
)
def test_another_type_of_any_kind_is_noticed(name: str, type_: Any, default: Any) -> None:
    found = breaking_changes(of_types(""), of_types(name, (name, type_, field(default=default))))
    assert found
    assert all(f".{name}" in change for change in found)


def test_a_path_may_come_but_not_go() -> None:
    one = contract(STRING, STRING)
    two = one | {"paths": one["paths"] | {"/v1/more": one["paths"]["/v1/predict"]}}
    assert breaking_changes(one, two) == []
    assert breaking_changes(two, one) == ["POST /v1/more is gone."]


def test_another_status_is_noticed() -> None:
    one, two = contract(STRING, STRING), contract(STRING, STRING, **{"429": {}})
    assert breaking_changes(one, two) == ["POST /v1/predict, status 429 is new."]
    assert breaking_changes(two, one) == ["POST /v1/predict, status 429 is gone."]


def test_another_header_is_noticed() -> None:
    one, two = contract(STRING, STRING), contract(STRING, STRING)
    two["paths"]["/v1/predict"]["post"]["responses"]["200"]["headers"] = {"X-B": {}}
    assert breaking_changes(one, two) == [
        "POST /v1/predict, status 200, header X-A is gone.",
        "POST /v1/predict, status 200, header X-B is new.",
    ]


def test_another_media_type_is_noticed() -> None:
    one, two = contract(STRING, STRING), contract(STRING, STRING)
    body = two["paths"]["/v1/predict"]["post"]["requestBody"]
    body["content"] = {"text/csv": body["content"]["application/json"]}
    assert breaking_changes(one, two) == [
        "POST /v1/predict, request, media type application/json is gone.",
        "POST /v1/predict, request, media type text/csv is new.",
    ]


def test_a_type_within_itself_is_compared_once() -> None:
    tree = fields(child={"$ref": "#/components/schemas/In"}, size=NUMBER)
    narrow = fields(child={"$ref": "#/components/schemas/In"}, size=NUMBER | {"maximum": 1})
    assert breaking_changes(contract(tree, STRING), contract(tree, STRING)) == []
    assert breaking_changes(contract(tree, STRING), contract(narrow, STRING)) == [
        "POST /v1/predict, request.size: was without a limit, is maximum 1."
    ]
