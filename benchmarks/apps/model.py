"""The sample model as every other server here calls it, the same way as ours."""

import os
from collections.abc import Sequence

import numpy as np
import onnxruntime

FIELDS = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class Model:
    """The file that `MODEL` names, with one thread."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL"], options, providers=["CPUExecutionProvider"]
        )

    def predict(self, rows: Sequence[Sequence[float]] | np.ndarray) -> list[tuple[str, float]]:
        """The species and the probability of each row."""
        labels, probabilities = self.session.run(None, {"X": np.asarray(rows, dtype=np.float32)})
        best = probabilities.max(axis=1).tolist()
        return [(label, round(p, 6)) for label, p in zip(labels, best, strict=True)]
