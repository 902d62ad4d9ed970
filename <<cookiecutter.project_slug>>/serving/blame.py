"""Whose failure it is when the model raises: the client's, or the model's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import msgspec

from serving.fault import pointer
from serving.problem import Problem, Refused
from serving.work import Work

# What NumPy's and pandas' usual types hold: int64, float32, and datetime64 in nanoseconds.
INTEGERS = range(-(2**63), 2**63)
LARGEST_FLOAT, LARGEST_EXPONENT = 3.4028235e38, 38
YEARS = range(1678, 2262)
LARGEST_DAYS = 106_751

# The way to a value from the body, and the value.
type Place = tuple[tuple[Any, ...], object]


def client_error(work: Work, exception: BaseException) -> Problem | None:
    """What the client did wrong, where `exception`, which the model raised, is not its own failure.

    That is: the predictor refused the request, or there is a value in it that its types allow and
    the usual numeric types can't hold.
    """
    if isinstance(exception, Refused):
        return Problem(422, str(exception), _where(work, exception))
    for steps, value in _values(((), work.parameters), (("instances",), work.instances)):
        if why := _extreme(value):
            return Problem(422, f"The model can't work with {value}, {why}.", pointer(*steps))
    return None


def _where(work: Work, refused: Refused) -> str | None:
    """The place that the predictor named, or the only one that it can mean."""
    field = () if refused.field is None else (refused.field,)
    if refused.row is not None and refused.row in range(len(work.instances)):
        return pointer("instances", refused.row, *field)
    if field and field in dict(_inner((), work.parameters)):
        return pointer(*field)
    alone = refused.row is None and len(work.instances) == 1
    return pointer("instances", 0, *field) if alone else None


def _extreme(value: object) -> str | None:
    """What is unusual about a value; None: nothing."""
    match value:
        case int() if value not in INTEGERS:
            return "an integer that doesn't fit into 64 bits"
        case float() if abs(value) > LARGEST_FLOAT:
            return "a number that doesn't fit into 32 bits"
        case Decimal() if not value.is_finite() or value.adjusted() > LARGEST_EXPONENT:
            return "a number that doesn't fit into 32 bits"
        case date() if value.year not in YEARS:
            return f"which is not in the years {YEARS[0]} to {YEARS[-1]}"
        case timedelta() if abs(value.days) > LARGEST_DAYS:
            return "which is longer than 292 years"
        case _:
            return None


def _values(*roots: Place) -> Iterator[Place]:
    """Every value in these, and where it stands."""
    todo = [*reversed(roots)]
    while todo:  # not by recursion: a client decides how deep it goes
        steps, value = todo.pop()
        yield steps, value
        todo += reversed(_inner(steps, value))


def _inner(steps: tuple[Any, ...], value: Any) -> list[Place]:
    """What a value consists of. The pointer to a key, or to what is in a set, ends before it."""
    match value:
        case msgspec.Struct():
            fields = msgspec.structs.fields(value)
            return [((*steps, each.encode_name), getattr(value, each.name)) for each in fields]
        case Mapping():
            items = cast("Mapping[Any, object]", value).items()
            return [(steps, key) for key, _ in items] + [((*steps, k), v) for k, v in items]
        case str() | bytes() | bytearray():
            return []
        case Sequence():
            several = cast("Sequence[object]", value)
            return [((*steps, index), each) for index, each in enumerate(several)]
        case Set():
            return [(steps, each) for each in cast("Set[object]", value)]
        case _:
            names: Iterable[str] = getattr(value, "__dataclass_fields__", ())
            return [((*steps, name), getattr(value, name)) for name in names]
