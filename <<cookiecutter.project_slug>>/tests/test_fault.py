"""Sentences and pointers for what msgspec says."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from serving.fault import fault


class Inner(Struct, forbid_unknown_fields=True):
    size: Annotated[float, Meta(ge=0)]
    counts: dict[str, int] | None = None
    by_number: dict[int, int] | None = None
    slashed: int = msgspec.field(name="a/b~c", default=0)


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


@pytest.mark.parametrize("name", ["x` - at `$.y", " - at `$", "$", "[0]", ".", ""])
def test_no_name_that_a_client_invents_makes_it_fail(name: str) -> None:
    documents: list[Any] = [{name: 1}, {"items": [{name: 1}]}]
    for document in documents:
        with pytest.raises(msgspec.ValidationError) as error:
            msgspec.json.decode(msgspec.json.encode(document), type=Outer)
        pointer = fault(str(error.value), Outer)[1]
        assert not pointer or pointer.startswith("/")
