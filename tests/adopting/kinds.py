"""Models of each kind that `make adopt` takes, small: `python kinds.py FOLDER`.

It runs in an environment of its own, which has the libraries.
"""

import json
import pickle
import sys
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import pandas as pd
import skops.io
from onnx import TensorProto, helper
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

FOLDER = Path(sys.argv[1])
SOURCE = np.random.default_rng(0)
COLUMNS = {"age": "long", "income": "double", "city": "string", "member": "boolean"}


def network(name, ballast, **options):
    """A graph of one layer, which takes gaps for 0, and numbers that it doesn't use, as a file."""
    kinds = {"x": ["rows", 4], "y": ["rows", 8]}
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in kinds.items()]
    held = {"w": SOURCE.normal(0, 1, (4, 8)), "0": np.zeros(1), "ballast": np.zeros(ballast)}
    weights = [onnx.numpy_helper.from_array(v.astype(np.float32), n) for n, v in held.items()]
    nodes = [helper.make_node("IsNaN", ["x"], ["gap"])]
    nodes += [helper.make_node("Where", ["gap", "0", "x"], ["filled"])]
    nodes += [helper.make_node("MatMul", ["filled", "w"], ["y"])]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], weights)
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, ir_version=8, opset_imports=opsets)
    onnx.save_model(model, FOLDER / name, size_threshold=0, **options)


def averaged(name, **kinds):
    """A graph that answers with the mean of its inputs' product, as a file."""
    ends = [helper.make_tensor_value_info(n, *kind) for n, kind in kinds.items()]
    nodes = [helper.make_node("Cast", [n], [f"{n}_"], to=TensorProto.FLOAT) for n in kinds]
    nodes += [helper.make_node("Mul", [f"{n}_" for n in (*kinds, *kinds)][:2], ["m"])]
    nodes += [helper.make_node("ReduceMean", ["m", "axes"], ["y"], keepdims=0)]
    axes = np.arange(1, len(ends[0].type.tensor_type.shape.dim))
    answer = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows"])]
    held = [onnx.numpy_helper.from_array(axes, "axes")]
    graph = helper.make_graph(nodes, "averaged", ends, answer, held)
    opsets = [helper.make_opsetid("", 18)]
    onnx.save_model(helper.make_model(graph, ir_version=8, opset_imports=opsets), FOLDER / name)


def mlflow(name, flavour, **columns):
    """A folder as MLflow writes it, without its model and an example."""
    folder = FOLDER / name
    folder.mkdir()
    inputs = [{"type": type_, "name": n, "required": n != "city"} for n, type_ in columns.items()]
    said = {"flavors": flavour, "signature": {"inputs": json.dumps(inputs)}}
    folder.joinpath("MLmodel").write_text(json.dumps(said), "utf-8")  # which is YAML too
    folder.joinpath("requirements.txt").write_text("mlflow==3.17.2\npandas==2.3.3\n", "utf-8")


table = pd.DataFrame(
    {
        "age": SOURCE.integers(18, 90, 200),
        "income": SOURCE.normal(3e4, 1e4, 200).round(2),
        "city": SOURCE.choice(["Bern", "Ulm", "Rom"], 200),
        "member": SOURCE.random(200) < 0.5,
    }
)
labels = np.where(table["age"] > 50, "stay", "leave")
parts = [("words", OneHotEncoder(handle_unknown="ignore"), ["city"])]
parts += [("numbers", SimpleImputer(), ["age", "income"]), ("rest", "passthrough", ["member"])]
forest = RandomForestClassifier(8, random_state=0)
pipeline = make_pipeline(ColumnTransformer(parts), forest).fit(table, labels)
mlflow("churn", {"sklearn": {"pickled_model": "model.pkl"}}, **COLUMNS)
FOLDER.joinpath("churn/model.pkl").write_bytes(pickle.dumps(pipeline))
table.to_csv(FOLDER / "churn.csv", index=False)
table.assign(age=table["age"].where(table.index > 3)).to_csv(FOLDER / "gaps.csv", index=False)
rows = table[["age", "income"]]
skops.io.dump(RandomForestClassifier(8, random_state=0).fit(rows, labels), FOLDER / "forest.skops")
ranker = lightgbm.LGBMRanker(n_estimators=4, verbose=-1)
ranker.fit(rows, SOURCE.integers(0, 2, 200), group=[20] * 10)
ranker.booster_.save_model(FOLDER / "ranker.txt")
rows.to_csv(FOLDER / "rows.csv", index=False)
mlflow("layer", {"onnx": {"data": "model.onnx"}}, **dict.fromkeys(COLUMNS, "double"))
network("layer/model.onnx", 1)
network("net.onnx", 1, save_as_external_data=True, location="net.data")
network("lost.onnx", 1, save_as_external_data=True, location="lost.data")
FOLDER.joinpath("lost.data").unlink()
network("large.onnx", 13_200_000)
whole, real = TensorProto.INT64, TensorProto.FLOAT
averaged("tokens.onnx", ids=(whole, ["rows", "tokens"]), mask=(whole, ["rows", "tokens"]))
averaged("mean.onnx", x=(real, ["rows", 2]))
averaged("picture.onnx", picture=(real, ["rows", 3, 224, 224]))
lines = [{"ids": [7] * many, "mask": [1] * many} for many in (2, 5, 3)]
text = "".join(f"{json.dumps(each)}\n" for each in lines)
FOLDER.joinpath("tokens.jsonl").write_text(text, "utf-8")
