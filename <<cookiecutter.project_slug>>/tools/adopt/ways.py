"""The ways from what a model answers to the fields of a Prediction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# What a model's own library answers to rows: arrays (or lists of dictionaries) by variable.
type Answers = Mapping[str, Any]

# How the values of one field are made of an array, as the predictor's text and as it works here.
WAYS: dict[str, tuple[str, Callable[[Any, Sequence[Any]], list[Any]]]] = {
    "as they are": ("{}", lambda a, _: a),
    "items": ("{}.tolist()", lambda a, _: a.tolist()),
    "flat": ("{}.ravel().tolist()", lambda a, _: a.ravel().tolist()),
    "truths": ("{}.astype(bool).tolist()", lambda a, _: a.astype(bool).tolist()),
    "outliers": ("({}.ravel() < 0).tolist()", lambda a, _: (a.ravel() < 0).tolist()),
    "numbers": (
        "{}.astype(float).round(6).tolist()",
        lambda a, _: a.astype(float).round(6).tolist(),
    ),
    "flat numbers": (
        "{}.ravel().astype(float).round(6).tolist()",
        lambda a, _: a.ravel().astype(float).round(6).tolist(),
    ),
    "highest": (
        "{}.max(axis=1).astype(float).round(6).tolist()",
        lambda a, _: a.max(axis=1).astype(float).round(6).tolist(),
    ),
    # A sum of 32 bits can be a little more than 1.
    "highest probability": (
        "{}.max(axis=1).clip(max=1).astype(float).round(6).tolist()",
        lambda a, _: a.max(axis=1).clip(max=1).astype(float).round(6).tolist(),
    ),
    "highest probability of maps": (
        "[round(min(1.0, max(each.values())), 6) for each in {}]",
        lambda a, _: [round(min(1.0, max(each.values())), 6) for each in a],
    ),
    "probabilities": (
        "{}.clip(0, 1).astype(float).round(6).tolist()",
        lambda a, _: a.clip(0, 1).astype(float).round(6).tolist(),
    ),
    "named": ("[LABELS[i] for i in {}.tolist()]", lambda a, n: [n[i] for i in a.tolist()]),
    "named highest": (
        "[LABELS[i] for i in {}.argmax(axis=1).tolist()]",
        lambda a, n: [n[i] for i in a.argmax(axis=1).tolist()],
    ),
    "named above half": (
        "[LABELS[i] for i in ({} > 0.5).astype(int).tolist()]",
        lambda a, n: [n[i] for i in (a > 0.5).astype(int).tolist()],
    ),
}


@dataclass(frozen=True)
class Answer:
    """A field of Prediction: its name, its type as text, and the way from a variable to it."""

    name: str
    annotation: str
    variable: str
    way: str

    @property
    def expression(self) -> str:
        """The values of this field, one a row, as the predictor makes them."""
        return WAYS[self.way][0].format(self.variable)


@dataclass(frozen=True)
class Meaning:
    """What the fields of Prediction are, beside the labels that the model knows.

    mapped: whether the labels are named by their index, in `LABELS`.
    guesses: why each is what it is.
    """

    answers: list[Answer]
    labels: list[Any] = field(default_factory=list)
    mapped: bool = False
    guesses: list[str] = field(default_factory=list)

    def of(self, answers: Answers) -> list[dict[str, Any]]:
        """The predictions that these answers of the model lead to, as the predictor makes them."""
        columns = [WAYS[a.way][1](answers[a.variable], self.labels) for a in self.answers]
        names = [each.name for each in self.answers]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
