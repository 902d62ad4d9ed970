"""Reads a model with its own library: run as a file, by a Python that has that library.

It takes a JSON object from its standard input: `model`, a path; `kind`; `root`, where the model's
own modules are, or null; `trusted`, the types that skops may make; `folder`, where results go. Its
first argument is what to do. `describe` writes `described.json`. `answer` also takes `rows`,
`names`, `types` and `form`, and writes `answers.npz`, `answered.json`, and `model.onnx` if it can.
It needs nothing of this project, and works with Python 3.10.
"""
# The libraries are in the environment that it runs in.
# pyright: reportMissingImports=false

import copy
import json
import sys
import warnings
from pathlib import Path
from typing import Any

# How many rows are predicted one by one, to see whether batches change an answer.
ALONE = 128


def load(given: dict[str, Any]) -> Any:
    """The model, which runs what a pickle says."""
    path, kind = given["model"], given["kind"]
    if given["root"]:
        sys.path.append(given["root"])
    if kind == "xgboost":
        import xgboost

        return xgboost.Booster(model_file=path)
    if kind == "lightgbm":
        import lightgbm

        return lightgbm.Booster(model_file=path)
    if kind == "skops":
        import skops.io

        return skops.io.load(path, trusted=given["trusted"])
    import joblib

    return joblib.load(path)


def describe(model: Any, kind: str) -> dict[str, Any]:
    """What the model says of its input and its output."""
    if kind == "xgboost":
        return booster(json.loads(model.save_config()), model)
    if kind == "lightgbm":
        return lightgbm_booster(model)
    if not hasattr(model, "predict") and not hasattr(model, "transform"):
        raise TypeError(f"it holds a {type(model).__name__}, which predicts nothing")
    names = getattr(model, "feature_names_in_", None)
    classes = getattr(model, "classes_", None)
    return {
        "what": told(model),
        "names": None if names is None else [str(each) for each in names],
        "width": width(model),
        "texts": reads_texts(model),
        "classes": None if classes is None else plain(classes),
        "categories": categories(model),
        "task": task(model),
        "calls": calls(model),
    }


def booster(config: dict[str, Any], model: Any) -> dict[str, Any]:
    """What a model of XGBoost's says of itself."""
    learner = config["learner"]
    objective = learner["objective"]["name"]
    classes = int(learner["learner_model_param"].get("num_class", 0))
    return boosted("XGBoost", objective, classes, model.feature_names, model.num_features())


def lightgbm_booster(model: Any) -> dict[str, Any]:
    """What a model of LightGBM's says of itself."""
    lines = model.model_to_string(num_iteration=1).splitlines()
    words = dict(line.split("=", 1) for line in lines if "=" in line)
    objective = words.get("objective", "").split(" ")[0]
    names = model.feature_name()
    bare = names == [f"Column_{i}" for i in range(len(names))]
    classes = int(words.get("num_class", 1))
    return boosted("LightGBM", objective, classes, None if bare else names, len(names))


def boosted(library: str, objective: str, classes: int, names: Any, width: int) -> dict[str, Any]:
    """The description of a booster by its objective."""
    binary = objective in ("binary", "binary:logistic", "cross_entropy")
    many = objective in ("multi:softprob", "multiclass", "multiclassova")
    ranks = objective.startswith(("rank", "lambdarank"))
    known = list(range(2 if binary else classes)) if binary or many else None
    return {
        "what": f"{library}, {objective}",
        "names": names,
        "width": width,
        "texts": False,
        "classes": known,
        "categories": {},
        "task": "classifier" if known else "ranker" if ranks else "regressor",
        "calls": ["binary" if binary else "many" if many else "outputs"],
    }


def steps(model: Any) -> list[Any]:
    """What a model does one after the other, its own parts within."""
    model = getattr(model, "best_estimator_", model)
    if hasattr(model, "steps"):
        return [part for _, each in model.steps for part in steps(each)]
    return [] if isinstance(model, str) or model is None else [model]


def told(model: Any) -> str:
    """The names of what a model is made of."""
    return ", ".join(type(each).__name__ for each in steps(model)) or type(model).__name__


def width(model: Any) -> Any:
    """How many columns the model takes; None: unknown."""
    found = getattr(model, "n_features_in_", None)
    return None if found is None else int(found)


def reads_texts(model: Any) -> bool:
    """Whether the model takes one text a row."""
    first = steps(model)[0]
    return hasattr(first, "build_analyzer")


def task(model: Any) -> str:
    """What the model does, by scikit-learn's words."""
    kind = getattr(model, "_estimator_type", None)
    try:
        from sklearn.utils import get_tags

        kind = get_tags(model).estimator_type or kind
    except ImportError:  # before 1.6 it is an attribute
        pass
    return {"outlier_detector": "outlier"}.get(str(kind), str(kind or "other"))


def calls(model: Any) -> list[str]:
    """The methods whose results are the answers."""
    kind = task(model)
    if kind == "outlier":
        return ["predict", "decision_function"]
    several = isinstance(getattr(model, "classes_", None), list)
    if kind == "classifier" and hasattr(model, "predict_proba") and not several:
        return ["predict", "predict_proba"]
    return ["predict"] if hasattr(model, "predict") else ["transform"]


def categories(model: Any) -> dict[str, list[Any]]:
    """The values that encoders know, by the names of the columns."""
    first = steps(model)[0]
    found: dict[str, list[Any]] = {}
    for _, part, columns in getattr(first, "transformers_", []):
        for encoder in steps(part):
            known = getattr(encoder, "categories_", None)
            if known is None or isinstance(columns, str) or len(known) != len(columns):
                continue
            for column, values in zip(columns, known, strict=True):
                found[str(column)] = [v for v in plain(values) if isinstance(v, (str, int))]
    return found


def plain(values: Any) -> list[Any]:
    """NumPy's values as JSON can hold them."""
    import numpy as np

    return (
        [plain(each) for each in values]
        if isinstance(values, list)
        else np.asarray(values).tolist()
    )


def rows_of(given: dict[str, Any], rows: list[Any]) -> Any:
    """The rows in the form that the model takes."""
    import numpy as np

    if given["form"] == "texts":
        return ["" if row[0] is None else row[0] for row in rows]
    if given["form"] == "matrix":
        return np.array(rows, dtype=np.float64)
    import pandas as pd

    table = pd.DataFrame(rows, columns=given["names"])
    return table.astype(given["types"]).fillna(np.nan)


def predictions(model: Any, given: dict[str, Any], rows: list[Any]) -> list[Any]:
    """The model's answers as arrays, in the order of its calls."""
    import numpy as np

    taken = rows_of(given, rows)
    if given["kind"] in ("xgboost", "lightgbm"):
        return scores(model, given, taken)
    found = []
    for call in given["calls"]:
        array = getattr(model, call)(taken)
        array = array.toarray() if hasattr(array, "toarray") else np.asarray(array)
        found.append(array.astype(str) if array.dtype.kind == "O" else array)
    return found


def scores(model: Any, given: dict[str, Any], rows: Any) -> list[Any]:
    """A booster's answers; of a classifier the labels' numbers and probabilities."""
    import numpy as np

    if given["kind"] == "xgboost":
        found = model.inplace_predict(rows)
    else:
        found = model.predict(rows, num_threads=1)
    if given["calls"] == ["binary"]:
        found = np.column_stack([1 - found, found])
    return [found] if given["calls"] == ["outputs"] else [found.argmax(axis=1), found]


def answer(model: Any, given: dict[str, Any]) -> None:
    """Write the model's answers to the rows, and the model as ONNX where that is possible."""
    import numpy as np

    folder, rows = Path(given["folder"]), given["rows"]
    arrays = predictions(model, given, rows)
    alone = [predictions(model, given, [row]) for row in rows[:ALONE]]
    together = predictions(model, given, rows[:ALONE])
    independent = all(
        np.concatenate([each[i] for each in alone]).tobytes() == array.tobytes()
        for i, array in enumerate(together)
    )
    np.savez(folder / "answers.npz", **{str(i): array for i, array in enumerate(arrays)})
    try:
        folder.joinpath("model.onnx").write_bytes(export(model, given))
        why = ""
    except Exception as error:  # of a converter that knows no such model
        why = one_line(error)
    told = {"independent": independent, "why": why}
    folder.joinpath("answered.json").write_text(json.dumps(told), "utf-8")


def export(model: Any, given: dict[str, Any]) -> bytes:
    """The model as ONNX: a matrix where all columns are numbers, else an input a column."""
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    width = len(given["names"])
    if given["form"] == "texts":
        inputs = [("text", StringTensorType([None, 1]))]
    elif given["form"] == "table" and hasattr(steps(model)[0], "transformers_"):
        kinds = [given["types"][name] for name in given["names"]]
        made = [StringTensorType if each == "object" else FloatTensorType for each in kinds]
        inputs = [(n, type_([None, 1])) for n, type_ in zip(given["names"], made, strict=True)]
    else:
        inputs = [("X", FloatTensorType([None, width]))]
    if given["kind"] in ("xgboost", "lightgbm"):
        return exported_booster(model, given["kind"], width)
    model = with_texts_for_gaps(model)
    for register in (register_xgboost, register_lightgbm):
        register(model)
    options = {id(model): {"zipmap": False}} if given["calls"][1:] == ["predict_proba"] else None
    # Of some models the converter knows no newer operators than those of 3.
    opsets = {"": 18, "ai.onnx.ml": 3}
    made: Any = skl2onnx.convert_sklearn(
        model, "model", inputs, options=options, target_opset=opsets
    )
    return made.SerializeToString()


def with_texts_for_gaps(model: Any) -> Any:
    """A copy that fills a text's gap where that is an empty text, as it is in ONNX."""
    model = copy.deepcopy(model)
    for _, part, _ in getattr(steps(model)[0], "transformers_", []):
        for each in steps(part):
            filled = getattr(each, "statistics_", None)
            if filled is not None and filled.dtype.kind in "OU":
                each.missing_values = ""
    return model


def exported_booster(model: Any, kind: str, width: int) -> bytes:
    """A booster of a library's own as ONNX."""
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType

    inputs = [("X", FloatTensorType([None, width]))]
    if kind == "xgboost":
        model.feature_names = None  # the converter knows features by their number alone
        made = onnxmltools.convert_xgboost(model, "model", inputs)
    else:
        made = onnxmltools.convert_lightgbm(model, "model", inputs, zipmap=False)
    return made.SerializeToString()


def register_xgboost(model: Any) -> None:
    """Let skl2onnx know the parts of a model that are XGBoost's."""
    for part in steps(model):
        if type(part).__module__.startswith("xgboost"):
            part.get_booster().feature_names = None  # as above
            from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

            registered(part, convert_xgboost)


def register_lightgbm(model: Any) -> None:
    """Let skl2onnx know the parts of a model that are LightGBM's."""
    for part in steps(model):
        if type(part).__module__.startswith("lightgbm"):
            from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

            registered(part, convert_lightgbm)


def registered(part: Any, converter: Any) -> None:
    """Let skl2onnx convert a class by a converter."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes,
        calculate_linear_regressor_output_shapes,
    )

    classifies = hasattr(part, "predict_proba")
    shapes = (
        calculate_linear_classifier_output_shapes
        if classifies
        else calculate_linear_regressor_output_shapes
    )
    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]} if classifies else None
    update_registered_converter(type(part), type(part).__name__, shapes, converter, options=options)


def one_line(error: BaseException) -> str:
    """What an error says, in a line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def main(what: str) -> None:
    """Do it; where it fails, `failed.json` says why."""
    given = json.load(sys.stdin)
    folder = Path(given["folder"])
    warnings.simplefilter("ignore")
    try:
        if what == "types":
            from skops.io import get_untrusted_types

            unknown = json.dumps(get_untrusted_types(file=given["model"]))
            folder.joinpath("types.json").write_text(unknown, "utf-8")
            return
        model = load(given)
        if what == "describe":
            told = json.dumps(describe(model, given["kind"]))
            folder.joinpath("described.json").write_text(told, "utf-8")
        else:
            answer(model, given)
    except BaseException as error:
        name = getattr(error, "name", None) if isinstance(error, ImportError) else None
        said = json.dumps({"why": one_line(error), "missing": name})
        folder.joinpath("failed.json").write_text(said, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
