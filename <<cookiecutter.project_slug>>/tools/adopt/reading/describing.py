"""What a model says of itself: its input, its labels, and what it does."""
# The libraries are in the environment that this runs in.
# pyright: reportMissingImports=false

import json
from typing import Any


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
    number = objective == "multi:softmax"  # which answers with the number of a label
    known = list(range(2 if binary else classes)) if binary or many or number else None
    call = "binary" if binary else "many" if many else "number" if number else "outputs"
    return {
        "what": f"{library}, {objective}",
        "names": names,
        "width": width,
        "texts": False,
        "classes": known,
        "categories": {},
        "task": "classifier" if known else "ranker" if ranks else "regressor",
        "calls": [call],
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
