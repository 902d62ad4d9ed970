"""How a model is served: by which library, from which file, and what its predictor says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.adopt.columns import Column

ONNX_LOAD = """options = onnxruntime.SessionOptions()
# One thread: with more, a row's answer can depend on the batch it arrives in.
options.intra_op_num_threads = options.inter_op_num_threads = 1
self.session = onnxruntime.InferenceSession(
    path, options, providers=["CPUExecutionProvider"]
)"""
ONNX_IMPORTS = [
    "from pathlib import Path",
    "import msgspec",
    "import numpy as np",
    "import onnxruntime",
]
TUPLES = "[msgspec.structs.astuple(each) for each in instances]"


@dataclass(frozen=True)
class Served:
    """What the predictor of a kind of model says.

    file: the model's path below `model/`; "" where a function is called.
    rows: the lines that make what the model takes of `instances`.
    call: the statement that fills the answers' variables.
    dependencies: what the project needs for it, as in pyproject.toml.
    """

    library: str
    file: str
    imports: Sequence[str]
    constants: Sequence[str]
    load: str
    rows: str
    call: str
    dependencies: Sequence[str] = ()
    alone: bool = False
    left: str = ""
    names: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Feed:
    """An input of an ONNX model and the columns that it takes, and whether these are its rows."""

    name: str
    type: str
    columns: Sequence[Column]
    shape: tuple[int, ...]
    matrix: bool


def onnx(
    file: str, feeds: Sequence[Feed], outputs: Sequence[tuple[str, str]], every: bool
) -> Served:
    """A model of ONNX Runtime's. outputs: variables and the names of what fills them."""
    constants, rows, given = _feeding(feeds)
    names = "None" if every else f"[{', '.join(repr(name) for _, name in outputs)}]"
    variables = ", ".join(variable for variable, _ in outputs)
    types = {"maps": "list[dict[object, float]]"}
    arrays = ", ".join(types.get(variable, "np.ndarray") for variable, _ in outputs)
    comma = "," if len(outputs) == 1 else ""
    left = f"({variables},)" if comma else variables
    call = f'{left} = cast("tuple[{arrays}]", self.session.run({names}, {given}))'
    needs_any = ["from typing import Any, cast"] if constants else ["from typing import cast"]
    return Served(
        "ONNX Runtime",
        file,
        [*ONNX_IMPORTS, *needs_any],
        constants,
        ONNX_LOAD,
        rows,
        call,
        dependencies=["numpy>=2.5,<3", "onnxruntime>=1.31,<2"],
    )


def _feeding(feeds: Sequence[Feed]) -> tuple[list[str], str, str]:
    """Constants, the lines before the model runs, and what it is given."""
    if len(feeds) == 1 and (feeds[0].matrix or len(feeds[0].columns) == 1):
        feed = feeds[0]
        return [], _one(feed), f"{{{feed.name!r}: rows}}"
    columns = [column for feed in feeds for column in feed.columns]
    gaps = any(each.optional and each.kind == "text" for each in columns)
    types = {feed.type for feed in feeds}
    shapes = {feed.shape for feed in feeds}
    if not any(feed.shape == (1,) and not feed.columns[0].shape for feed in feeds):
        shapes = {()}  # all lie as their input wants them
    entry = [_entry(feed, len(types) > 1, len(shapes) > 1) for feed in feeds]
    named = ", ".join(f"{feed.name!r}: {text}" for feed, text in zip(feeds, entry, strict=True))
    constants = [f"INPUTS: dict[str, Any] = {{{named}}}"]
    if len(types) == len(shapes) == 1:
        constants = [f"INPUTS = [{', '.join(repr(feed.name) for feed in feeds)}]"]
    return constants, _several(types, shapes, gaps), "feed"


def _entry(feed: Feed, typed: bool, shaped: bool) -> str:
    """What `INPUTS` says of an input: its type and its shape, where these differ."""
    parts = [dtype(feed.type)] if typed else []
    parts += [repr(feed.shape)] if shaped else []
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _several(types: set[str], shapes: set[tuple[int, ...]], gaps: bool) -> str:
    """The lines that make `feed`, by what the inputs differ in."""
    parts = ["dtype"] if len(types) > 1 else []
    parts += ["shape"] if len(shapes) > 1 else []
    unpacked = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    kind = "dtype" if len(types) > 1 else dtype(types.copy().pop())
    values = '[each or "" for each in column]' if gaps else "column"
    values += " if dtype is object else column" if gaps and len(types) > 1 else ""
    shape = ""
    if len(shapes) > 1:
        shape = ".reshape(len(instances), *shape)"
    elif shapes == {(1,)}:
        shape = ".reshape(-1, 1)"
    named = f"name, {unpacked}" if parts else "name"
    items = "INPUTS.items()" if parts else "INPUTS"
    target = f"({named}), column" if parts else "name, column"
    return (
        "columns = zip(*map(msgspec.structs.astuple, instances), strict=True)\n"
        f"feed = {{name: np.array({values}, dtype={kind}){shape}"
        f" for {target} in zip({items}, columns, strict=True)}}"
    )


def _one(feed: Feed) -> str:
    """The rows of a model with one input."""
    kind = dtype(feed.type)
    if feed.matrix:
        return f"rows = np.array({TUPLES}, dtype={kind})"
    (column,) = feed.columns
    value = f"each.{column.attribute}"
    if column.optional and column.kind == "text":
        value += ' or ""'
    values = f"[{value} for each in instances]"
    shape = ""
    if feed.shape == (1,):
        shape = ".reshape(-1, 1)"
    return f"rows = np.array({values}, dtype={kind}){shape}"


def dtype(name: str) -> str:
    """NumPy's type by its name, as text."""
    return "object" if name == "object" else f"np.{name}"
