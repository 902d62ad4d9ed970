"""What `serving/contract.py` must keep so that a contract can be made of it."""

import inspect
from typing import Any

import msgspec

from serving import contract
from serving.predictor import Predictor


def unkept() -> list[str]:
    """Each rule that the types or the predictor break, as a sentence that says what to do."""
    types = ("Instance", "PredictRequest", "PredictResponse")
    problems = [problem for name in types for problem in _of_struct(name)]
    # What the fields are is only known of types that have some.
    problems += [] if problems else [*_of_request(), *_of_response(), *_of_example(), *_of_call()]
    return [*problems, *_of_predictor()]


def _of_struct(name: str) -> list[str]:
    type_: Any = getattr(contract, name)
    if not (isinstance(type_, type) and issubclass(type_, msgspec.Struct)):
        return [f"{name} is no Struct: write `class {name}(Struct)`, with a field per value."]
    if type_.__struct_config__.array_like:
        return [f"{name} is written as an array: take array_like away, so its fields have names."]
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
    predict: Any = getattr(Predictor, "predict", None)
    if not callable(predict):
        return ["Predictor has no predict(instances)."]
    made: Any = inspect.unwrap(predict)
    if inspect.iscoroutinefunction(made) or inspect.isasyncgenfunction(made):
        return ["Predictor.predict is async: write `def predict`. The server has its own threads."]
    if inspect.isgeneratorfunction(made):
        return ["Predictor.predict yields: let it return the list of all predictions."]
    return []


def _of_call() -> list[str]:
    """Arguments are bound as `serving/app.py` gives them."""
    predict: Any = getattr(Predictor, "predict", None)
    if not callable(predict):
        return []
    beside = [name for name in _names(contract.PredictRequest) if name != "instances"]
    held = inspect.getattr_static(Predictor, "predict")
    own = () if isinstance(held, staticmethod | classmethod) else (None,)
    signature = inspect.signature(predict)
    try:
        signature.bind(*own, *([], {})[: 1 + bool(beside)])
    except TypeError:
        given = f"PredictRequest has {', '.join(beside) or 'nothing'} beside instances"
        takes = "predict(self, instances, parameters)" if beside else "predict(self, instances)"
        return [f"{given}, so Predictor.predict must be {takes}; it is predict{signature}."]
    return []


def _names(type_: type[msgspec.Struct]) -> list[str]:
    return [each.encode_name for each in msgspec.structs.fields(type_)]
