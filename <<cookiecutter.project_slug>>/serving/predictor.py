"""The model: loaded once, predicts a batch. This is the file to replace with your own."""
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

MODEL = Path(__file__).parent.parent / "model" / "model.onnx"


class Predictor:
    """The ONNX model that `make model` trained."""

    def __init__(self, path: Path = MODEL) -> None:
        options = onnxruntime.SessionOptions()
        # One thread: with more, a row's answer can depend on the batch it arrives in.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

    def predict(self, instances: Sequence[Instance]) -> list[Prediction]:
        """One prediction per instance, in the same order; each independent of the others."""
        rows = np.array([msgspec.structs.astuple(i) for i in instances], dtype=np.float32)
        labels, probabilities = cast(
            "tuple[np.ndarray, np.ndarray]", self.session.run(None, {"X": rows})
        )
        return [
            Prediction(species=label, probability=round(probability, 6))
            for label, probability in zip(labels, probabilities.max(axis=1).tolist(), strict=True)
        ]
