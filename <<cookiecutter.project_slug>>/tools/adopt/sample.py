"""A sample of requests: the rows of a CSV, JSON or JSON Lines file, as columns."""

import csv
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tools.refused import Refused

# How many rows are read, evenly from the whole file.
MOST_ROWS = 100_000
# What stands for a value that is missing, besides nothing.
MISSING = {"", "na", "n/a", "nan", "null", "none", "<na>"}
INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,18})", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
COMMAS = re.compile(r"[+-]?\d+(,\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
TRUTHS = {"true": True, "false": False}

# The names of the columns, at most so many rows that are read, and how many there are.
type Read = tuple[list[str], list[tuple[Any, ...]], int]


@dataclass(frozen=True)
class Sample:
    """Columns of equal length by their names; a missing value is None. `total`: the file's rows."""

    file: str
    columns: dict[str, list[Any]]
    total: int

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows, with the values in the order of the columns."""
        return [*zip(*self.columns.values(), strict=True)]


def read(path: Path) -> Sample:
    """The sample in a file.

    Raises:
        Refused: it can't be read, or holds no rows; the text says where and what to do.
    """
    readers = {".csv": _csv, ".tsv": _csv, ".json": _json, ".jsonl": _lines, ".ndjson": _lines}
    if path.suffix.lower() not in readers:
        raise Refused(f"SAMPLE={path} is none of .csv, .tsv, .json and .jsonl: write one of these.")
    try:
        names, rows, total = readers[path.suffix.lower()](path)
    except OSError as error:
        raise Refused(f"SAMPLE={path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Refused(f"SAMPLE={path} is not UTF-8: save it with that encoding.") from None
    except (ValueError, RecursionError, csv.Error) as error:
        raise Refused(f"SAMPLE={path} can't be read: {error}") from None
    if not rows or not names:
        raise Refused(f"SAMPLE={path} has no rows: write requests into it, one a row.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(f"SAMPLE={path} has several columns named {twice[0]!r}: rename all but one.")
    columns = dict(zip(names, map(list, zip(*_evenly(rows), strict=True)), strict=True))
    return Sample(path.name, columns, total)


def _evenly(rows: Sequence[Any]) -> Sequence[Any]:
    """At most `MOST_ROWS` of the rows, the first among them, at equal distances."""
    if len(rows) <= MOST_ROWS:
        return rows
    return [rows[i * len(rows) // MOST_ROWS] for i in range(MOST_ROWS)]


def _csv(path: Path) -> Read:
    with path.open(encoding="utf-8-sig", newline="") as file:
        delimiter = max(",;\t", key=file.readline().count)
        file.seek(0)
        # A quoted value may hold line ends, and an empty line is no row.
        total = sum(1 for row in csv.reader(file, delimiter=delimiter) if row) - 1
        file.seek(0)
        every = csv.reader(file, delimiter=delimiter, strict=True)
        names = next(every, [])
        rows = [*_wide(every, len(names), max(1, math.ceil(total / MOST_ROWS)))]
    columns = [_typed(_pointed(column, delimiter)) for column in zip(*rows, strict=True)]
    return names, [*zip(*columns, strict=True)], total


def _wide(rows: Any, width: int, step: int) -> Iterator[list[str]]:
    """Every `step`-th row, each of that width; empty lines don't count."""
    for row in islice(rows, 0, None, step):
        if row and len(row) != width:
            raise ValueError(
                f"line {rows.line_num} has {len(row)} values, and the header {width}: correct it."
            )
        if row:
            yield row


def _pointed(column: tuple[str, ...], delimiter: str) -> tuple[str, ...]:
    """The values with decimal points, where these are commas, which are no delimiters then."""
    known = [each.strip() for each in column if each.strip().lower() not in MISSING]
    if delimiter == "," or not all(COMMAS.fullmatch(each) for each in known):
        return column
    return tuple(each.replace(",", ".") for each in column)


def _typed(column: tuple[str, ...]) -> list[Any]:
    """The values as the narrowest type that holds all of them."""
    known = [each for each in column if each.strip().lower() not in MISSING]
    of: Any = str
    if known and all(each.lower() in TRUTHS for each in known):
        of = _truth
    elif all(INTEGER.fullmatch(each.strip()) for each in known):
        of = int
    elif all(NUMBER.fullmatch(each.strip()) for each in known):
        of = float
    elif all(each.lstrip().startswith("[") for each in known):
        of = json.loads
    values = [None if each.strip().lower() in MISSING else of(each) for each in column]
    return [None if each != each else each for each in values]


def _truth(text: str) -> bool:
    return TRUTHS[text.lower()]


def _json(path: Path) -> Read:
    try:
        value = json.loads(path.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}.") from None
    for key in ("instances", "dataframe_split", "dataframe_records", "inputs"):
        if isinstance(value, dict) and [*value] == [key]:
            value = value[key]
    if isinstance(value, dict) and {"columns", "data"} <= value.keys():
        value = [dict(zip(value["columns"], row, strict=True)) for row in value["data"]]
    elif isinstance(value, dict) and value and all(isinstance(v, list) for v in value.values()):
        value = [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    if not isinstance(value, list):
        raise ValueError("it is no list of objects: write [{…}, {…}].")
    return _table(value)


def _lines(path: Path) -> Read:
    rows: list[Any] = []
    for number, line in enumerate(path.read_text("utf-8-sig").split("\n"), 1):
        try:
            rows += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise ValueError(f"line {number}: {error.msg}.") from None
    return _table(rows)


def _table(rows: list[Any]) -> Read:
    """Objects, lists of equal length, or bare values, as names and rows."""
    total = len(rows)
    rows = [*_evenly(rows)]
    if all(isinstance(row, dict) for row in rows):
        names = [*dict.fromkeys(name for row in rows for name in row)]
        return names, [tuple(_known(row.get(name)) for name in names) for row in rows], total
    if any(isinstance(row, dict) for row in rows):
        raise ValueError("some of its rows are objects and others are not: write objects.")
    if all(isinstance(row, list) for row in rows) and len({len(row) for row in rows}) == 1:
        names = [f"x{i}" for i in range(len(rows[0]))]
        return names, [tuple(_known(each) for each in row) for row in rows], total
    return ["value"], [(_known(row),) for row in rows], total


def _known(value: Any) -> Any:
    """The value, where it isn't NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
