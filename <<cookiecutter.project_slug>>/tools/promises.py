"""What `serving/contract.py` must keep so that a contract can be made of it."""

import inspect
from typing import Any

import msgspec

from serving import contract
from serving.predictor import Predictor


def unkept() -> list[str]:
    """Each rule that the types or the predictor break, as a sentence that says what to do."""
    return [*_of_instance(), *_of_request(), *_of_response(), *_of_example(), *_of_predictor()]


def _of_instance() -> list[str]:
    instance: Any = contract.Instance
    if not (isinstance(instance, type) and issubclass(instance, msgspec.Struct)):
        return ["Instance is no Struct: write `class Instance(Struct)`, with a field per value."]
    if instance.__struct_config__.array_like:
        return ["Instance is written as an array: take array_like away, so its fields have names."]
    return []


def _of_request() -> list[str]:
    if "instances" in _names(contract.PredictRequest):
        return []
    return ["PredictRequest has no field `instances`: it holds the list of Instance."]


def _of_response() -> list[str]:
    if (names := _names(contract.PredictResponse)) == ["predictions"]:
        return []
    return [
        f"PredictResponse has the fields {', '.join(names)}, where only `predictions` is ever"
        " filled: put everything else into Prediction."
    ]


def _of_example() -> list[str]:
    rows: dict[str, Any] = {
        "EXAMPLE_REQUEST has no instance": getattr(contract.EXAMPLE_REQUEST, "instances", ()),
        "EXAMPLE_RESPONSE has no prediction": getattr(contract.EXAMPLE_RESPONSE, "predictions", ()),
    }
    why = "the golden requests are made of it."
    return [f"{what}: {why}" for what, several in rows.items() if not several]


def _of_predictor() -> list[str]:
    """A call's arguments are bound as `serving/app.py` gives them."""
    predict: Any = getattr(object.__new__(Predictor), "predict", None)
    if not callable(predict):
        return ["Predictor has no predict(instances)."]
    if inspect.iscoroutinefunction(predict) or inspect.isasyncgenfunction(predict):
        return ["Predictor.predict is async: write `def predict`. The server has its own threads."]
    if inspect.isgeneratorfunction(predict):
        return ["Predictor.predict yields: let it return the list of all predictions."]
    beside = [name for name in _names(contract.PredictRequest) if name != "instances"]
    signature = inspect.signature(predict)
    try:
        signature.bind(*([], {})[: 1 + bool(beside)])
    except TypeError:
        given = f"PredictRequest has {', '.join(beside) or 'nothing'} beside instances"
        takes = "predict(instances, parameters)" if beside else "predict(instances)"
        return [f"{given}, so Predictor.predict must be {takes}; it is predict{signature}."]
    return []


def _names(type_: type[msgspec.Struct]) -> list[str]:
    return [each.encode_name for each in msgspec.structs.fields(type_)]
