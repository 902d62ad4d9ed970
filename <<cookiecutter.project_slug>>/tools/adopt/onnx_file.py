"""What an ONNX file says of itself: inputs, outputs, labels, categories, whether it is stateful."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from tools.adopt.columns import Kind
from tools.refused import Refused

# What a tensor holds, as NumPy and a contract name it.
TYPES: dict[int, tuple[str, Kind]] = {
    TensorProto.FLOAT: ("float32", "float"),
    TensorProto.DOUBLE: ("float64", "float"),
    TensorProto.FLOAT16: ("float16", "float"),
    TensorProto.INT64: ("int64", "int"),
    TensorProto.INT32: ("int32", "int"),
    TensorProto.INT16: ("int16", "int"),
    TensorProto.INT8: ("int8", "int"),
    TensorProto.UINT8: ("uint8", "int"),
    TensorProto.BOOL: ("bool", "bool"),
    TensorProto.STRING: ("object", "text"),
}
LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
# What hands its first input on, so that the categories of what follows are that input's.
HANDS_ON = {"Cast", "Identity", "Reshape", "Imputer", "Squeeze", "Unsqueeze", "FeatureVectorizer"}


@dataclass(frozen=True)
class Tensor:
    """An input or an output. shape: None and names are free; `maps`: a list of dictionaries."""

    name: str
    type: str = "float32"
    kind: Kind = "float"
    shape: tuple[int | str | None, ...] = (None,)
    maps: bool = False

    def told(self) -> str:
        """It in a line, such as `X [?, 4] float32`."""
        sizes = ", ".join("?" if each is None else str(each) for each in self.shape)
        return f"{self.name} {'maps' if self.maps else f'[{sizes}] {self.type}'}"


@dataclass(frozen=True)
class Graph:
    """An ONNX model.

    categories: the values that an input is known to take, by its name. states: the inputs that no
    request has. operators: what its nodes do.
    """

    inputs: list[Tensor]
    outputs: list[Tensor]
    labels: list[str] | list[int]
    categories: dict[str, list[str] | list[int]]
    producer: str
    states: list[str]
    operators: set[str]


def read(path: Path) -> Graph:
    """What the file says.

    Raises:
        Refused: it is no ONNX model, or one that needs what is not there.
    """
    model = _loaded(path)
    graph = model.graph
    if not graph.input or not graph.output:
        raise Refused(f"MODEL={path} is no ONNX model: it has no inputs or no outputs.")
    stored = {each.name for each in graph.initializer}
    inputs = [_tensor(each) for each in graph.input if each.name not in stored]
    outputs = [_tensor(each) for each in graph.output]
    labels = next(_attributes(graph, LABELS), [])
    producer = model.producer_name or "an unknown tool"
    states = [*_states(inputs, outputs)]
    operators = {node.op_type for node in graph.node}
    return Graph(inputs, outputs, labels, _categories(graph), producer, states, operators)


def _loaded(path: Path) -> Any:
    try:
        return onnx.load(path, load_external_data=False)
    except Exception:  # protobuf's own errors share no type
        raise Refused(f"MODEL={path} is no ONNX model: its bytes are not that format.") from None


def beside(path: Path) -> list[str]:
    """The files that hold tensors of a model, by their paths from its folder.

    Raises:
        Refused: one is not there, or not in that folder.
    """
    held = [each for each in _tensors(_loaded(path).graph) if uses_external_data(each)]
    names = sorted({ExternalDataInfo(each).location for each in held})
    folder = path.resolve().parent
    for each in names:
        whole = (folder / each).resolve()
        if folder not in whole.parents or not whole.is_file():
            raise Refused(
                f"MODEL={path} keeps tensors in {each!r}, which is no file in its folder: put it"
                " there, by the name that the model knows it by."
            )
    return names


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors of a graph, those of graphs within it too."""
    yield from graph.initializer
    for each in (attribute for node in graph.node for attribute in node.attribute):
        yield from (each.t, *each.tensors)
        for inner in (each.g, *each.graphs):
            yield from _tensors(inner)


def _tensor(value: Any) -> Tensor:
    if value.type.WhichOneof("value") != "tensor_type":
        return Tensor(value.name, maps=True)
    type_ = value.type.tensor_type
    if type_.elem_type not in TYPES:
        name = TensorProto.DataType.Name(type_.elem_type).lower()
        raise Refused(f"{value.name} of the ONNX model holds {name}, which no contract can hold.")
    # Without a shape any is allowed; a batch has at least one dimension.
    dims = [each.dim_param or each.dim_value or None for each in type_.shape.dim]
    shape = tuple(dims) if type_.HasField("shape") else (None, None)
    return Tensor(value.name, *TYPES[type_.elem_type], shape)


def _states(inputs: list[Tensor], outputs: list[Tensor]) -> Iterator[str]:
    """The inputs that no request has: an earlier call's outputs, and what has no place for rows."""
    for each in inputs:
        if not each.shape:
            yield each.name
        if len(each.shape) > 2 or (each.shape and isinstance(each.shape[0], int)):
            twins = [o for o in outputs if _alike(each, o) and not o.maps]
            if twins:
                yield each.name


def _alike(one: Tensor, other: Tensor) -> bool:
    """Whether an output goes by the name of an input: `state` and `stateN`, `h` and `h_out`."""
    starts = other.name.startswith(one.name) or one.name.removesuffix("_in") in other.name
    return starts and one.type == other.type


def _attributes(graph: Any, names: tuple[str, ...]) -> Iterator[list[Any]]:
    """The values of attributes by these names, of the last node first."""
    for node in reversed(graph.node):
        for each in node.attribute:
            if each.name in names and (each.strings or each.ints):
                yield [text.decode() for text in each.strings] or [*each.ints]


def _categories(graph: Any) -> dict[str, list[Any]]:
    """The values that encoders know, by the inputs that lead to them."""
    made = {output: node for node in graph.node for output in node.output}
    found: dict[str, list[Any]] = {}
    for node in graph.node:
        values = {each.name: each for each in node.attribute}
        known = values.get("cats_strings") or values.get("cats_int64s")
        if node.op_type != "OneHotEncoder" or known is None:
            continue
        name = node.input[0]
        while name in made and made[name].op_type in HANDS_ON and len(made[name].input) < 3:
            name = made[name].input[0]
        found[name] = [each.decode() for each in known.strings] or [*known.ints]
    return {each.name: found[each.name] for each in graph.input if each.name in found}
