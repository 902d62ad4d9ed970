"""Which column of the sample goes into which input of the model, and what no sample shows."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tools.adopt import columns as known
from tools.adopt.columns import Column, Kind
from tools.adopt.sample import Sample
from tools.adopt.table import Table
from tools.refused import Refused

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
    """What a model says of one of its inputs.

    kind: None where only the sample knows. optional: whether it may be missing; None as well.
    """

    name: str
    kind: Kind | None = None
    shape: tuple[int | None, ...] = ()
    type: str = "float64"
    choices: tuple[str | int, ...] = ()
    optional: bool | None = None


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
    held = [_fit(each, sample.columns[name]) for each, name in zip(wanted, names, strict=True)]
    attributes = known.attributes(names)
    found = [
        _known(each, known.column_of(name, attribute, column), column)
        for each, name, attribute, column in zip(wanted, names, attributes, held, strict=True)
    ]
    guesses = []
    if unused := [name for name in sample.columns if name not in names]:
        listed = ", ".join(map(repr, unused))
        guesses.append(f"{listed}: left out, since the model has no such input")
    return Table(found, [*zip(*held, strict=True)], guesses)


def signed(wanted: Sequence[Wanted], signature: Sequence[Wanted]) -> list[Wanted]:
    """What a model wants, with the names, types and gaps of its signature.

    Raises:
        Refused: the signature is not that of this model.
    """
    known = {each.name: each for each in signature}
    if all(each.name for each in wanted):
        if signature and (lost := [each.name for each in wanted if each.name not in known]):
            raise Refused(
                f"The model takes {lost[0]!r}, which its signature lacks: correct the signature in"
                " MLmodel, or name the model's file instead of the folder."
            )
        return [_signed(each, known.get(each.name, each)) for each in wanted]
    if len(signature) != len(wanted):
        return [*wanted]
    return [_signed(each, own) for each, own in zip(wanted, signature, strict=True)]


def _signed(wanted: Wanted, signature: Wanted) -> Wanted:
    kind = wanted.kind or signature.kind
    return replace(wanted, name=signature.name, kind=kind, optional=signature.optional)


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


def _fit(wanted: Wanted, held: list[Any]) -> list[Any]:
    """The values in the type that the model takes."""
    if wanted.kind == "float":
        return [_each(value, lambda v: float(v) if isinstance(v, int) else v) for value in held]
    if wanted.kind == "text":
        return [_each(v, lambda v: v if isinstance(v, str) else str(v)) for v in held]
    if wanted.kind == "int":
        return [_each(v, lambda v: int(v) if _whole(v) else v) for v in held]
    if wanted.kind == "bool":
        return [_each(v, lambda v: bool(v) if v in (0, 1) else v) for v in held]
    return held


def _whole(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, float) and value.is_integer())


def _each(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_each(each, change) for each in value]
    return None if value is None else change(value)


def _known(wanted: Wanted, column: Column, held: Sequence[Any]) -> Column:
    """The column of a sample with what the model itself knows of it."""
    own = replace(column, single=wanted.type == "float32")
    if column.optional and wanted.optional is False:
        raise Refused(
            f"The column {column.name!r} lacks values, and the model's signature says that none"
            " does: fill them, or correct the signature in MLmodel."
        )
    own = replace(own, optional=column.optional or bool(wanted.optional))
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
    if wanted.choices and column.kind in ("text", "int") and not column.shape:
        within = {*held} - {None} <= {*wanted.choices}
        if within:  # of these too one is typical
            common = Counter(each for each in held if each is not None).most_common(1)
            own = replace(own, choices=wanted.choices, typical=common[0][0])
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
        *(wanted.name, attribute, kind, bool(wanted.optional)),
        shape=wanted.shape,
        low=low,
        high=high,
        choices=wanted.choices,
        single=wanted.type == "float32",
        bounds=bounds,
        typical=typical,
    )
