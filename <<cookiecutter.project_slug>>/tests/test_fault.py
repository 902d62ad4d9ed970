"""Sentences and pointers for what msgspec says."""

from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest
from msgspec import Meta, Struct

from serving.fault import fault


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Box(Struct, tag="box"):
    edge: float


class Ball(Struct, tag="ball"):
    radius: float


class Row(Struct, array_like=True, tag="row"):
    left: Box
    right: Literal["l", "r"] = "l"


class Sum(Struct, tag="sum"):
    left: "Sum | Product | float"


class Product(Struct, tag="product"):
    left: "Sum | Product | float"


class Pair(NamedTuple):
    left: int
    right: Literal["l", "r"]


class Inner(Struct, forbid_unknown_fields=True):
    size: Annotated[float, Meta(ge=0)]
    counts: dict[str, int] | None = None
    by_number: dict[int, int] | None = None
    slashed: int = msgspec.field(name="a/b~c", default=0)
    mean: dict[str, int] | None = None
    mean_texture: float = msgspec.field(name="mean.texture", default=0)
    first: list[Colour | None] = msgspec.field(name="first[0]", default_factory=list)
    side: Literal["left", "right", 3] | None = None
    shape: Annotated[Box | Ball | None, Meta(description="What it is like.")] = None
    by_colour: dict[Literal["red", "green"], int] | None = None
    pair: Pair | None = None
    nested: dict[str, list[Box]] | None = None
    colours: dict[str, list[Colour]] | None = None
    quoted: int = msgspec.field(name="a`b", default=0)
    row: Row | None = None
    term: Sum | None = None


class Outer(Struct, forbid_unknown_fields=True):
    items: list[Inner]


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ("[]", ""),
        ("null", ""),
        ("{}", "/items"),
        ('{"items": null}', "/items"),
        ('{"items": [], "more": 1}', "/more"),
        ('{"items": [], "a/b~": 1}', "/a~1b~0"),
        ('{"items": [], "`": 1}', "/`"),
        ('{"items": [], "two\\nlines": 1}', "/two\nlines"),
        ('{"items": [1]}', "/items/0"),
        ('{"items": [{"size": 1}, {}]}', "/items/1/size"),
        ('{"items": [{"size": "1"}]}', "/items/0/size"),
        ('{"items": [{"size": 1e999}]}', "/items/0/size"),
        ('{"items": [{"size": 1, "a/b~c": "x"}]}', "/items/0/a~1b~0c"),
        ('{"items": [{"size": 1, "counts": {"key": "x"}}]}', "/items/0/counts"),
        ('{"items": [{"size": 1, "by_number": {"key": 1}}]}', "/items/0/by_number"),
        ('{"items": [{"size": 1, "mean.texture": "x"}]}', "/items/0/mean.texture"),
        ('{"items": [{"size": 1, "mean": {"texture": "x"}}]}', "/items/0/mean"),
        ('{"items": [{"size": 1, "first[0]": ["red", 1]}]}', "/items/0/first[0]/1"),
        ('{"items": [{"size": 1, "shape": {"type": "ball", "radius": 0}}, 1]}', "/items/1"),
        ('{"items": [{"size": 1, "shape": {"type": "ball"}}]}', "/items/0/shape/radius"),
        ('{"items": [{"size": 1, "pair": ["x", "l"]}]}', "/items/0/pair/0"),
        ('{"items": [{"size": 1, "nested": {"a": [{"type": "box"}]}}]}', "/items/0/nested"),
        ('{"items": [{"size": 1, "a`b": "x"}]}', "/items/0/a`b"),
        ('{"items": [{"size": 1, "row": ["row", {"type": "box"}]}]}', "/items/0/row/1/edge"),
    ],
)
def test_the_pointer_says_where_the_fault_is(document: str, pointer: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(document, type=Outer)
    assert fault(str(error.value), Outer)[1] == pointer


def test_the_sentence_says_what_is_wrong() -> None:
    assert fault("Expected `float`, got `str` - at `$.items[0].size`", Outer)[0] == (
        "Expected `float`, got `str`."
    )


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ('"side": "up"', '3, "left", "right"'),
        ('"first[0]": ["up"]', '"red", "green"'),
        ('"shape": {"type": "up"}', '"box", "ball"'),
        ('"by_colour": {"up": 1}', '"green", "red"'),
        ('"pair": [1, "up"]', '"l", "r"'),
        ('"colours": {"a": ["up"]}', '"red", "green"'),
        ('"row": ["row", {"type": "box", "edge": 1}, "up"]', '"l", "r"'),
        ('"row": ["up"]', '"row"'),
    ],
)
def test_of_a_choice_the_sentence_lists_what_is_allowed(fields: str, allowed: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(f'{{"items": [{{"size": 1, {fields}}}]}}', type=Outer)
    assert fault(str(error.value), Outer)[0].endswith(f"'up': it must be one of {allowed}.")


def test_a_body_that_nests_deeply_takes_no_longer_for_it() -> None:
    depth = 400
    term = '{"type": "sum", "left": ' * depth + '"wrong"' + "}" * depth
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(f'{{"items": [{{"size": 1, "term": {term}}}]}}', type=Outer)
    # By every way through both types it would be 2 to the power of 400.
    assert fault(str(error.value), Outer)[1] == "/items/0/term" + "/left" * depth


@pytest.mark.parametrize("name", ["x` - at `$.y", " - at `$", "$", "[0]", ".", ""])
def test_no_name_that_a_client_invents_makes_it_fail(name: str) -> None:
    documents: list[Any] = [{name: 1}, {"items": [{name: 1}]}]
    for document in documents:
        with pytest.raises(msgspec.ValidationError) as error:
            msgspec.json.decode(msgspec.json.encode(document), type=Outer)
        pointer = fault(str(error.value), Outer)[1]
        assert not pointer or pointer.startswith("/")
