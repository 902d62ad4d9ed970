"""Where a request breaks its contract: msgspec's message, taken apart."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

_MESSAGE = re.compile(r"(.*) - at (`key` in )?`\$([^`]*)`", re.DOTALL)
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(.*)`", re.DOTALL)
_CHOICE = re.compile(r"Invalid (?:enum )?value .*", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")

# Names and indices from the body to the fault, and the type of what stands there.
type Way = tuple[list[str], inspect.Type]


def fault(message: str, body: type) -> tuple[str, str]:
    """A sentence that says what is wrong, and the JSON pointer (RFC 6901) to where in a `body`.

    A missing field's pointer names the place where the field should stand. Keys of mappings
    are hidden by msgspec: the pointer then ends at the mapping. Names may have dots and brackets,
    which msgspec doesn't escape: only the type says where one ends.

    >>> fault("Object missing required field `instances`", PredictRequest)
    ('Object missing required field `instances`.', '/instances')
    """
    # At the top of the document msgspec names no path.
    found = _MESSAGE.fullmatch(message)
    sentence, key, path = found.groups() if found else (message, None, "")
    ways = [*_ways(path, _type_of(body))]
    steps, end = ways[0] if ways else ([], None)
    if (field := _FIELD.fullmatch(sentence)) and not isinstance(end, inspect.DictType):
        steps = [*steps, field[1]]
    if _CHOICE.fullmatch(sentence):
        choices = [each for way, type_ in ways if way == steps for each in _choices(type_, key)]
        sentence += f": it must be one of {', '.join(choices)}" if choices else ""
    return f"{sentence}.", pointer(*steps)


def pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) through these names and indices."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


@cache
def _type_of(body: type) -> inspect.Type:
    return inspect.type_info(body)


def _ways(path: str, type_: inspect.Type) -> Iterator[Way]:
    """The ways that msgspec's `path` may go through this type: names, and names with dots."""
    if isinstance(type_, inspect.Metadata):
        yield from _ways(path, type_.type)
    elif isinstance(type_, inspect.UnionType):
        for each in type_.types:
            yield from _ways(path, each)
    elif not path or path.startswith("[...]"):
        yield [], type_
    else:
        for taken, step, inner in _steps(path, type_):
            for steps, end in _ways(path[taken:], inner):
                yield [step, *steps], end


def _steps(path: str, type_: Any) -> Iterator[tuple[int, str, inspect.Type]]:
    """The first steps of `path`: how many characters, as what, to which type."""
    if index := _INDEX.match(path):
        inner = _items(type_, int(index[1]))
        if inner is not None:
            yield index.end(), index[1], inner
    fields = {field.encode_name: field.type for field in getattr(type_, "fields", ())}
    if tag := getattr(type_, "tag_field", None):
        fields[tag] = inspect.LiteralType((type_.tag,))
    for name, inner in fields.items():
        if path.startswith(f".{name}"):
            yield 1 + len(name), name, inner


def _items(type_: Any, index: int) -> inspect.Type | None:
    """The type of the item with this index, where the type has items."""
    if fields := getattr(type_, "fields", None):  # a Struct or a NamedTuple, written as an array
        return fields[index].type if index < len(fields) else None
    if isinstance(type_, inspect.TupleType):
        return type_.item_types[index]
    return getattr(type_, "item_type", None)


def _choices(type_: inspect.Type, key: str | None) -> list[str]:
    """What may stand there, as JSON."""
    if key and isinstance(type_, inspect.DictType):
        return [each for _, end in _ways("", type_.key_type) for each in _choices(end, None)]
    if isinstance(type_, inspect.EnumType):
        return [msgspec.json.encode(each).decode() for each in type_.cls]
    if isinstance(type_, inspect.LiteralType):
        return [msgspec.json.encode(each).decode() for each in type_.values]
    return []
