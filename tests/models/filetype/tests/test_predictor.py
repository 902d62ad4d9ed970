"""The model: it answers as ONNX's reference does, and no row depends on its neighbours."""

import base64
import random

import msgspec

from serving.contract import EXAMPLE_REQUEST, Instance
from serving.predictor import Predictor
from tests.support import Adapter, predict

PREDICTOR = Predictor()


def random_instance(source: random.Random) -> Instance:
    """Any instance that the contract allows."""
    return Instance(source.randbytes(source.randint(16, 400)))


def test_a_row_gets_the_same_bytes_alone_and_in_a_batch() -> None:
    for size in range(2, 40):
        source = random.Random(size)
        batch = [random_instance(source) for _ in range(size)]
        together = [msgspec.json.encode(each) for each in PREDICTOR.predict(batch)]
        assert together == [msgspec.json.encode(PREDICTOR.predict([e])[0]) for e in batch]


def test_the_example_is_text() -> None:
    assert PREDICTOR.predict(EXAMPLE_REQUEST.instances)[0].kind == "text"


def test_a_file_that_is_too_short_is_refused(adapter: Adapter) -> None:
    long, short = (base64.b64encode(bytes(size)).decode() for size in (16, 15))
    answer = predict(adapter, msgspec.json.encode({"instances": [{"head": long}, {"head": short}]}))
    assert (answer.status, answer.json["pointer"]) == (422, "/instances/1/head")
    assert answer.json["detail"] == "A file needs 16 bytes to be known."
