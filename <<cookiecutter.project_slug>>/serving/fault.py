"""Where a request breaks its contract: msgspec's message, taken apart."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

_MESSAGE = re.compile(r"(.*) - at (`key` in )?`\$(.*)`", re.DOTALL)
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(.*)`", re.DOTALL)
_CHOICE = re.compile(r"Invalid (?:enum )?value .*", re.DOTALL)
_INDEX = re.compile(r"\[(\d+)\]")
_KEY = "[...]"


class Place(NamedTuple):
    """Where a path may lead, so far: names and indices up to the first key that isn't told."""

    steps: tuple[str, ...]
    type: inspect.Type
    within_key: bool = False

    def inner(self, step: str | None, type_: inspect.Type) -> "Place":
        """A place in this one; step: None for a key that isn't told."""
        if step is None or self.within_key:
            return Place(self.steps, type_, within_key=True)
        return Place((*self.steps, step), type_)


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
    places = _places(path, _type_of(body))
    steps = places[0].steps if places else ()
    if (field := _FIELD.fullmatch(sentence)) and not (places and places[0].within_key):
        steps = (*steps, field[1])
    if _CHOICE.fullmatch(sentence):
        choices = [c for each in places if each.steps == steps for c in _choices(each.type, key)]
        sentence += f": it must be one of {', '.join(choices)}" if choices else ""
    return f"{sentence}.", pointer(*steps)


def pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) through these names and indices."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


@cache
def _type_of(body: type) -> inspect.Type:
    return inspect.type_info(body)


def _places(path: str, body: inspect.Type) -> list[Place]:
    """Where msgspec's `path` may lead: types in a union may share names, names may have dots."""
    todo, found = [(0, Place((), body))], list[Place]()
    seen: dict[tuple[int, int], inspect.Type] = {}
    for at, place in todo:  # grows meanwhile
        type_ = place.type
        if (at, id(type_)) in seen:
            continue
        seen[at, id(type_)] = type_
        if isinstance(type_, inspect.Metadata):
            todo.append((at, place._replace(type=type_.type)))
        elif isinstance(type_, inspect.UnionType):
            todo += [(at, place._replace(type=each)) for each in type_.types]
        elif at == len(path):
            found.append(place)
        else:
            steps = _steps(path, at, type_)
            todo += [(end, place.inner(step, inner)) for end, step, inner in steps]
    return found


def _steps(path: str, at: int, type_: Any) -> Iterator[tuple[int, str | None, inspect.Type]]:
    """The first steps of `path` from `at`: where they end, as what, at which type."""
    if path.startswith(_KEY, at) and isinstance(type_, inspect.DictType):
        yield at + len(_KEY), None, type_.value_type
    if index := _INDEX.match(path, at):
        inner = _items(type_, int(index[1]))
        if inner is not None:
            yield index.end(), index[1], inner
    for name, inner in _fields(type_):
        if path.startswith(f".{name}", at):
            yield at + 1 + len(name), name, inner


def _items(type_: Any, index: int) -> inspect.Type | None:
    """The type of the item with this index, where the type has items."""
    if fields := _fields(type_):  # a Struct or a NamedTuple, written as an array
        return fields[index][1] if index < len(fields) else None
    if isinstance(type_, inspect.TupleType):
        return type_.item_types[index]
    return getattr(type_, "item_type", None)


def _fields(type_: Any) -> list[tuple[str, inspect.Type]]:
    """Names and types of what a type of this kind has, its tag first."""
    fields = [(field.encode_name, field.type) for field in getattr(type_, "fields", ())]
    if tag := getattr(type_, "tag_field", None):
        fields.insert(0, (tag, inspect.LiteralType((type_.tag,))))
    return fields


def _choices(type_: inspect.Type, key: str | None) -> list[str]:
    """What may stand there, as JSON."""
    if key and isinstance(type_, inspect.DictType):
        return [c for each in _places("", type_.key_type) for c in _choices(each.type, None)]
    if isinstance(type_, inspect.EnumType):
        return [msgspec.json.encode(each).decode() for each in type_.cls]
    if isinstance(type_, inspect.LiteralType):
        return [msgspec.json.encode(each).decode() for each in type_.values]
    return []
