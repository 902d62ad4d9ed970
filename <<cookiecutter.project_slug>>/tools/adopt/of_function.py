"""A function of the project's own that predicts: `MODEL=model.embed:embed`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from tools.adopt import columns, project, trial
from tools.adopt.adopted import Adopted
from tools.adopt.columns import Column
from tools.adopt.contract_text import contract
from tools.adopt.given import Given
from tools.adopt.project import ROOT
from tools.adopt.served import Served
from tools.adopt.table import Table
from tools.adopt.ways import Answer, Meaning
from tools.refused import Refused

NAME = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)")
# How many rows of the sample are tried, and random ones, and how many of them alone too.
TRIED, DRAWN, ALONE = 200, 64, 32
CALL = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
import msgspec
from serving.contract import Instance
given = json.load(sys.stdin)
rows = msgspec.convert(given["rows"], list[Instance])
function = getattr(importlib.import_module(given["module"]), given["function"])
found = list(function(list(rows)))
if len(found) != len(rows):
    sys.exit(f"it returns {len(found)} answers to {len(rows)} instances")
alone = [answer for row in rows[:given["alone"]] for answer in function([row])]
sys.stdout.buffer.write(msgspec.json.encode([found, alone, [*sys.modules]]))
"""


def adopt(name: str, given: Given) -> Adopted:
    """The function, with what the sample shows of its input, and its answers of its output.

    Raises:
        Refused: it can't be called, or there is no sample; the text says what to do.
    """
    matched, sample = NAME.fullmatch(name), given.sample
    if matched is None or sample is None:
        raise Refused(
            f"MODEL={name}: of a function only a sample shows what it takes: give SAMPLE."
        )
    module, function = matched["module"], matched["function"]
    top = module.split(".")[0]
    if top not in ("model", "serving") and (ROOT / top).exists():
        raise Refused(
            f"MODEL={name}: only model/ and serving/ are deployed: move {top}/ to model/."
        )
    table = Table(columns.columns_of(sample.columns), sample.rows, [], given.first)
    rows = table.tried()
    tried = [*rows[:TRIED], *rows[-DRAWN:]]
    found, alone, modules = _called(
        table, tried, {"module": module, "function": function, "alone": ALONE}
    )
    meaning, whole = _meaning(found)
    expression = f"{function}([*instances])"
    one = "each" if whole else '{"value": each}'
    made = f"msgspec.convert({one}, Prediction) for each in {expression}"
    how = Served(
        f"Calls `{name}`",
        "",
        ["from pathlib import Path", "import msgspec", f"from {module} import {function}"],
        [],
        "",
        "",
        f"return [{made}]",
        dependencies=[*_needs(modules)],
        alone=alone != found[:ALONE],
    )
    told = ["each row is predicted alone: in a batch it gets another answer"] if how.alone else []
    return Adopted(
        kind=f"the function {name}",
        facts=[],
        table=table,
        meaning=meaning,
        served=how,
        answers=_arrays(found, whole),
        expected=_arrays(found, whole),
        tried=tried,
        files={},
        guesses=["answers: as the function returns them, not rounded", *told],
    )


def _called(
    table: Table, tried: Sequence[Sequence[Any]], given: Mapping[str, Any]
) -> tuple[list[Any], list[Any], list[str]]:
    names = [each.name for each in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in tried]
    blank = Meaning([Answer("value", "float", "value", "as they are")])
    texts = {"serving/contract.py": contract(table.columns, tried[0], blank, {"value": 0.0})}
    with trial.staged(texts) as folder:
        return trial.asked(None, folder, CALL, {**given, "rows": rows}, "The function")


def _needs(modules: Iterable[str]) -> Iterator[str]:
    """What the function imports of the libraries that come and go with the model."""
    known = metadata.packages_distributions()
    imported = {package for each in modules for package in known.get(each, ())}
    for package in sorted(imported & {*project.LIBRARIES.split("|")}):
        yield project.requirement(package, metadata.version(package))


def _meaning(found: Sequence[Any]) -> tuple[Meaning, bool]:
    """The fields of its answers, and whether these are objects."""
    whole = all(isinstance(each, dict) for each in found)
    names = [*found[0]] if whole else ["value"]
    if any(not name.isidentifier() for name in names):
        raise Refused(f"The function returns objects with the keys {names}: use names of Python's.")
    values = _arrays(found, whole)
    kinds = [columns.column_of(name, name, values[name]) for name in names]
    return Meaning([Answer(c.name, _type(c), c.name, "as they are") for c in kinds]), whole


def _arrays(found: Sequence[Any], whole: bool) -> dict[str, Any]:
    if not whole:
        return {"value": [*found]}
    return {name: [each.get(name) for each in found] for name in found[0]}


def _type(column: Column) -> str:
    """The type of what a function returned."""
    text = {"float": "float", "int": "int", "bool": "bool"}.get(column.kind, "str")
    for size in reversed(column.shape):
        bounds = f", Meta(min_length={size}, max_length={size})"
        text = f"list[{text}]" if size is None else f"Annotated[list[{text}]{bounds}]"
    return f"{text} | None" if column.optional else text
