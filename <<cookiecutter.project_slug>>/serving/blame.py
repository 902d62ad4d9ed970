"""Whose failure it is when the model raises: the client's, or the model's."""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import msgspec

from serving.fault import pointer
from serving.problem import Problem, Refused
from serving.work import Work

# What NumPy's and pandas' usual types hold: int64, float32, and datetime64 in nanoseconds.
INTEGERS = range(-(2**63), 2**63)
LARGEST_FLOAT = 3.4028235e38
YEARS = range(1678, 2262)
LARGEST_DAYS = 106_751


def client_error(work: Work, exception: Exception) -> Problem | None:
    """What the client did wrong, where `exception`, which the model raised, is not its own failure.

    That is: the predictor refused the request, or there is a value in it that its types allow and
    the usual numeric types can't hold.
    """
    if isinstance(exception, Refused):
        return Problem(422, str(exception), _where(work, exception))
    given = {"instances": work.instances}
    for steps, value in [*_values(work.parameters, ()), *_values(given, ())]:
        if why := _extreme(value):
            return Problem(422, f"The model can't work with {value}, {why}.", pointer(*steps))
    return None


def _where(work: Work, refused: Refused) -> str | None:
    """The place that the predictor named, or the only one that it can mean."""
    field = () if refused.field is None else (refused.field,)
    if refused.row is not None:
        return pointer("instances", refused.row, *field)
    if field and refused.field in dict(_fields(work.parameters)):
        return pointer(*field)
    return pointer("instances", 0, *field) if len(work.instances) == 1 else None


def _extreme(value: object) -> str | None:
    """What is unusual about a value; None: nothing."""
    match value:
        case int() if value not in INTEGERS:
            return "an integer that doesn't fit into 64 bits"
        case float() | Decimal() if abs(value) > LARGEST_FLOAT:
            return "a number that doesn't fit into 32 bits"
        case date() if value.year not in YEARS:
            return f"which is not in the years {YEARS[0]} to {YEARS[-1]}"
        case timedelta() if abs(value.days) > LARGEST_DAYS:
            return "which is longer than 292 years"
        case _:
            return None


def _values(value: object, steps: tuple[str | int, ...]) -> Iterator[tuple[Any, object]]:
    """Every value in this one, and where it stands."""
    yield steps, value
    for step, inner in _fields(value):
        yield from _values(inner, (*steps, step))


def _fields(value: object) -> list[tuple[Any, object]]:
    """What a value consists of, by its name in JSON or its index."""
    match value:
        case msgspec.Struct():
            fields = msgspec.structs.fields(value)
            return [(each.encode_name, getattr(value, each.name)) for each in fields]
        case Mapping():
            return [*cast("Mapping[Any, object]", value).items()]
        case str() | bytes() | bytearray():
            return []
        case Sequence() | Set():
            return [*enumerate(cast("Sequence[object]", value))]
        case _:
            return []
