"""A model that its library has read: as ONNX where that answers alike, else kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from tools.adopt import onnx_file, onnx_model, served
from tools.adopt.adopted import Adopted
from tools.adopt.answers import meaning
from tools.adopt.environment import Environment
from tools.adopt.onnx_model import Model, Unusable
from tools.adopt.source import Source
from tools.adopt.table import Table
from tools.adopt.ways import Answers
from tools.refused import Refused

# How near numbers of an exported model must be: relative, absolute.
NEAR, NEARLY = 1e-4, 1e-6


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
            ("number",): ["labels"],
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
        if len(names) < len(self.variables):
            raise Unusable("as ONNX it answers with less")
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
        own = {*how.dependencies, *source.libraries}
        needs = [self.environment.requirement(each) for each in sorted(own)]
        how = replace(how, alone=not self.told["independent"], dependencies=needs)
        found = self._adopted(how, self.answers, named, [f"served by its own library: {why}"])
        size = self.environment.size(source.libraries)
        return replace(found, python=self.environment.python, libraries=size)

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
