"""Trains models on made-up rows and writes each with a sample and its own library's answers.

It runs in a project, which has scikit-learn: `python make.py FOLDER`.
"""

import json
import os
import pickle
import sys
from pathlib import Path

import joblib
import numpy as np
import onnx
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

FOLDER = Path(sys.argv[1])
SOURCE = np.random.default_rng(0)
NAMES = ["petal length (cm)", "class", "mean.texture", "2nd"]


class Runs:
    """What a pickle can do when it is read."""

    def __reduce__(self):
        """It runs a command."""
        return os.system, (f"touch {FOLDER}/run",)


def text(name, content):
    """A file of text."""
    FOLDER.joinpath(name).write_text(content, "utf-8")


def sample(name, rows, header=NAMES):
    """Rows as CSV."""
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows.tolist())]
    text(name, "\n".join(lines) + "\n")


def written(name, model, rows, **options):
    """A model as ONNX."""
    FOLDER.joinpath(name).write_bytes(to_onnx(model, rows[:1], **options).SerializeToString())


def answers(name, model, rows):
    """What scikit-learn answers to the rows: the label, and its probability to 6 decimals."""
    found = zip(model.predict(rows).tolist(), model.predict_proba(rows).max(axis=1), strict=True)
    text(name, json.dumps([[label, round(float(value), 6)] for label, value in found]))


known = SOURCE.normal(2, 1, (200, 4)).round(2)
rows = known.astype(np.float32)
kinds = np.array(["low", "high"])[(rows.sum(axis=1) > 8).astype(int)]
# Of 42 trees, each answer of which counts a 42nd: in 32 bits they add up to more than 1.
forest = RandomForestClassifier(42, random_state=0).fit(rows, kinds)
regression = LogisticRegression().fit(rows, (rows[:, 0] > 2).astype(int))
sample("rows.csv", known)
written("forest.onnx", forest, rows, options={"zipmap": False})
answers("forest.json", forest, rows)
written("maps.onnx", forest, rows)
answers("maps.json", forest, rows)
written("logistic.onnx", regression, rows, options={"zipmap": False})
answers("logistic.json", regression, rows)
written("margins.onnx", regression, rows, options={"raw_scores": True})
joblib.dump(forest, FOLDER / "forest.joblib")
joblib.dump(IsolationForest(n_estimators=16, random_state=0).fit(rows), FOLDER / "odd.joblib")
whole = pickle.dumps(forest)
FOLDER.joinpath("cut.pkl").write_bytes(whole[: len(whole) // 2])
FOLDER.joinpath("runs.pkl").write_bytes(pickle.dumps(Runs()))
text("text.onnx", "no model")
newer = onnx.load(FOLDER / "forest.onnx")
newer.opset_import[0].version = 9_999
FOLDER.joinpath("newer.onnx").write_bytes(newer.SerializeToString())
state = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1, 2]) for n in ("h", "h_out")]
value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1]) for n in ("x", "y")]
nodes = [helper.make_node("Identity", [a], [b]) for a, b in (("x", "y"), ("h", "h_out"))]
ends = ([value[0], state[0]], [value[1], state[1]])
graph = helper.make_graph(nodes, "remembers", *ends)
opsets = [helper.make_opsetid("", 18)]
remembers = helper.make_model(graph, ir_version=8, opset_imports=opsets)
FOLDER.joinpath("remembers.onnx").write_bytes(remembers.SerializeToString())
sample("narrow.csv", rows[:, :3], NAMES[:3])
text("empty.csv", ",".join(NAMES) + "\n")
text("labels.txt", "low\nhigh\nmiddle\n")
text("ragged.csv", "a,b\n1,2\n3\n")
