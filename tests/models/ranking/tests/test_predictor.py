"""The model: it answers as LightGBM does, and no row depends on its neighbours."""

import random
from typing import Any

import lightgbm
import msgspec
import numpy as np

from serving.contract import EXAMPLE_REQUEST, Candidate, Instance
from serving.predictor import MODEL, Predictor

PREDICTOR = Predictor()


def random_instance(source: random.Random) -> Instance:
    """Any instance that the contract allows."""
    rated = [None, 1.5, 4.0]
    return Instance(
        [
            Candidate(i, source.uniform(0, 99), source.randint(0, 30), source.choice(rated))
            for i in range(source.randint(1, 9))
        ]
    )


def test_a_row_gets_the_same_bytes_alone_and_in_a_batch() -> None:
    for size in range(2, 20):
        source = random.Random(size)
        batch = [random_instance(source) for _ in range(size)]
        together = [msgspec.json.encode(each) for each in PREDICTOR.predict(batch)]
        assert together == [msgspec.json.encode(PREDICTOR.predict([e])[0]) for e in batch]


def test_the_answer_is_that_of_lightgbm() -> None:
    rows = np.array([[9.5, 3, 4.5], [80, 90, np.nan]])
    scores: Any = lightgbm.Booster(model_file=MODEL).predict(rows)
    (answer,) = PREDICTOR.predict(EXAMPLE_REQUEST.instances)
    assert dict(zip(answer.ids, answer.scores, strict=True)) == {
        7: round(scores[0], 6),
        2**63 - 1: round(scores[1], 6),
    }
