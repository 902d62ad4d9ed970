"""The sample model. With a model of your own, replace `random_instance` and the answers below."""

import math
import random

import msgspec
import pytest

from serving.app import App, Request
from serving.contract import Instance, Prediction
from serving.predictor import Predictor
from serving.release import Release
from tests.support import BUILD, EXAMPLE, PREDICT, Adapter, predict

PREDICTOR = Predictor()


def random_instance(random: random.Random) -> Instance:
    """Any instance that the contract allows."""
    return Instance(*(random.uniform(0.1, 20) for _ in range(4)))


def test_a_row_gets_the_same_bytes_alone_and_in_a_batch() -> None:
    for size in range(2, 65):
        source = random.Random(size)
        batch = [random_instance(source) for _ in range(size)]
        together = [msgspec.json.encode(each) for each in PREDICTOR.predict(batch)]
        alone = [msgspec.json.encode(PREDICTOR.predict([each])[0]) for each in batch]
        assert together == alone, "a row's answer depends on its batch: see docs/your-model.md"
        assert len({*alone}) > 1, "rows that all get one answer can't show that they were mixed up"


def test_flowers_get_their_species() -> None:
    flowers = [
        Instance(5.1, 3.5, 1.4, 0.2),
        Instance(6.1, 2.8, 4.7, 1.2),
        Instance(6.3, 3.3, 6, 2.5),
    ]
    species = [prediction.species for prediction in PREDICTOR.predict(flowers)]
    assert species == ["setosa", "versicolor", "virginica"]


@pytest.mark.parametrize(
    ("value", "status"), [("NaN", 400), ("1e999", 422), ("0", 422), ("20", 200), ("20.001", 422)]
)
def test_a_length_is_above_0_and_at_most_20(adapter: Adapter, value: str, status: int) -> None:
    answer = predict(adapter, EXAMPLE.replace(b"0.2", value.encode()))
    assert answer.status == status
    if status == 422:
        assert answer.json["pointer"] == "/instances/0/petal_width"


def test_a_batch_of_1000_is_the_largest(adapter: Adapter) -> None:
    instances = msgspec.json.decode(EXAMPLE)["instances"]
    statuses = [
        predict(adapter, msgspec.json.encode({"instances": instances * size})).status
        for size in (1_000, 1_001)
    ]
    assert statuses == [200, 422]


def test_a_prediction_that_is_no_number_is_a_500() -> None:
    class Model:
        def predict(self, instances: list[Instance]) -> list[Prediction]:
            return [Prediction(species="setosa", probability=math.nan)] * len(instances)

    headers = {"content-type": "application/json"}
    app = App(Release(BUILD), Model(), b"")
    assert app(Request("POST", PREDICT, headers, EXAMPLE, "id")).status == 500
