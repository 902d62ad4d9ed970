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
    "from typing import cast",
    "from pathlib import Path",
    "import msgspec",
    "import numpy as np",
    "import onnxruntime",
]
# ONNX Runtime's names of the types.
TENSORS = {
    "object": "tensor(string)",
    "bool": "tensor(bool)",
    "float16": "tensor(float16)",
    "float32": "tensor(float)",
    "float64": "tensor(double)",
} | {each: f"tensor({each})" for each in ("int8", "int16", "int32", "int64", "uint8")}
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
    return Served(
        "ONNX Runtime",
        file,
        [*ONNX_IMPORTS],
        constants,
        ONNX_LOAD,
        rows,
        call,
        dependencies=["numpy>=2.5,<3", "onnxruntime>=1.31,<2"],
    )


def _feeding(feeds: Sequence[Feed]) -> tuple[list[str], str, str]:
    """Constants, the lines before the model runs, and what it is given."""
    if len(feeds) == 1:
        return [], _one(feeds[0]), f"{{{feeds[0].name!r}: rows}}"
    types = sorted({feed.type for feed in feeds})
    known = ", ".join(f"{TENSORS[each]!r}: {dtype(each)}" for each in types)
    constants = [f"TYPES = {{{known}}}"] if len(types) > 1 else []
    gaps = any(c.optional and c.kind == "text" for feed in feeds for c in feed.columns)
    return constants, _several(types, _reshaped(feeds), gaps), "feed"


def _reshaped(feeds: Sequence[Feed]) -> str:
    """How a column becomes what its input takes: a value of its own is a row of one."""
    shapes = {feed.shape for feed in feeds}
    if not any(feed.shape and not feed.columns[0].shape for feed in feeds):
        return ""
    if shapes == {(1,)}:
        return ".reshape(-1, 1)"
    if all(len(shape) == 1 for shape in shapes):
        return ".reshape(len(instances), -1)"
    return ".reshape(len(instances), *input_.shape[1:])"


def _several(types: Sequence[str], reshaped: str, gaps: bool) -> str:
    """The lines that make `feed`, by what the inputs differ in."""
    values = '[each or "" for each in column]' if gaps else "column"
    values += " if input_.type == 'tensor(string)' else column" if gaps and len(types) > 1 else ""
    type_ = "TYPES[input_.type]" if len(types) > 1 else dtype(types[0])
    return (
        "columns = zip(*map(msgspec.structs.astuple, instances), strict=True)\n"
        f"feed = {{input_.name: np.array({values}, dtype={type_}){reshaped}"
        " for input_, column in zip(self.session.get_inputs(), columns, strict=True)}"
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


# How each library is imported and loads a model.
LOADS = {
    "pickle": ("joblib", "joblib.load(path)"),
    "skops": ("skops.io", "skops.io.load(path, trusted=TRUSTED)"),
    "xgboost": ("xgboost", "xgboost.Booster({'nthread': 1}, model_file=path)"),
    "lightgbm": ("lightgbm", "lightgbm.Booster(model_file=path)"),
}
NAMES = {"xgboost": "XGBoost", "lightgbm": "LightGBM"}
PACKAGES = {"xgboost": ["xgboost-cpu"], "lightgbm": ["lightgbm"]}
METHODS = {
    "predict": "labels",
    "predict_proba": "probabilities",
    "decision_function": "scores",
}


def library(
    kind: str, file: str, form: str, columns: Sequence[Column], calls: Sequence[str]
) -> Served:
    """A model of another library's. form: texts, table or matrix; calls: its methods."""
    module, load = LOADS[kind]
    imports = [f"import {module}", "from pathlib import Path", "from typing import Any"]
    constants, rows, taken = _taking(form, columns)
    return Served(
        NAMES.get(kind, "scikit-learn"),
        file,
        [*imports, "import msgspec", "import numpy as np", "import pandas as pd"],
        constants,
        f"self.model: Any = {load}",
        rows,
        _calls(kind, calls, taken),
        dependencies=[*PACKAGES.get(kind, ["scikit-learn"]), "numpy"]
        + (["skops"] if kind == "skops" else [])
        + (["pandas"] if form == "table" else []),
    )


def _taking(form: str, columns: Sequence[Column]) -> tuple[list[str], str, str]:
    """Constants, the lines that make what a model takes, and what that is called."""
    if form == "texts":
        (column,) = columns
        missing = ' or ""' if column.optional else ""
        return [], f"texts = [each.{column.attribute}{missing} for each in instances]", "texts"
    if form == "matrix":
        return [], f"rows = np.array({TUPLES}, dtype=np.float64)", "rows"
    types = {each.name: pandas_type(each) for each in columns}
    only = set(types.values())
    named = f"COLUMNS = {types if len(only) > 1 else [*types]!r}"
    cast = ".astype(COLUMNS)" if len(only) > 1 else f".astype({only.pop()!r})"
    gaps = any(each.optional and each.kind in ("text", "bool") for each in columns)
    filled = ".fillna(np.nan)" if gaps else ""
    made = f"table = pd.DataFrame(rows, columns=[*COLUMNS]){cast}{filled}"
    return [named], f"rows = {TUPLES}\n{made}", "table"


def _calls(kind: str, calls: Sequence[str], taken: str) -> str:
    """The lines that fill the answers' variables."""
    if kind in NAMES:
        one = (
            f"inplace_predict({taken})" if kind == "xgboost" else f"predict({taken}, num_threads=1)"
        )
        if [*calls] == ["outputs"]:
            return f"outputs = self.model.{one}"
        if [*calls] == ["number"]:
            return f"labels = self.model.{one}.astype(int)"
        lines = [f"probabilities = self.model.{one}"]
        if [*calls] == ["binary"]:
            lines = [f"positive = self.model.{one}"]
            lines.append("probabilities = np.column_stack([1 - positive, positive])")
        return "\n".join([*lines, "labels = probabilities.argmax(axis=1)"])
    if len(calls) == 1:
        return f"outputs = np.asarray(self.model.{calls[0]}({taken}))"
    return "\n".join(f"{METHODS[each]} = self.model.{each}({taken})" for each in calls)


def pandas_type(column: Column) -> str:
    """The type that a column has in a table of pandas'."""
    if column.kind in ("int", "bool") and not column.optional:
        return {"int": "int64", "bool": "bool"}[column.kind]
    return "float64" if column.kind in ("int", "float") else "object"
