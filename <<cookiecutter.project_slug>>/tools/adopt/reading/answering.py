"""What a model answers to rows, whether each alone gets the same, and the model as ONNX."""
# The libraries are in the environment that this runs in.
# pyright: reportMissingImports=false

import json
import re
from pathlib import Path
from typing import Any

from exporting import export

# How many rows are predicted one by one, to see whether batches change an answer.
ALONE = 128


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
    if given["calls"] == ["number"]:
        return [found.astype(np.int64)]
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


def one_line(error: BaseException) -> str:
    """What an error says, in a line."""
    said = re.sub(r"<module '([\w.]+)' from '[^']*'>", r"\1", " ".join(str(error).split()))
    return f"{type(error).__name__}: {said[:300].rstrip('.')}"
