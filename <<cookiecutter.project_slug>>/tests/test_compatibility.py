"""Which changes of a contract an old client would notice: each case once."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
import yaml
from msgspec import NODEFAULT, Meta, Struct, defstruct, field
from msgspec.json import schema_components
from msgspec.structs import fields as fields_of

from tests.support import ROOT
from tools.compatibility import breaking_changes

NUMBER: dict[str, Any] = {"type": "number"}
STRING: dict[str, Any] = {"type": "string"}
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


CASES = yaml.safe_load((ROOT / "tests/compatibility.yaml").read_text("utf-8"))
each_change = pytest.mark.parametrize("case", CASES, ids=lambda case: case["change"])


@each_change
def test_a_request_may_widen_never_narrow(case: dict[str, Any]) -> None:
    assert changes("request", case["old"], case["new"]) == case.get("request", [])


@each_change
def test_a_response_may_narrow_never_widen(case: dict[str, Any]) -> None:
    assert changes("response", case["old"], case["new"]) == case.get("response", [])


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
