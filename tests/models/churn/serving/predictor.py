"""The model: loaded once, predicts a batch."""
# joblib, pandas and scikit-learn publish no complete types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import msgspec
import pandas as pd

from serving.contract import Instance, Prediction

MODEL = Path(__file__).parent.parent / "model" / "model.joblib"
NUMBERS, WORDS = ["age", "monthly_fee", "calls"], ["plan", "city"]


class Predictor:
    """The pipeline that `make model` trained."""

    def __init__(self, path: Path = MODEL) -> None:
        self.pipeline: Any = joblib.load(path)

    def predict(self, instances: Sequence[Instance], parameters: Any) -> list[Prediction]:
        """One prediction per instance, in the same order; each independent of the others."""
        rows = [msgspec.structs.astuple(each) for each in instances]
        table = pd.DataFrame(rows, columns=[*NUMBERS, *WORDS])
        table[NUMBERS] = table[NUMBERS].astype(float)
        table[WORDS] = table[WORDS].astype(object)
        table = table.fillna(float("nan"))
        probabilities: list[float] = self.pipeline.predict_proba(table)[:, 1].tolist()
        return [Prediction(p > parameters.threshold, round(p, 6)) for p in probabilities]
