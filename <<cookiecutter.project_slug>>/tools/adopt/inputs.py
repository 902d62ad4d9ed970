"""Which column of the sample goes into which input of the model, and what no sample shows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tools.adopt import columns as known
from tools.adopt.columns import Column, Kind
from tools.adopt.sample import Sample
from tools.refused import Refused

# How many rows of a sample, and how many random ones, a model is tried on.
TRIED = 1_000
# A wider matrix is one list, unless a sample names its columns.
NAMED = 64
INTEGERS = {
    "int64": (-(2**63), 2**63 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int8": (-128, 127),
    "uint8": (0, 255),
}


@dataclass(frozen=True)
class Wanted:
    """What a model says of one of its inputs. kind: None where only the sample knows."""

    name: str
    kind: Kind | None = None
    shape: tuple[int | None, ...] = ()
    type: str = "float64"
    choices: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Table:
    """The columns of the model's input, rows of the sample, and what was guessed of them.

    first: whether the example is the first row, and not a typical one.
    """

    columns: list[Column]
    rows: list[tuple[Any, ...]]
    guesses: list[str]
    first: bool = False

    def tried(self) -> list[Sequence[Any]]:
        """The example, rows of the sample, and random ones: each with a value per column."""
        step = max(1, -(-len(self.rows) // TRIED))
        source = known.same_each_time()
        drawn = [[known.draw(each, source) for each in self.columns] for _ in range(TRIED)]
        return [self.example(), *self.rows[::step], *drawn]

    def example(self) -> list[Any]:
        """A typical row that is nobody's, as far as that is possible."""
        if self.first:
            return [*self.rows[0]]
        return known.example(self.columns, self.rows)


def matched(wanted: Sequence[Wanted], sample: Sample | None) -> Table:
    """The columns that a model wants, each by its name.

    Raises:
        Refused: the sample lacks one, or holds what the model doesn't take.
    """
    attributes = known.attributes(each.name for each in wanted)
    if sample is None:
        both = zip(wanted, attributes, strict=True)
        return Table([_unseen(each, attribute) for each, attribute in both], [], [])
    names = [_name(each, wanted, sample) for each in wanted]
    values = [_fit(each, sample.columns[name]) for each, name in zip(wanted, names, strict=True)]
    attributes = known.attributes(names)
    found = [
        _known(each, known.column_of(name, attribute, column))
        for each, name, attribute, column in zip(wanted, names, attributes, values, strict=True)
    ]
    guesses = []
    if unused := [name for name in sample.columns if name not in names]:
        guesses.append(f"{', '.join(unused)}: left out, since the model has no such input")
    return Table(found, [*zip(*values, strict=True)], guesses)


def in_order(wanted: Sequence[Wanted], sample: Sample) -> Table:
    """The columns of a sample as the model's inputs, which have no names, in their order."""
    if len(sample.columns) != len(wanted):
        raise Refused(
            f"{sample.file} has {len(sample.columns)} columns ({_listed(sample)}), and the model"
            f" takes {len(wanted)}: leave in what the model takes, in its order."
        )
    named = [replace(w, name=name) for w, name in zip(wanted, sample.columns, strict=True)]
    table = matched(named, sample)
    told = "the columns are the model's inputs in the order of the sample, which alone names them"
    return replace(table, guesses=[told, *table.guesses])


def _name(wanted: Wanted, every: Sequence[Wanted], sample: Sample) -> str:
    """The sample's column for an input, whose name may have lost what is no letter."""
    if wanted.name in sample.columns:
        return wanted.name
    alike = [name for name in sample.columns if re.sub(r"\W", "_", name) == wanted.name]
    if len(alike) == 1:
        return alike[0]
    if len(every) == len(sample.columns) == 1:
        return next(iter(sample.columns))
    raise Refused(
        f"{sample.file} has no column {wanted.name!r}, which the model takes; it has"
        f" {_listed(sample)}. Name its columns as the model does."
    )


def _listed(sample: Sample) -> str:
    names = [repr(name) for name in [*sample.columns][:8]]
    return ", ".join(names) + (" …" if len(sample.columns) > 8 else "")


def _fit(wanted: Wanted, values: list[Any]) -> list[Any]:
    """The values in the type that the model takes."""
    if wanted.kind == "float":
        return [_each(value, lambda v: float(v) if isinstance(v, int) else v) for value in values]
    if wanted.kind == "text":
        return [_each(v, lambda v: v if isinstance(v, str) else str(v)) for v in values]
    if wanted.kind == "int":
        return [_each(v, lambda v: int(v) if _whole(v) else v) for v in values]
    if wanted.kind == "bool":
        return [_each(v, lambda v: bool(v) if v in (0, 1) else v) for v in values]
    return values


def _whole(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, float) and value.is_integer())


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_each(each, change) for each in value]
    return None if value is None else change(value)


def _known(wanted: Wanted, column: Column) -> Column:
    """The column of a sample with what the model itself knows of it."""
    own = replace(column, single=wanted.type == "float32")
    if wanted.kind and wanted.kind != column.kind and column.seen != "no value":
        raise Refused(
            f"The column {column.name!r} holds {column.kind}, and the model takes {wanted.kind}:"
            " give it what the model was trained on."
        )
    if column.optional and wanted.kind in ("int", "bool"):
        raise Refused(
            f"The column {column.name!r} lacks values, and the model's input of {wanted.kind} has"
            " nothing to stand for that: fill them."
        )
    if wanted.kind:
        own = replace(own, kind=wanted.kind, shape=_shape(wanted, column))
    if wanted.type in INTEGERS:
        own = replace(own, bounds=INTEGERS[wanted.type])
    within = column.kind == "text" and column.whole and {*column.words} <= {*wanted.choices}
    integers = column.kind == "int" and {column.low, column.high} <= {*wanted.choices}
    if wanted.choices and (within or integers):
        own = replace(own, choices=wanted.choices)
    return own


def _shape(wanted: Wanted, column: Column) -> tuple[int | None, ...]:
    if len(wanted.shape) != len(column.shape) or any(
        a is not None and a != b for a, b in zip(wanted.shape, column.shape, strict=True)
    ):
        raise Refused(
            f"The column {column.name!r} has lists of {_sizes(column.shape)}, and the model takes"
            f" {_sizes(wanted.shape)}: give it what the model was trained on."
        )
    return tuple(a if a is not None else b for a, b in zip(wanted.shape, column.shape, strict=True))


def _sizes(shape: tuple[int | None, ...]) -> str:
    return " by ".join("any length" if each is None else str(each) for each in shape) or "no length"


def _unseen(wanted: Wanted, attribute: str) -> Column:
    """A column of which only the model tells."""
    kind = wanted.kind or "float"
    low, high = (0, 9) if kind == "int" else (-3, 3)
    bounds = INTEGERS.get(wanted.type, INTEGERS["int64"])
    typical: Any = {"float": 0.5, "int": 1, "bool": True, "text": " ".join(known.WORDS)}[kind]
    typical = wanted.choices[0] if wanted.choices else typical
    for length in reversed(wanted.shape):
        typical = [typical] * (length or 4)
    return Column(
        *(wanted.name, attribute, kind),
        shape=wanted.shape,
        low=low,
        high=high,
        choices=wanted.choices,
        single=wanted.type == "float32",
        bounds=bounds,
        typical=typical,
    )
