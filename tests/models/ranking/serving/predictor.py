"""The model: loaded once, predicts a batch."""
# LightGBM publishes no complete types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import lightgbm
import numpy as np

from serving.contract import Instance, Prediction

MODEL = Path(__file__).parent.parent / "model" / "model.txt"


class Predictor:
    """The ranker that `make model` trained."""

    def __init__(self, path: Path = MODEL) -> None:
        self.booster = lightgbm.Booster(model_file=path)

    def predict(self, instances: Sequence[Instance]) -> list[Prediction]:
        """One prediction per instance, in the same order; each independent of the others."""
        return [*self._ranked(instances)]

    def _ranked(self, instances: Sequence[Instance]) -> Iterator[Prediction]:
        for instance in instances:
            rows = np.array(
                [(c.price, c.clicks, c.rating) for c in instance.candidates], dtype=np.float64
            )
            scores = cast("np.ndarray", self.booster.predict(rows, num_threads=1))
            order: list[int] = np.argsort(-scores, stable=True).tolist()
            yield Prediction(
                [instance.candidates[i].id for i in order], scores[order].round(6).tolist()
            )
