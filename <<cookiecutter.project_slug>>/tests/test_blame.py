"""Whose failure it is when a model raises, and what a request says beside its instances."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec import Struct, field

from serving.app import App, Predicts
from serving.problem import Refused
from serving.release import Release
from serving.work import Work
from tests.support import BUILD


@dataclass
class Place:
    a: Any


class Row(Struct, frozen=True):
    value: Any = None
    picture: Any = field(name="image/png", default=None)


class Parameters(Struct, frozen=True):
    top_k: Any = 3
    offset: Any = field(name="skip", default=None)


class Model:
    """Raises, or answers each row with the parameters that it was given."""

    def __init__(self, raised: Exception | None = None) -> None:
        self.raised = raised
        self.calls: list[tuple[int, tuple[Any, ...]]] = []

    def predict(self, instances: list[Any], *parameters: Any) -> list[Any]:
        self.calls.append((len(instances), parameters))
        if self.raised:
            raise self.raised
        return [*parameters] * len(instances)


def work(rows: Any, parameters: Any = None) -> Work:
    """A request with rows of any type, as the app takes it without looking."""
    return Work("an-id", rows, parameters)


def answer(model: Predicts, *works: Work) -> list[dict[str, Any]]:
    """What the works get, as far as the model decides it: of any answer status, pointer, error."""
    answers: list[dict[str, Any]] = []
    for response in App(Release(BUILD), model, b"").answer(works):
        problem = msgspec.json.decode(response.body)
        answers.append(problem | {"error": response.error})
    return answers


@pytest.mark.parametrize(
    ("refused", "instances", "pointer"),
    [
        (Refused("No picture."), 2, None),
        (Refused("No picture."), 1, "/instances/0"),
        (Refused("No picture.", row=1), 2, "/instances/1"),
        (Refused("No picture.", row=1, field="image/png"), 2, "/instances/1/image~1png"),
        (Refused("No picture.", field="image/png"), 1, "/instances/0/image~1png"),
        (Refused("No picture.", field="image/png"), 2, None),
        (Refused("No picture.", row=2), 2, None),
        (Refused("No picture.", row=-1, field="value"), 1, None),
        (Refused("No picture.", field="top_k"), 2, "/top_k"),
        (Refused("No picture.", field="skip"), 1, "/skip"),
    ],
)
def test_a_predictor_may_refuse_a_request(
    refused: Refused, instances: int, pointer: str | None
) -> None:
    (problem,) = answer(Model(refused), work([Row()] * instances, Parameters()))
    assert (problem["status"], problem["detail"]) == (422, "No picture.")
    assert problem["pointer"] == pointer
    assert problem["error"] is None


def test_a_refused_request_fails_for_none_of_its_neighbours() -> None:
    class Picky(Model):
        def predict(self, instances: list[Any], *parameters: Any) -> list[Any]:
            for row, instance in enumerate(instances):
                if instance.value == "bad":
                    raise Refused("It is bad.", row=row)
            raise RuntimeError("the model")

    works = [work([Row(1)] * 3), work([Row(1), Row("bad")])]
    good, bad = answer(Picky(), *works)
    assert (good["status"], bad["status"]) == (500, 422)
    assert bad["pointer"] == "/instances/1", "the row is counted in its own request"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (2**63, "an integer that doesn't fit into 64 bits"),
        (-(2**63) - 1, "an integer that doesn't fit into 64 bits"),
        (3.5e38, "a number that doesn't fit into 32 bits"),
        (date(2262, 1, 1), "which is not in the years 1678 to 2261"),
        (datetime(1, 1, 1, tzinfo=UTC), "which is not in the years 1678 to 2261"),
        (timedelta(days=200_000), "which is longer than 292 years"),
        (Decimal("1E+1000000"), "a number that doesn't fit into 32 bits"),
        (Decimal("NaN"), "a number that doesn't fit into 32 bits"),
    ],
)
@pytest.mark.parametrize(
    ("held", "within"),
    [
        (lambda value: value, ""),
        (lambda value: {"a": [0, (value,)]}, "/a/1/0"),
        (lambda value: Place(value), "/a"),
        (lambda value: {value: 1}, ""),
        (lambda value: [{value}], "/0"),
    ],
)
def test_a_model_that_fails_at_an_extreme_value_is_not_to_blame(
    value: Any, why: str, held: Any, within: str
) -> None:
    (problem,) = answer(Model(OverflowError()), work([Row(0), Row(0, held(value))]))
    assert problem["status"] == 422
    assert problem["detail"] == f"The model can't work with {value}, {why}."
    assert problem["pointer"] == f"/instances/1/image~1png{within}"
    assert "OverflowError" in problem["error"], "the log says what the model did with it"


@pytest.mark.parametrize(
    "value",
    [2**63 - 1, -(2**63), 3.4e38, True, "x" * 99, date(2261, 12, 31), b"1", None, {1}, Decimal(1)],
)
def test_at_any_other_value_it_is(value: Any) -> None:
    (problem,) = answer(Model(OverflowError()), work([Row(value)]))
    assert problem["status"] == 500


def test_an_extreme_parameter_has_its_pointer() -> None:
    (problem,) = answer(Model(OverflowError()), work([Row()], Parameters(offset=2**64)))
    assert (problem["status"], problem["pointer"]) == (422, "/skip")


def test_a_model_that_copes_with_an_extreme_value_is_to_blame_for_its_answer() -> None:
    class Copes(Model):
        def predict(self, instances: list[Any], *parameters: Any) -> list[Any]:
            return [object()] * len(instances)

    (answered,) = answer(Copes(), work([Row(2**64)]))
    assert answered["status"] == 500


def test_requests_are_predicted_together_where_their_parameters_are_the_same() -> None:
    model = Model(Refused("Enough."))
    values = [1, 1, 1.0, True, 2, 2]
    answer(model, *[work([Row()] * 2, Parameters(value)) for value in values])
    together = [(size, parameters[0].top_k) for size, parameters in model.calls if size > 2]
    assert together == [(4, 1), (4, 2)]


def test_without_parameters_a_predictor_needs_none() -> None:
    class Plain:
        def predict(self, instances: list[Any]) -> list[Any]:
            raise Refused(f"{len(instances)} rows came.")

    (response,) = App(Release(BUILD), Plain(), b"").answer([work([Row()] * 3)])
    assert b"3 rows came." in response.body


def test_no_instances_ask_the_model_nothing() -> None:
    model = Model(RuntimeError())
    (answered,) = answer(model, work([]))
    assert answered["predictions"] == []
    assert model.calls == []


def test_however_deep_a_request_goes_it_gets_an_answer() -> None:
    deep: Any = 2**64
    for _ in range(5_000):
        deep = [deep]
    (problem,) = answer(Model(OverflowError()), work([Row(deep)]))
    assert problem["status"] == 422


@pytest.mark.parametrize("raised", [Refused("\ud800", field="\ud800"), ValueError("\ud800")])
def test_half_a_surrogate_pair_in_a_models_words_is_written_as_a_question_mark(
    raised: Exception,
) -> None:
    (problem,) = answer(Model(raised), work([Row()]))
    assert problem["status"] in (422, 500)
    assert "\ud800" not in f"{problem}"


class Odd:
    """Answers with whatever it holds, and leaves nothing of what it was given."""

    def __init__(self, predictions: Any) -> None:
        self.predictions = predictions

    def predict(self, instances: list[Any]) -> Any:
        instances.clear()
        return self.predictions


@pytest.mark.parametrize("predictions", [{"a": [1]}, {1}, None, 1, iter([1]), "x", (), [1, 2]])
def test_whatever_a_predictor_returns_there_is_an_answer(predictions: Any) -> None:
    (problem,) = answer(Odd(predictions), work([Row()]))
    assert problem["status"] == 500
    assert "Traceback" in problem["error"]
