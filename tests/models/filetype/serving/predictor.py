"""The model: loaded once, predicts a batch."""
# onnxruntime publishes no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import onnxruntime

from serving.contract import Instance, Prediction
from serving.problem import Refused

MODEL = Path(__file__).parent.parent / "model" / "model.onnx"


class Predictor:
    """The ONNX model that `make model` trained, and the names of its classes."""

    def __init__(self, path: Path = MODEL) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        labels = path.with_name("labels.json").read_bytes()
        self.labels = msgspec.json.decode(labels, type=list[str])

    def predict(self, instances: Sequence[Instance]) -> list[Prediction]:
        """One prediction per instance, in the same order; each independent of the others."""
        for row, each in enumerate(instances):
            if len(each.head) < 16:
                raise Refused("A file needs 16 bytes to be known.", row=row, field="head")
        rows = np.array([_histogram(each.head) for each in instances], dtype=np.float32)
        kinds, probabilities = cast(
            "tuple[np.ndarray, np.ndarray]", self.session.run(None, {"X": rows})
        )
        best: list[float] = probabilities.max(axis=1).tolist()
        return [
            Prediction(self.labels[kind], round(probability, 6))
            for kind, probability in zip(kinds.tolist(), best, strict=True)
        ]


def _histogram(head: bytes) -> np.ndarray:
    return np.bincount(np.frombuffer(head, np.uint8), minlength=256) / len(head)
