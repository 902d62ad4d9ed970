"""What the answers of a model mean, and so what the fields of a Prediction are."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tools.adopt.columns import attributes
from tools.adopt.ways import Answer, Answers, Meaning
from tools.refused import Refused

# How far sums of 32 bits may be from what they would be.
NEAR = 1e-4
PROBABILITY = "Annotated[float, Meta(ge=0, le=1, description={!r})]"


def meaning(answers: Answers, labels: Sequence[Any], task: str, named: Sequence[Any]) -> Meaning:
    """What these answers mean.

    labels: what the model says that its labels are. named: what LABELS says.
    task: what its library says that it does: classifier, outlier, regressor, ranker or nothing.

    Raises:
        Refused: LABELS has another length than the model has labels.
    """
    if task == "outlier":
        return _outlier(answers)
    (first, value), *rest = answers.items()
    if task == "classifier" and value.ndim == 1 and value.dtype.kind in "biUOS":
        return _classified(first, value, rest, labels, named)
    wide = task != "regressor" and len(answers) == 1 and value.ndim == 2 and value.shape[1] > 1
    if wide and (named or labels or _probable(value)):
        return _scored(first, value, named or labels)
    if named:
        return _named(answers, named)
    return _plain(answers, task)


def _outlier(answers: Answers) -> Meaning:
    label, score = answers
    told = "Below 0 is an anomaly; the lower, the stranger."
    return Meaning(
        [
            Answer("anomaly", "bool", label, "outliers"),
            Answer("score", f"Annotated[float, Meta(description={told!r})]", score, "flat numbers"),
        ],
        guesses=["anomaly: the model answers -1 where a row is one"],
    )


def _classified(
    first: str, value: Any, rest: list[tuple[str, Any]], labels: Sequence[Any], named: Sequence[Any]
) -> Meaning:
    known = [*labels] or sorted({*value.tolist()})
    guesses = [] if labels else ["label: the labels are those that the rows had as an answer"]
    mapped = bool(named)
    if named:
        _same_length(known if labels else named, named)
        if value.dtype.kind not in "iu" or known != [*range(len(known))]:
            raise Refused("LABELS names labels by their index, and this model's own are no index.")
        known = [*named]
    way = "named" if mapped else "truths" if _truths(known) else "items"
    found = [Answer("label", literal(known), first, way)]
    told = "Probability of that label, to 6 decimals."
    for variable, scores in rest[:1]:
        maps = isinstance(scores, list)
        table = np.array([[*each.values()] for each in scores]) if maps else scores
        if table.ndim == 2 and _probable(table):
            way = "highest probability of maps" if maps else "highest probability"
            found.append(Answer("probability", PROBABILITY.format(told), variable, way))
        else:
            guesses.append("its scores are left out: a row's are not 0 to 1, or don't add up to 1")
    return Meaning(found, known, mapped, guesses)


def _truths(known: Sequence[Any]) -> bool:
    return all(isinstance(each, bool) for each in known)


def _scored(first: str, value: Any, named: Sequence[Any]) -> Meaning:
    """A score per label: the label is that of the highest."""
    _same_length(range(value.shape[1]), named or range(value.shape[1]))
    known, way = [*named], "named highest"
    if not named:
        known = [*range(value.shape[1])]
    told = "Score of that label, to 6 decimals."
    guesses = [f"label: the highest of {value.shape[1]} scores"]
    type_ = f"Annotated[float, Meta(description={told!r})]"
    name, highest = "score", "highest"
    if _probable(value):
        name, highest = "probability", "highest probability"
        type_ = PROBABILITY.format("Probability of that label, to 6 decimals.")
        guesses.append("probability: each row's scores are 0 to 1 and add up to 1")
    answers = [
        Answer("label", literal(known), first, way),
        Answer(name, type_, first, highest),
    ]
    return Meaning(answers, known, True, guesses)


def _named(answers: Answers, named: Sequence[Any]) -> Meaning:
    (first, value), *_ = answers.items()
    if value.dtype.kind in "iu" and value.ndim == 1:
        _same_length(range(max(int(value.max()) + 1, len(named))), named)
        return Meaning([Answer("label", literal(named), first, "named")], [*named], True)
    if value.ndim == 1 and value.dtype.kind == "f" and len(named) == 2 and _inside(value):
        told = f"Probability of {named[1]!r}, to 6 decimals."
        return Meaning(
            [
                Answer("label", literal(named), first, "named above half"),
                Answer("probability", PROBABILITY.format(told), first, "probabilities"),
            ],
            [*named],
            True,
        )
    raise Refused(
        f"LABELS names {len(named)} labels, and this model's answer is no one label: omit it."
    )


def _plain(answers: Answers, task: str) -> Meaning:
    """A field per output: a number, a truth, a text, or a list of them."""
    names = attributes(each.removesuffix("_rows") for each in answers)
    if len(names) == 1:
        names = ["score" if task == "ranker" else "value"]
    found: list[Answer] = []
    for name, (variable, value) in zip(names, answers.items(), strict=True):
        if isinstance(value, list):
            raise Refused(f"The output {variable!r} is no tensor, and this model has no labels.")
        flat = value.ndim == 1 or (value.ndim == 2 and value.shape[1] == 1)
        kind = {"f": "float", "i": "int", "u": "int", "b": "bool"}.get(value.dtype.kind, "str")
        if value.ndim == 0:
            raise Refused(f"The output {variable!r} is one value for all rows, and no answer each.")
        if name == "value" and not flat:
            name = "values"
        way = "numbers" if kind == "float" else "items"
        if value.ndim == 2 and flat:
            way = "flat numbers" if kind == "float" else "flat"
        type_ = _type(kind, () if flat else value.shape[1:], task)
        found.append(Answer(name, type_, variable, way))
    return Meaning(found)


def _type(kind: str, shape: Sequence[int], task: str) -> str:
    told = {"ranker": "The higher, the better."}.get(task, "To 6 decimals.")
    text = kind
    for size in reversed(shape):
        text = f"Annotated[list[{text}], Meta(min_length={size}, max_length={size})]"
    if kind == "float" and not shape:
        return f"Annotated[float, Meta(description={told!r})]"
    return text


def literal(values: Sequence[Any]) -> str:
    """The type of these values; that of their type where a contract can't name them one by one."""
    if all(isinstance(each, str) for each in values):
        return f"Literal[{', '.join(map(repr, values))}]"
    if all(isinstance(each, bool) for each in values):
        return "bool"
    if all(isinstance(each, int) for each in values):
        return f"Literal[{', '.join(map(str, values))}]"
    return "float"


def _probable(scores: Any) -> bool:
    """Whether the scores of each row are probabilities."""
    if scores.dtype.kind not in "iuf":
        return False
    return _inside(scores) and np.allclose(scores.sum(axis=1), 1, atol=NEAR)


def _inside(scores: Any) -> bool:
    return bool(scores.min() >= -NEAR and scores.max() <= 1 + NEAR)


def _same_length(known: Sequence[Any], named: Sequence[Any]) -> None:
    if len(known) != len(named):
        raise Refused(
            f"LABELS names {len(named)} labels, and the model has {len(known)}: name each, in its"
            " order."
        )


def variable(name: str) -> str:
    """A name for an output's array in the predictor."""
    return f"{attributes([re.sub(r'^output_', '', name)])[0]}_rows"
