"""A model that ONNX Runtime serves: its columns, its answers, and what its predictor says."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from tools.adopt import inputs
from tools.adopt.columns import Column
from tools.adopt.inputs import Wanted
from tools.adopt.onnx_file import Graph, Tensor
from tools.adopt.sample import Sample
from tools.adopt.served import Feed
from tools.adopt.table import Table
from tools.refused import Refused

# What the predictor's text calls other things.
TAKEN = {"rows", "feed", "columns", "column", "instances", "each", "self", "name", "path", "np"}


class Unusable(Exception):
    """ONNX Runtime can't run the model; the text says why."""


def table(graph: Graph, sample: Sample | None, signature: Sequence[Wanted]) -> Table:
    """The columns that the inputs take, those of an earlier call's state apart.

    signature: what else is known of them.

    Raises:
        Refused: the sample doesn't fit, or is needed.
    """
    free = [each for each in graph.inputs if each.name not in graph.states and each.shape]
    if len(free) == 1 and len(free[0].shape) == 2 and free[0].kind != "text":
        return _matrix(free[0], sample, signature)
    wanted = [_wanted(each, graph) for each in free]
    return inputs.matched(inputs.signed(wanted, signature), sample)


def _matrix(tensor: Tensor, sample: Sample | None, signature: Sequence[Wanted]) -> Table:
    width = tensor.shape[1] if isinstance(tensor.shape[1], int) else None
    wanted = [Wanted("", tensor.kind, (), tensor.type)] * (width or len(signature))
    wanted = inputs.signed(wanted, signature)
    if wanted and wanted[0].name:
        return inputs.matched(wanted, sample)
    if sample is None and width is None:
        raise Refused(
            f"How many values the model's input {tensor.name!r} takes stands nowhere in it: give"
            " SAMPLE, a file with a few requests."
        )
    if sample and len(sample.columns) == 1 and any(isinstance(v, list) for (v,) in sample.rows):
        return inputs.matched([Wanted(tensor.name, tensor.kind, (width,), tensor.type)], sample)
    if sample:
        wanted = Wanted("", tensor.kind, (), tensor.type)
        return inputs.in_order([wanted] * (width or len(sample.columns)), sample)
    if width and width > inputs.NAMED:
        return inputs.matched([Wanted(tensor.name, tensor.kind, (width,), tensor.type)], None)
    names = [f"x{i}" for i in range(width or 0)]
    found = inputs.matched([Wanted(n, tensor.kind, (), tensor.type) for n in names], None)
    found.guesses.append("the names x0, x1 …: the model has none, and a sample would give them")
    return found


def _wanted(tensor: Tensor, graph: Graph) -> Wanted:
    shape = tuple(each if isinstance(each, int) else None for each in tensor.shape[1:])
    choices = tuple(graph.categories.get(tensor.name, ()))
    return Wanted(tensor.name, tensor.kind, () if shape == (1,) else shape, tensor.type, choices)


def feeds(graph: Graph, columns: Sequence[Column]) -> list[Feed]:
    """Which columns each input takes."""
    free = [each for each in graph.inputs if each.name not in graph.states and each.shape]
    if len(free) == 1 and (len(columns) > 1 or not columns[0].shape) and len(free[0].shape) == 2:
        text = free[0].kind == "text"
        return [Feed(free[0].name, free[0].type, columns, (1,) if text else (), not text)]
    return [
        Feed(tensor.name, tensor.type, [column], _after(tensor, column), False)
        for tensor, column in zip(free, columns, strict=True)
    ]


def _after(tensor: Tensor, column: Column) -> tuple[int, ...]:
    """The shape of a row's value, as the input wants it."""
    if column.shape:
        return tuple(-1 if each is None else each for each in column.shape)
    return (1,) * (len(tensor.shape) - 1)


class Model:
    """An ONNX model, as the predictor will run it."""

    def __init__(self, model: Path | bytes, names: Sequence[str]) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        given = str(model) if isinstance(model, Path) else model
        try:
            self.session = onnxruntime.InferenceSession(
                given, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise Unusable(_sentence(error)) from None
        self.names = [*names]

    def answers(self, given: Sequence[Feed], rows: Sequence[Sequence[Any]], alone: bool) -> Any:
        """The arrays by the outputs' names."""
        if not alone:
            return dict(zip(self.names, self._run(given, rows), strict=True))
        each = [self._run(given, [row]) for row in rows]
        return {name: _joined([one[i] for one in each]) for i, name in enumerate(self.names)}

    def _run(self, given: Sequence[Feed], rows: Sequence[Sequence[Any]]) -> list[Any]:
        try:
            return [*self.session.run(self.names, fed(given, rows))]
        except Exception as error:
            raise Unusable(_sentence(error)) from None


def fed(given: Sequence[Feed], rows: Sequence[Sequence[Any]]) -> Mapping[str, np.ndarray]:
    """The rows as the inputs take them: missing numbers are NaN, missing texts empty."""
    found: dict[str, np.ndarray] = {}
    for feed, start in zip(given, _starts(given), strict=True):
        own = [row[start : start + len(feed.columns)] for row in rows]
        missing = "" if feed.type == "object" else np.nan
        filled = [[missing if v is None else v for v in row] for row in own]
        array = np.array(filled if feed.matrix else [row[0] for row in filled], dtype=feed.type)
        found[feed.name] = array if feed.matrix else array.reshape(len(rows), *feed.shape)
    return found


def _starts(given: Sequence[Feed]) -> list[int]:
    widths = [len(each.columns) for each in given]
    return [sum(widths[:i]) for i in range(len(widths))]


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], list):
        return [each for part in parts for each in part]
    return np.concatenate([np.atleast_1d(part) for part in parts])


def _sentence(error: Exception) -> str:
    """What ONNX Runtime says, without where in its own source."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [repr(error)]
    return re.split(r"\) (?=[A-Z])|\] ", lines[0])[-1][:300].lstrip(": ").rstrip(". ")


def independent(model: Model, given: Sequence[Feed], rows: Sequence[Sequence[Any]]) -> bool:
    """Whether each row gets the same bits alone and in batches of 2 to 64."""
    start = size = 0
    while start < len(rows):
        size = size % 63 + 1
        part = rows[start : start + size + 1]
        batch, alone = (model.answers(given, part, alone) for alone in (False, True))
        if not all(_same(array, alone[name]) for name, array in batch.items()):
            return False
        start += size + 1
    return True


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return one == other
    if one.dtype == object:  # its bytes are where its texts stand
        return one.tolist() == other.tolist()
    return one.shape == other.shape and one.tobytes() == other.tobytes()
