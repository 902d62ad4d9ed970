"""What would be written, shown before it is."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tools import limit
from tools.adopt import project
from tools.adopt.adopted import Adopted
from tools.adopt.columns import Column
from tools.adopt.contract_text import annotation
from tools.adopt.sample import Sample
from tools.adopt.source_text import comment

# Beyond so many letters, a line shows the beginning.
SHORT = 120


def lines(
    adopted: Adopted,
    sample: Sample | None,
    answer: dict[str, Any],
    writes: Sequence[str],
    deletes: Sequence[str],
    api_version: str,
) -> Iterator[str]:
    """What was found and guessed, what clients will see, what it weighs, which files change."""
    yield f"Found: {adopted.kind}"
    yield from (f"  {fact}" for fact in adopted.facts)
    if sample:
        read = len(sample.rows)
        part = "" if read == sample.total else f", of which {read:,} were read, evenly"
        yield f"  {sample.file}: {sample.total:,} rows{part}, {len(sample.columns)} columns"
    if adopted.guesses or adopted.left:
        yield "Guessed:"
        yield from (f"  {guess}" for guess in adopted.guesses)
    yield f"Published, to whoever can read contracts/{api_version}.json or openapi.json:"
    yield from (f"  in  {_column(each)}" for each in adopted.table.columns)
    for each in adopted.meaning.answers:
        yield f"  out {each.name}: {_shortened(each.annotation)}"
    yield from _example(adopted, answer)
    yield from _seen(adopted.table.columns)
    yield _weight(adopted)
    yield f"Writes: {', '.join(writes)}"
    if deletes:
        yield f"Deletes: {', '.join(deletes)}"
    if adopted.left:
        yield f"Left to write: predict in serving/predictor.py. {adopted.left}"


def _column(column: Column) -> str:
    optional = " or null" if column.optional else ""
    many = f", {len(column.choices)} in all" if len(annotation(column)) >= SHORT else ""
    return (
        f"{column.name}: {_shortened(annotation(column))}{many if column.choices else ''}{optional}"
    )


def _shortened(text: str) -> str:
    return text if len(text) < SHORT else f"{text[: SHORT - 3]}…"


def _example(adopted: Adopted, answer: dict[str, Any]) -> Iterator[str]:
    columns, values = adopted.table.columns, adopted.table.example()
    given = {each.name: value for each, value in zip(columns, values, strict=True)}
    own = "typical values, of no row"
    if adopted.table.first:
        own = "the first row of the sample"
    elif repr(tuple(values)) in {*map(repr, adopted.table.rows)}:
        own = "typical values, which some rows have too"
    yield f"  the example, {own}: {_shortened(json.dumps(given, ensure_ascii=False))}"
    said = "made up" if adopted.left else "by the model"
    yield f"  its answer, {said}: {_shortened(json.dumps(answer, ensure_ascii=False))}"


def _seen(columns: Sequence[Column]) -> Iterator[str]:
    """What stands in the repository, and not in the contract."""
    if seen := [f"{each.name} ({comment(each.seen)})" for each in columns if each.seen]:
        yield f"In the code of the repository alone, as comments and in tests: {'; '.join(seen)}"


def _weight(adopted: Adopted) -> str:
    every = adopted.files.values()
    sizes = [len(each) if isinstance(each, bytes) else project.weight([each]) for each in every]
    libraries = project.libraries() if adopted.libraries is None else adopted.libraries
    total = sum(sizes) + libraries
    text = f"Weighs: model {sum(sizes) / 1e6:.1f} MB, libraries unpacked {libraries / 1e6:.0f} MB"
    return f"{text}{limit.told(total)}"
