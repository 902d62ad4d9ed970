"""A model of scikit-learn's, XGBoost's or LightGBM's: what it takes, and what it answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tools.adopt import inputs, served
from tools.adopt.adopted import Adopted
from tools.adopt.answers import meaning
from tools.adopt.columns import columns_of
from tools.adopt.environment import Environment, Unreadable
from tools.adopt.found import Found
from tools.adopt.given import Given
from tools.adopt.inputs import Wanted
from tools.adopt.onnx_model import Unusable
from tools.adopt.source import Source
from tools.adopt.table import Table
from tools.refused import Refused

# What boosters are trained on, and know by number alone.
CATEGORIES = (
    "If it was trained on pandas' categories, write a function that makes these, and name that."
)


def adopt(source: Source, given: Given, folder: Path) -> Adopted:
    """The model, as ONNX where that answers alike. folder: where its environment is made.

    Raises:
        Refused: it can't be read, or something doesn't fit; the text says what to do.
    """
    environment = Environment(folder, source.requirements)
    asked = {
        "model": str(source.path.resolve()),
        "kind": source.kind,
        "root": source.root,
        "trusted": [*source.trusted],
    }
    fails = "can't be read by its library"
    try:
        environment.run("describe", asked)
        described = json.loads((environment.folder / "described.json").read_text("utf-8"))
        form, table = _table(described, given)
        table = replace(table, first=given.first)
        tried = table.tried()
        fails = "fails on rows of the sample, or like these" if given.sample else "needs SAMPLE"
        environment.run("answer", asked | _question(form, table, described, tried))
    except Unreadable as error:
        if not (error.missing or "Can't get attribute" in str(error)):
            hint = f" {CATEGORIES}" if "categor" in str(error) else ""
            raise Refused(f"MODEL={source.path} {fails}: {error}.{hint}") from None
        return _left(source, given, f"{error}", environment)
    found = Found(source, described, form, table, tried, environment)
    try:
        return found.exported(given.labels)
    except Unusable as why:
        return found.kept(given.labels, str(why))


def _left(source: Source, given: Given, why: str, environment: Environment) -> Adopted:
    """What the sample alone tells, where the model needs a class that isn't here."""
    sample = given.sample
    if sample is None:
        raise Refused(
            f"MODEL={source.path} can't be read: {why}. Put the module into model/, or give SAMPLE,"
            " and everything but the prediction will be written."
        )
    table = Table(columns_of(sample.columns), sample.rows, [], given.first)
    blank = {"outputs": np.zeros(1)}
    how = served.library(source.kind, source.file, "matrix", table.columns, ["predict"])
    needs = [environment.requirement(each) for each in how.dependencies]
    left = f"The model can't be read here ({why}): load it by `self.path`, and predict."
    return Adopted(
        kind="a pickle with a class of its own",
        facts=[*source.facts],
        table=table,
        meaning=meaning(blank, [], "regressor", []),
        served=replace(how, load="self.path = path", left=left, dependencies=needs),
        answers=blank,
        expected=blank,
        tried=table.tried(),
        files={f"model/{source.file}": source.path},
        guesses=["value: one number a row, since nothing tells what the model answers"],
        left=left,
    )


def _table(described: Mapping[str, Any], given: Given) -> tuple[str, Table]:
    """The form in which the model takes its input, and the columns."""
    sample, signature = given.sample, given.signature
    if described["texts"]:
        return "texts", inputs.matched([Wanted("text", "text")], sample)
    boosts = described["what"].startswith(("XGBoost", "LightGBM"))
    if described["names"]:
        known = described["categories"]
        form = "matrix" if boosts else "table"
        sure = boosts or not (sample or signature)
        held = sample.columns if sample and boosts else {}
        if texts := [n for n in described["names"] if {*map(type, held.get(n, ()))} == {str}]:
            raise Refused(
                f"The column {texts[0]!r} holds text, and the model takes numbers. {CATEGORIES}"
            )
        wanted = [_wanted(n, known.get(n), sure) for n in described["names"]]
        found = inputs.matched(inputs.signed(wanted, signature), sample)
        told = "numbers: no sample, and no category of the model's, tells that a column is none"
        guesses = [told] if sure and not boosts else found.guesses
        return form, replace(found, guesses=guesses)
    width = described["width"] or len(signature) or (len(sample.columns) if sample else None)
    if width is None:
        raise Refused("How many columns the model takes stands nowhere in it: give SAMPLE.")
    wanted = inputs.signed([Wanted("")] * width, signature)
    if wanted[0].name:
        return "matrix", inputs.matched(wanted, sample)
    if sample is None:
        found = inputs.matched([Wanted(f"x{i}", "float") for i in range(width)], None)
        told = "the names x0, x1 …: the model has none, and a sample would give them"
        return "matrix", replace(found, guesses=[told])
    return "matrix", inputs.in_order(wanted, sample)


def _wanted(name: str, known: list[Any] | None, sure: bool) -> Wanted:
    """A column by its name; `sure`: that it is a number, where no categories tell otherwise."""
    texts = bool(known) and all(isinstance(each, str) for each in known or ())
    kind = "text" if texts else "float" if sure and not known else None
    return Wanted(name, kind, choices=tuple(known or ()))


def _question(
    form: str, table: Table, described: Mapping[str, Any], tried: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    names = [each.name for each in table.columns]
    if form == "matrix" and (texts := [c.name for c in table.columns if c.kind == "text"]):
        raise Refused(f"The column {texts[0]!r} holds text, and the model takes numbers: omit it.")
    types = {each.name: served.pandas_type(each) for each in table.columns}
    rows = [[*row] for row in tried]
    return {
        "rows": rows,
        "names": names,
        "types": types,
        "form": form,
        "calls": described["calls"],
    }
