"""The limit in process: seconds from JSON to predictions to JSON, by number of rows.

Runs in a rendered project. Arguments: files with a request each.
"""

import json
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime

CALLS = 2_000


class Instance(msgspec.Struct):
    """A row by its names."""

    sepal_length: float
    sepal_width: float
    petal_length: float
    petal_width: float


class Request(msgspec.Struct):
    """Several."""

    instances: list[Instance]


class Prediction(msgspec.Struct):
    """What a row is."""

    species: str
    probability: float


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("model/model.onnx", options)
decode = msgspec.json.Decoder(Request).decode
encode = msgspec.json.Encoder().encode


def answer(body: bytes) -> bytes:
    """What is left of a request without HTTP, rules, log and metrics."""
    rows = [
        (i.sepal_length, i.sepal_width, i.petal_length, i.petal_width)
        for i in decode(body).instances
    ]
    labels, probabilities = session.run(None, {"X": np.array(rows, dtype=np.float32)})
    best = probabilities.max(axis=1).tolist()
    predictions = [Prediction(s, round(p, 6)) for s, p in zip(labels, best, strict=True)]
    return encode({"predictions": predictions})


def median(body: bytes) -> float:
    """Seconds of the call in the middle."""
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        answer(body)
        times.append(time.perf_counter() - started)
    return sorted(times)[CALLS // 2]


print(json.dumps([median(Path(name).read_bytes()) for name in sys.argv[1:]]))
