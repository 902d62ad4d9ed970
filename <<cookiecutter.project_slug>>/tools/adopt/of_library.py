"""A model that its own library reads: exported to ONNX where that answers alike, else kept."""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tools.adopt import inputs, onnx_file, onnx_model, pickled, served
from tools.adopt.adopted import Adopted
from tools.adopt.answers import Answers, meaning
from tools.adopt.columns import columns_of
from tools.adopt.environment import Environment, Unreadable
from tools.adopt.inputs import Table, Wanted
from tools.adopt.onnx_model import Model, Unusable
from tools.adopt.sample import Sample
from tools.model import file_sha256
from tools.refused import Refused

# The version of scikit-learn in a file of skops'.
VERSION = re.compile(r'"_sklearn_version": \{[^{}]*?"content": "\W*([\d.]+)', re.DOTALL)
# How near numbers of an exported model must be: relative, absolute.
NEAR, NEARLY = 1e-4, 1e-6


@dataclass(frozen=True)
class Source:
    """A model's file and what reads it.

    kind: pickle, skops, xgboost or lightgbm. requirements: what its environment has.
    """

    path: Path
    file: str
    kind: str
    requirements: Sequence[str]
    facts: Sequence[str] = ()
    root: str | None = None
    trusted: Sequence[str] = ()


def pickle(path: Path, file: str, trust: str, root: Path) -> Source:
    """A pickle that its owner trusts.

    Raises:
        Refused: it isn't trusted yet; the text says what it would import.
    """
    found = pickled.read(path)
    digest = file_sha256(path)
    wrote = f"scikit-learn {found.versions[-1]}" if found.versions else "a version it doesn't name"
    if trust != digest:
        raise Refused(
            "\n".join(
                [
                    f"MODEL={path} is a pickle: whoever reads it runs what it says, on this"
                    " machine. It would import:",
                    *pickled.shown(found),
                    f"It was written by {wrote}. If you trust whoever made this file, say so by"
                    f" TRUST={digest}",
                ]
            )
        )
    own = any(each.startswith(("model.", "serving.")) for each in found.strangers)
    return Source(
        path,
        file,
        "pickle",
        _requirements(found),
        [f"pickled by {wrote}"],
        str(root) if own else None,
    )


def skops(path: Path, file: str, trust: str, folder: Path) -> Source:
    """A file of skops', whose types that skops doesn't know must be trusted.

    Raises:
        Refused: they aren't yet; the text names them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            schema = archive.read("schema.json").decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        raise Refused(f"MODEL={path} is no file of skops': it is no zip with a schema.") from None
    versions = VERSION.findall(schema)
    needs = _requirements(pickled.Pickle(["sklearn"], sorted({*versions})))
    source = Source(path, file, "skops", [*needs, "skops"], ["written by skops"])
    environment = Environment(folder / "types", source.requirements)
    unknown = environment.types(path)
    digest = file_sha256(path)
    if unknown and trust != digest:
        raise Refused(
            f"MODEL={path} would make types that skops doesn't know: {', '.join(unknown)}. If you"
            f" trust whoever made this file, say so by TRUST={digest}"
        )
    return replace(source, trusted=unknown)


def _requirements(found: pickled.Pickle) -> list[str]:
    version = max(found.versions, key=_parts, default=None)
    packages = {*found.packages, "joblib", "numpy", "pandas"} - {"scikit-learn"}
    if version:
        packages.add(f"scikit-learn=={version}")
        # The first with wheels for NumPy 2.
        packages |= {"numpy<2"} if _parts(version) < [1, 4, 2] else set()
    return sorted({*packages, "skl2onnx", "onnx", "msgspec"} | _boosted(packages))


def _boosted(packages: set[str]) -> set[str]:
    return (
        {"onnxmltools", "packaging", "scikit-learn"}
        if packages & {"xgboost-cpu", "lightgbm"}
        else set()
    )


def _parts(version: str) -> list[int]:
    numbers = [each for each in version.split(".")[:3] if each.isdigit()]
    return [int(each) for each in numbers]


def booster(path: Path, file: str, kind: str) -> Source:
    """A model in a format of XGBoost's or LightGBM's own, which nothing is run by."""
    package = {"xgboost": "xgboost-cpu", "lightgbm": "lightgbm"}[kind]
    needs = [
        package,
        "numpy",
        "scikit-learn",
        "onnx",
        "onnxmltools",
        "packaging",
        "skl2onnx",
        "msgspec",
    ]
    return Source(path, file, kind, needs)


def adopt(
    source: Source, sample: Sample | None, named: Sequence[str], first: bool, folder: Path
) -> Adopted:
    """The model, as ONNX where that answers alike. folder: where its environment is made.

    Raises:
        Refused: it can't be read, or something doesn't fit; the text says what to do.
    """
    environment = Environment(folder, source.requirements)
    given = {
        "model": str(source.path.resolve()),
        "kind": source.kind,
        "root": source.root,
        "trusted": [*source.trusted],
    }
    try:
        environment.run("describe", given)
        described = json.loads((environment.folder / "described.json").read_text("utf-8"))
        form, table = _table(described, sample)
        table = replace(table, first=first)
        tried = table.tried()
        environment.run("answer", given | _question(form, table, described, tried))
    except Unreadable as error:
        if not (error.missing or "Can't get attribute" in str(error)):
            why = f"MODEL={source.path} can't be read by its library: {error}."
            raise Refused(why) from None
        return _left(source, sample, first, f"{error}", environment)
    found = Found(source, described, form, table, tried, environment)
    try:
        return found.exported(named)
    except Unusable as why:
        return found.kept(named, str(why))


def _left(
    source: Source, sample: Sample | None, first: bool, why: str, environment: Environment
) -> Adopted:
    """What the sample alone tells, where the model needs a class that isn't here."""
    if sample is None:
        raise Refused(
            f"MODEL={source.path} can't be read: {why}. Put the module into model/, or give SAMPLE,"
            " and everything but the prediction will be written."
        )
    table = Table(columns_of(sample.columns), sample.rows, [], first)
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


def _table(described: Mapping[str, Any], sample: Sample | None) -> tuple[str, Table]:
    """The form in which the model takes its input, and the columns."""
    if described["texts"]:
        return "texts", inputs.matched([Wanted("text", "text")], sample)
    boosts = described["what"].startswith(("XGBoost", "LightGBM"))
    if described["names"]:
        known = described["categories"]
        form = "matrix" if boosts else "table"
        wanted = [_wanted(n, known.get(n), sample is None or boosts) for n in described["names"]]
        return form, inputs.matched(wanted, sample)
    width = described["width"] or (len(sample.columns) if sample else None)
    if width is None:
        raise Refused("How many columns the model takes stands nowhere in it: give SAMPLE.")
    if sample is None:
        found = inputs.matched([Wanted(f"x{i}", "float") for i in range(width)], None)
        told = "the names x0, x1 …: the model has none, and a sample would give them"
        return "matrix", replace(found, guesses=[told])
    return "matrix", inputs.in_order([Wanted("")] * width, sample)


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


@dataclass(frozen=True)
class Found:
    """A model that its library has read, and what it answered."""

    source: Source
    described: Mapping[str, Any]
    form: str
    table: Table
    tried: Sequence[Sequence[Any]]
    environment: Environment

    @property
    def variables(self) -> list[str]:
        """What the answers' arrays are called."""
        return {
            ("predict", "predict_proba"): ["labels", "probabilities"],
            ("predict", "decision_function"): ["labels", "scores"],
            ("binary",): ["labels", "probabilities"],
            ("many",): ["labels", "probabilities"],
        }.get(tuple(self.described["calls"]), ["outputs"])

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What the library answered."""
        with np.load(self.environment.folder / "answers.npz") as arrays:
            return {name: arrays[str(i)] for i, name in enumerate(self.variables)}

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the reader says beside that."""
        return json.loads((self.environment.folder / "answered.json").read_text("utf-8"))

    def exported(self, named: Sequence[str]) -> Adopted:
        """The model as ONNX.

        Raises:
            Unusable: there is none, or it answers otherwise.
        """
        path = self.environment.folder / "model.onnx"
        if not path.exists():
            raise Unusable(f"it can't be exported to ONNX ({self.told['why']})")
        graph = onnx_file.read(path)
        if "StringNormalizer" in graph.operators:
            raise Unusable("as ONNX it needs the locale en_US.UTF-8, which no image has")
        columns = [replace(each, single=True) for each in self.table.columns]
        feeds = onnx_model.feeds(graph, columns)
        names = [each.name for each in graph.outputs][: len(self.variables)]
        model = Model(path, names)
        alone = not onnx_model.independent(model, feeds, self.tried)
        arrays = model.answers(feeds, self.tried, alone)
        own = dict(zip(self.variables, arrays.values(), strict=True))
        if not alike(own, self.answers):
            raise Unusable("as ONNX it answers otherwise")
        outputs = [*zip(self.variables, names, strict=True)]
        every = len(outputs) == len(graph.outputs)
        how = replace(served.onnx("model.onnx", feeds, outputs, every), alone=alone)
        told = f"served as ONNX: {len(self.tried):,} rows, 1,000 of them random, are answered alike"
        found = self._adopted(how, own, named, [told])
        files = {"model/model.onnx": path.read_bytes()}
        return replace(found, files=files, exact=False, table=replace(self.table, columns=columns))

    def kept(self, named: Sequence[str], why: str) -> Adopted:
        """The model, served by its own library, since `why`."""
        if not self.environment.served:
            raise Refused(
                f"MODEL={self.source.path} needs {', '.join(self.source.requirements)}, which has"
                f" no wheels for the Python of .python-version, and {why}. Write the model anew"
                " with a newer version."
            )
        source, columns = self.source, self.table.columns
        calls = self.described["calls"]
        how = served.library(source.kind, source.file, self.form, columns, calls)
        if source.kind == "skops":
            how = replace(how, constants=[*how.constants, f"TRUSTED = {[*source.trusted]}"])
        own = {*how.dependencies, *({"xgboost-cpu", "lightgbm"} & {*source.requirements})}
        needs = [self.environment.requirement(each) for each in sorted(own)]
        how = replace(how, alone=not self.told["independent"], dependencies=needs)
        found = self._adopted(how, self.answers, named, [f"served by its own library: {why}"])
        environment = self.environment
        return replace(found, python=environment.python, libraries=environment.size())

    def _adopted(
        self, how: served.Served, answers: Answers, named: Sequence[str], why: Sequence[str]
    ) -> Adopted:
        classes = self.described["classes"] or []
        several = any(isinstance(each, list) for each in classes)
        task = "other" if several else self.described["task"]
        found = meaning(answers, [] if several else classes, task, named)
        guesses = [*self.table.guesses, *found.guesses, *why]
        if how.alone:
            guesses.append("each row is predicted alone: in a batch it gets another answer")
        return Adopted(
            kind=self.described["what"],
            facts=[*self.source.facts],
            table=self.table,
            meaning=found,
            served=how,
            answers=answers,
            expected=self.answers,
            tried=self.tried,
            files={f"model/{self.source.file}": self.source.path},
            guesses=guesses,
        )


def alike(one: Answers, other: Answers) -> bool:
    """Whether labels are equal and numbers as good as that."""
    for name, array in one.items():
        a, b = np.ravel(array), np.ravel(other[name])
        if len(a) != len(b):
            return False
        if b.dtype.kind == "f" and a.dtype.kind == "f":
            if not np.allclose(a, b, rtol=NEAR, atol=NEARLY, equal_nan=True):
                return False
        elif not np.array_equal(a.astype(b.dtype), b):
            return False
    return True
