"""An ONNX file, adopted as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tools.adopt import onnx_file, onnx_model
from tools.adopt.adopted import Adopted
from tools.adopt.answers import meaning, variable
from tools.adopt.given import Given
from tools.adopt.onnx_file import Graph, Tensor
from tools.adopt.onnx_model import Model, Unusable
from tools.adopt.served import onnx
from tools.adopt.table import FEWEST, MOST
from tools.adopt.ways import Answers
from tools.refused import Refused

STATEFUL = "The model remembers: {} is what an earlier call answered. Keep it here, call by call."


def adopt(path: Path, files: Mapping[str, Path], given: Given) -> Adopted:
    """The model, with what its graph and the sample say. files: by their paths below `model/`.

    Raises:
        Refused: something doesn't fit; the text says what to do.
    """
    graph = onnx_file.read(path)
    table = onnx_model.table(graph, given.sample, given.signature)
    table = replace(table, first=given.first)
    feeds = onnx_model.feeds(graph, table.columns)
    tried = table.tried()
    outputs = named_outputs(graph)
    left = STATEFUL.format(" and ".join(graph.states)) if graph.states else ""
    answers: Answers = {}
    alone = False
    try:
        model = Model(path, [name for _, name in outputs])
        if not left:
            tried = affordable(tried, model.answers(feeds, tried[:1], True))
            ragged = any(None in each.shape for each in table.columns)
            alone = fixed(graph) or ragged or not onnx_model.independent(model, feeds, tried)
            arrays = model.answers(feeds, tried, alone)
            answers = {variable: arrays[name] for variable, name in outputs}
    except Unusable as error:
        left = unusable(path, error)
    answers = answers or _blank(graph, outputs)
    task = "classifier" if _classifies(graph) else ""
    found = meaning(answers, graph.labels, task, given.labels)
    runs = bool(graph.states) or not left
    used = [each for each in outputs if each[0] in {a.variable for a in found.answers}]
    served = onnx(next(iter(files)), feeds, used, every=len(used) == len(graph.outputs))
    guesses = [*table.guesses, *found.guesses]
    if alone and not left:
        guesses.append("each row is predicted alone: in a batch it gets another answer, or none")
    return Adopted(
        kind=f"ONNX, by {graph.producer}",
        facts=[f"in  {each.told()}" for each in graph.inputs]
        + [f"out {each.told()}" for each in graph.outputs],
        table=table,
        meaning=found,
        served=replace(
            served, alone=alone, left=left, load=served.load if runs else "self.path = path"
        ),
        answers=answers,
        expected=answers,
        tried=tried,
        files={f"model/{name}": each for name, each in files.items()},
        guesses=guesses,
        left=left,
    )


def affordable(rows: Sequence[Any], answer: Answers) -> Sequence[Any]:
    """As many rows as memory is for, by the answer to one: the first, and the last, random ones."""
    half = max(FEWEST, MOST // max(1, sum(np.size(each) for each in answer.values()))) // 2
    return rows if len(rows) <= 2 * half else [*rows[:half], *rows[-half:]]


def unusable(path: Path, error: Unusable) -> str:
    """What is left to write where ONNX Runtime can't run a model.

    Raises:
        Refused: nobody can write that.
    """
    said = str(error)
    if "opset" in said.lower() or "IR version" in said:
        raise Refused(
            f"MODEL={path} is of a newer ONNX than the ONNX Runtime here knows ({said}): export it"
            " with an older opset, or run `make upgrade PACKAGE=onnxruntime setup`."
        )
    if "not a registered function" in said or "NOT_IMPLEMENTED" in said:
        return f"ONNX Runtime lacks an operator ({said}): load what has it, and predict here."
    raise Refused(f"MODEL={path} can't be run: {said}.")


def fixed(graph: Graph) -> bool:
    """Whether the model takes one row at a time.

    Raises:
        Refused: it takes another fixed number of rows.
    """
    sizes = {tensor.shape[0] for tensor in graph.inputs if tensor.name not in graph.states}
    if sizes <= {1}:
        return True
    if many := [size for size in sizes if isinstance(size, int)]:
        raise Refused(
            f"The model takes exactly {many[0]} rows at once: export it with a free batch, such as"
            " by dynamic_axes."
        )
    return False


def _classifies(graph: Graph) -> bool:
    first, *rest = graph.outputs
    whole = first.kind in ("int", "text") and len(first.shape) <= 1 and not first.maps
    return whole and bool(graph.labels or (rest and rest[0].maps))


def named_outputs(graph: Graph) -> list[tuple[str, str]]:
    """The outputs that are answers, with the variables that hold them."""
    outputs = [each for each in graph.outputs if not _state(each, graph)]
    if _classifies(graph):
        names = ["labels", "maps" if len(outputs) > 1 and outputs[1].maps else "probabilities"]
        return [*zip(names, (each.name for each in outputs), strict=False)]
    if len(outputs) == 1:
        return [("outputs", outputs[0].name)]
    return [(variable(each.name), each.name) for each in outputs]


def _state(tensor: Tensor, graph: Graph) -> bool:
    """Whether an output is what the next call needs."""
    return any(tensor.name.startswith(name) for name in graph.states)


def _blank(graph: Graph, outputs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Zeros in the form of the outputs, of a model that can't be run here."""
    tensors = {each.name: each for each in graph.outputs}
    found: dict[str, Any] = {}
    for variable_, name in outputs:
        tensor = tensors[name]
        sizes = [each if isinstance(each, int) else 1 for each in tensor.shape[1:]]
        found[variable_] = np.zeros((1, *sizes), "U1" if tensor.type == "object" else tensor.type)
    return found
