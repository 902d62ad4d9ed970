"""Train a forest on histograms of bytes; write `model.onnx` and, beside it, `labels.json`."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier

OUTPUT = Path(__file__).with_name("model.onnx")
LABELS = {"text": (32, 127), "high": (128, 256), "any": (0, 256)}


def main(output: Path) -> None:
    """Train and write the model to `output`."""
    source = np.random.default_rng(0)
    rows, kinds = [], []
    for kind, (low, high) in enumerate(LABELS.values()):
        for size in source.integers(16, 400, 60):
            counts = np.bincount(source.integers(low, high, size), minlength=256)
            rows.append(counts / size)
            kinds.append(kind)
    table = np.array(rows, dtype=np.float32)
    forest = RandomForestClassifier(32, random_state=0).fit(table, kinds)
    model: Any = to_onnx(forest, table[:1], options={"zipmap": False})
    output.write_bytes(model.SerializeToString())
    output.with_name("labels.json").write_text(json.dumps([*LABELS]) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
