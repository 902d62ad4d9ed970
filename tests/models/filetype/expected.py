"""The answer of ONNX's reference to the example, as the contract writes it."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

head = b"def main() -> None:\n    print(1)\n"
row = np.bincount(np.frombuffer(head, np.uint8), minlength=256) / len(head)
kinds, probabilities = ReferenceEvaluator(onnx.load("model/model.onnx")).run(
    None, {"X": row[None].astype(np.float32)}
)
kind = json.loads(Path("model/labels.json").read_text("utf-8"))[kinds[0]]
print(json.dumps([{"kind": kind, "probability": round(float(probabilities.max()), 6)}]))
