"""Loads a model, and does with it what it is told."""
# The libraries are in the environment that this runs in.
# pyright: reportMissingImports=false

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from answering import answer, one_line
from describing import describe


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
