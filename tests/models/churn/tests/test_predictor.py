"""The model: it answers as scikit-learn does, and no row depends on its neighbours."""

import random
from types import SimpleNamespace

import joblib
import msgspec
import pandas as pd

from serving.contract import EXAMPLE_REQUEST, Instance
from serving.predictor import MODEL, Predictor
from tests.support import Adapter, predict

PREDICTOR = Predictor()
HALF = SimpleNamespace(threshold=0.5)


def random_instance(source: random.Random) -> Instance:
    """Any instance that the contract allows."""
    values = [source.uniform(18, 90), source.uniform(0, 90), source.randint(0, 30)]
    words = [source.choice(["basic", "plus", "pro"]), source.choice(["Graz", "Linz", "Bonn"])]
    return Instance(*(None if source.random() < 0.2 else each for each in [*values, *words]))


def test_a_row_gets_the_same_bytes_alone_and_in_a_batch() -> None:
    for size in range(2, 20):
        source = random.Random(size)
        batch = [random_instance(source) for _ in range(size)]
        together = [msgspec.json.encode(each) for each in PREDICTOR.predict(batch, HALF)]
        alone = [msgspec.json.encode(PREDICTOR.predict([each], HALF)[0]) for each in batch]
        assert together == alone


def test_the_answer_is_that_of_scikit_learn() -> None:
    row = {"age": 41.0, "monthly_fee": 29.9, "calls": float("nan"), "plan": "plus", "city": "Graz"}
    own = joblib.load(MODEL).predict_proba(pd.DataFrame([row]))[0, 1]
    (answer,) = PREDICTOR.predict(EXAMPLE_REQUEST.instances, HALF)
    assert answer.probability == round(own, 6)


def test_the_threshold_is_the_requests(adapter: Adapter) -> None:
    example = msgspec.to_builtins(EXAMPLE_REQUEST)
    leaves = [
        predict(adapter, msgspec.json.encode(example | {"threshold": threshold})).json[
            "predictions"
        ][0]["leaves"]
        for threshold in (0, 1)
    ]
    assert leaves == [True, False]
