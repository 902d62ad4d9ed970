"""Random values of columns, and an example of typical ones."""

import base64
import math
from collections.abc import Sequence
from random import Random
from typing import Any

from tools.adopt.columns import Column

# How often a random value is missing, where it may be.
GAPS = 0.1


def same_each_time() -> Random:
    """What random values are drawn from: in each run the same ones."""
    return Random(0)  # noqa: S311 - nothing is kept secret by these


def row(columns: Sequence[Column], source: Random) -> list[Any]:
    """Random values as `random_instance` of the tests makes them: JSON's own types.

    Lists whose lengths differ between the same bounds have one length, as those of a text's tokens.
    """
    lengths = {bounds: source.randint(*bounds) for bounds in ragged(columns)}
    return [draw(each, source, lengths.get(each.lengths, 0)) for each in columns]


def ragged(columns: Sequence[Column]) -> list[tuple[int, int]]:
    """The bounds of the lengths of lists where these differ."""
    return sorted({each.lengths for each in columns if None in each.shape})


def size(column: Column) -> int:
    """How many values a row has of it, at most."""
    return math.prod(column.lengths[1] if each is None else each for each in column.shape)


def draw(column: Column, source: Random, length: int = 1) -> Any:
    """A random value. length: that of its lists where these differ."""
    if column.optional and source.random() < GAPS:
        return None
    return _nested(column, source, column.shape, length)


def _nested(column: Column, source: Random, shape: tuple[int | None, ...], length: int) -> Any:
    if shape:
        many = length if shape[0] is None else shape[0]
        return [_nested(column, source, shape[1:], length) for _ in range(many)]
    if column.choices:
        return source.choice(column.choices)
    if column.kind == "float":
        return source.uniform(column.low, column.high)
    if column.kind == "int":
        return source.randint(int(column.low), int(column.high))
    if column.kind == "bool":
        return source.random() < 0.5
    if column.kind == "bytes":
        return base64.b64encode(source.randbytes(48)).decode()
    if column.whole:
        return source.choice(column.words)
    return " ".join(source.choices(column.words, k=source.randint(*column.lengths)))


def example(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> list[Any]:
    """A typical value per column; where that is a row of the sample, another value in one."""
    values = [each.typical for each in columns]
    known = {repr([*row]) for row in rows}
    source = same_each_time()
    for i, column in enumerate(columns):
        for _ in range(8):
            if repr(values) not in known:
                return values
            values[i] = _rounded(draw(column, source, sum(column.lengths) // 2))
        values[i] = column.typical
    return values


def _rounded(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value
