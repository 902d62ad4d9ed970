"""Trains models and reads them, each in a fork of a process that has imported the libraries.

It runs in an environment of a model's library, with nothing else: `python -I forks.py FOLDER`, that
of the reader. A line of its input is `train` or what the reader does, and what that is given; a
line of its answer is the fork's exit status, and what it said.
"""

import importlib
import io
import json
import os
import sys
import tempfile
import traceback
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import skl2onnx  # noqa: F401 - what the reader imports, once for all forks
import skops.io
from sklearn import (
    calibration,
    cluster,
    compose,
    covariance,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    gaussian_process,
    impute,
    linear_model,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

MODULES = [
    *(calibration, cluster, compose, covariance, decomposition, discriminant_analysis, dummy),
    *(ensemble, gaussian_process, linear_model, mixture, model_selection, multiclass),
    *(multioutput, naive_bayes, neighbors, neural_network, preprocessing, svm, tree),
]
WORDS = ["red", "green", "blue", "früh", "spät", "日本", "a-b", "x1", "the", "of"]
WORDS += [f"word {i}" for i in range(30)]


def estimator(text):
    """The estimator that a text makes, such as `SVC(gamma=1)`."""
    names = {name: value for each in MODULES for name, value in vars(each).items()}
    return eval(text, names)  # noqa: S307 - a text of these tests


def values(column, rows, source):
    """Random values of a column, as an array of objects: None where one is missing."""
    kind, scale = column["kind"], column["scale"]
    if kind == "float":
        found = (source.normal(column["shift"], 1, rows) * scale).tolist()
    elif kind == "int":
        found = source.integers(-9, 9, rows).tolist()
    elif kind == "bool":
        found = (source.random(rows) < 0.5).tolist()
    elif kind == "category":
        found = source.choice(WORDS[: column["many"]], rows).tolist()
    else:
        found = [" ".join(source.choice(WORDS, 1 + i % 5)) for i in range(rows)]
    if column["gaps"]:
        gone = source.random(rows) < 0.2
        found = [None if g else v for g, v in zip(gone, found, strict=True)]
    return found


def target(kind, rows, source):
    """Random answers of a kind."""
    halves = np.arange(rows) % 2
    thirds = np.arange(rows) % 3
    return {
        "numbers": lambda: source.normal(5, 2, rows),
        "positive": lambda: source.gamma(2, 2, rows) + 0.1,
        "two numbers": lambda: source.normal(5, 2, (rows, 2)),
        "words": lambda: np.array(["no", "yes it's", "日本"])[thirds],
        "truths": lambda: halves == 1,
        "halves": lambda: halves,
        "minus": lambda: halves * 2 - 1,
        "floats": lambda: halves * 1.0,
        "several": lambda: np.column_stack([halves, thirds > 0]).astype(int),
        "several words": lambda: np.array(["no", "yes"])[np.column_stack([halves, thirds > 0]) * 1],
        "nothing": lambda: None,
    }[kind]()


def train(spec):
    """Train a model on random rows, and write it with them."""
    source = np.random.default_rng(spec["seed"])
    rows, columns = spec["rows"], spec["columns"]
    table = pd.DataFrame({each["name"]: values(each, rows, source) for each in columns})
    kinds = {each["name"]: each["kind"] for each in columns}
    for each in columns:
        if each["kind"] in ("float", "int") and each["gaps"]:
            table[each["name"]] = table[each["name"]].astype("float64")
        if each["kind"] in ("category", "text", "bool"):
            table[each["name"]] = table[each["name"]].where(table[each["name"]].notna(), np.nan)
    texts = [each["name"] for each in columns if each["kind"] == "text"]
    model, taken = estimator(spec["estimator"]), table.fillna(dict.fromkeys(texts, ""))
    if spec["form"] == "texts":
        taken = taken.iloc[:, 0]
        model = pipeline.make_pipeline(feature_extraction.text.TfidfVectorizer(), model)
    elif spec["form"] == "frame":
        model = pipeline.make_pipeline(prepared(spec, kinds), model)
    elif spec["form"] == "array":
        taken = table.to_numpy(dtype=np.float64)
    answers = target(spec["target"], rows, source)
    with warnings.catch_warnings(action="ignore"):
        model.fit(taken) if answers is None else model.fit(taken, answers)
    if spec["format"] == "skops":
        skops.io.dump(model, spec["model"])
    else:
        joblib.dump(model, spec["model"])
    if spec["sample"].endswith(".csv"):
        table.to_csv(spec["sample"], index=False)
    else:
        records = table.astype(object).where(table.notna(), None).to_dict("records")
        with Path(spec["sample"]).open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(each)}\n" for each in records)


def prepared(spec, kinds):
    """The columns, each as its kind wants it."""
    numbers = [name for name, kind in kinds.items() if kind in ("float", "int")]
    words = [name for name, kind in kinds.items() if kind in ("category", "bool")]
    texts = [name for name, kind in kinds.items() if kind == "text"]
    encoder = estimator(spec["encoder"])
    if spec["filled"] and "bool" not in kinds.values():
        filled = impute.SimpleImputer(strategy="most_frequent")
        encoder = pipeline.make_pipeline(filled, encoder)
    parts = [("numbers", impute.SimpleImputer(), numbers), ("words", encoder, words)]
    parts = [each for each in parts if each[2]]
    for i, each in enumerate(texts):
        parts.append((f"text{i}", feature_extraction.text.TfidfVectorizer(), each))
    return compose.ColumnTransformer(parts, sparse_threshold=0)


def child(reader, what, given):
    """Do it, and end."""
    try:
        sys.stdin = io.StringIO(json.dumps(given))
        if what == "train":
            train(given)
        else:
            reader.main(what)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def main():
    """A fork a line."""
    sys.path.insert(0, sys.argv[1])
    reader = importlib.import_module("reader")
    for line in sys.stdin:
        what, given = json.loads(line)
        with tempfile.TemporaryFile("w+") as said:
            if (pid := os.fork()) == 0:
                os.dup2(said.fileno(), 2)
                os.dup2(said.fileno(), 1)
                child(reader, what, given)
            _, status = os.waitpid(pid, 0)
            said.seek(0)
            print(json.dumps([os.waitstatus_to_exitcode(status), said.read()]), flush=True)


if __name__ == "__main__":
    main()
