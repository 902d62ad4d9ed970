"""Reads samples, one JSON array of objects a line, and says what a contract of each would do.

It runs in a project. A line of its answer is "refused: …", or how many rows of the sample the
contract made of it accepts. Anything else is a fault.
"""

import importlib
import itertools
import sys
from pathlib import Path

import msgspec
from tools.adopt import columns, sample
from tools.adopt.contract_text import contract
from tools.adopt.table import Table
from tools.adopt.ways import Answer, Meaning
from tools.refused import Refused

MEANING = Meaning([Answer("value", "float", "value", "as they are")])


FOLDER = Path(sys.argv[1])
NUMBERS = itertools.count()


def accepted(path: Path) -> int:
    """How many rows of a sample the contract that is made of it accepts."""
    read = sample.read(path)
    table = Table(columns.columns_of(read.columns), read.rows, [])
    text = contract(table.columns, table.example(), MEANING, {"value": 0.5})
    name = f"contract_{next(NUMBERS)}"
    (FOLDER / f"{name}.py").write_text(text, "utf-8")
    importlib.invalidate_caches()
    module = importlib.import_module(name)
    names = [each.name for each in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.tried()]
    rows = msgspec.json.decode(msgspec.json.encode(rows))
    return len(msgspec.convert(rows, list[module.Instance])) - 1_001


sys.path.insert(0, str(FOLDER))
for line in sys.stdin:
    path = FOLDER / "sample.json"
    path.write_text(line, "utf-8")
    try:
        print(accepted(path), flush=True)
    except Refused as refused:
        print("refused:", " ".join(str(refused).split()), flush=True)
    except Exception as error:
        print(repr(error), flush=True)
