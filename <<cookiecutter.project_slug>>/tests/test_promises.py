"""What no contract can be made of is refused; golden requests fit whatever types it has."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct, field

from serving.contract import PredictRequest, PredictResponse
from tests.support import BUILD
from tools import contract, golden, promises


class Flat(Struct, array_like=True):
    size: int


class Loose(Struct):
    """Any text is a number to it, nothing is required, and what it doesn't know it ignores."""

    mean: float | str | None = field(name="mean.size", default=None)
    anything: Any = None


class LooseRequest(Struct):
    instances: Annotated[list[Loose], Meta(max_length=2, description="One or two.")]
    top_k: int = 3


class LateTyped(Struct):
    name: str | None = None
    picture: bytes = b""


class LateRequest(Struct):
    instances: list[LateTyped]


class TwoFields(Struct):
    predictions: list[int]
    model: str = "forest"


async def asynchronous(self: object, instances: object) -> None: ...


def yielding(self: object, instances: list[Any]) -> Iterator[Any]:
    yield from instances


def plain(self: object, instances: object) -> None: ...


def two(self: object, instances: object, parameters: object) -> None: ...


@pytest.mark.parametrize(
    ("name", "broken", "sentence"),
    [
        ("Instance", dict, "Instance is no Struct: write"),
        ("Instance", list[int], "Instance is no Struct: write"),
        ("Instance", Flat, "Instance is written as an array: take array_like away"),
        ("PredictResponse", Flat, "PredictResponse is written as an array: take array_like away"),
        ("PredictRequest", dict, "PredictRequest is no Struct: write"),
        ("PredictRequest", TwoFields, "PredictRequest has no field `instances`"),
        ("PredictResponse", TwoFields, "PredictResponse has the fields predictions, model, where"),
        ("EXAMPLE_REQUEST", PredictRequest([]), "EXAMPLE_REQUEST has no instance: "),
        ("EXAMPLE_RESPONSE", PredictResponse([]), "EXAMPLE_RESPONSE has no prediction: "),
        ("predict", asynchronous, "Predictor.predict is async: write `def predict`."),
        ("predict", yielding, "Predictor.predict yields: let it return the list"),
        ("predict", None, "Predictor has no predict(instances)."),
        ("predict", two, "PredictRequest has nothing beside instances, so Predictor.predict must"),
    ],
)
def test_what_no_contract_can_be_made_of_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, broken: Any, sentence: str
) -> None:
    monkeypatch.setattr(promises.contract, "PredictRequest", LateRequest)
    monkeypatch.setattr(promises.Predictor, "predict", plain)
    assert promises.unkept() == []
    owner: Any = promises.Predictor if name == "predict" else promises.contract
    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        contract.document(BUILD)


def test_fields_beside_instances_need_a_predictor_that_takes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(promises.contract, "PredictRequest", LooseRequest)
    monkeypatch.setattr(promises.Predictor, "predict", plain)
    assert promises.unkept() == [
        "PredictRequest has top_k beside instances, so Predictor.predict must be"
        " predict(self, instances, parameters); it is predict(self: object, instances: object)"
        " -> None."
    ]
    monkeypatch.setattr(promises.Predictor, "predict", two)
    assert promises.unkept() == []


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises.contract, "Instance", dict)
    decorated = functools.wraps(asynchronous)(lambda self, instances: None)
    monkeypatch.setattr(promises.Predictor, "predict", decorated)
    assert len(promises.unkept()) == 2


def test_nothing_is_said_of_fields_that_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises.contract, "Instance", dict)
    monkeypatch.setattr(promises.Predictor, "predict", two)
    (problem,) = promises.unkept()
    assert problem.startswith("Instance is no Struct")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda *_: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda *_: [], "0 predictions for 1 instances"),
        (lambda *_: [float], "predict returned a builtins.type, which can't be written as JSON."),
    ],
)
def test_a_golden_success_that_is_none_is_never_written(
    monkeypatch: pytest.MonkeyPatch, model: Any, reason: str
) -> None:
    monkeypatch.setattr(contract.ExampleModel, "predict", model)
    sentence = "golden request “the example”: serving/contract.py leads to 500, because "
    with pytest.raises(ValueError, match=f"^{sentence}.*{re.escape(reason)}"):
        contract.document(BUILD)


def requests(
    monkeypatch: pytest.MonkeyPatch, instance: type, request: type, example: Any
) -> dict[str, Any]:
    """The golden requests of other types, by name; of each its body."""
    for name, value in (
        ("Instance", instance),
        ("PredictRequest", request),
        ("EXAMPLE_REQUEST", example),
    ):
        monkeypatch.setattr(golden, name, value)
    posted = {name: each["body"] for name, _, each in golden.golden_requests("v1")}
    return {name: json.loads(body) for name, body in posted.items() if body.endswith("}")}


def test_types_that_take_everything_have_no_golden_requests_for_what_they_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    example = LooseRequest([Loose(1.5)], top_k=5)
    made = requests(monkeypatch, Loose, LooseRequest, example)
    assert made["the example"] == msgspec.to_builtins(example)
    assert "null for a value" not in made
    assert "a missing field" not in made
    assert "a batch of three" not in made, "two is the most"
    assert made["a value of the wrong type"]["instances"] == [{"mean.size": True, "anything": None}]
    assert made["a value of the wrong type"]["top_k"] == 5


def test_a_golden_request_is_wrong_in_the_first_field_that_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = requests(monkeypatch, LateTyped, LateRequest, LateRequest([LateTyped("a", b"b")]))
    assert made["a value of the wrong type"]["instances"] == [{"name": 1, "picture": "Yg=="}]
    assert made["null for a value"]["instances"] == [{"name": "a", "picture": None}]
    assert len(made["a batch of three"]["instances"]) == 3
