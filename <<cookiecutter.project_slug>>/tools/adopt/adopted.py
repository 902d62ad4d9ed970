"""What `make adopt` has found out of a model, whatever its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.adopt.served import Served
from tools.adopt.table import Table
from tools.adopt.ways import Answers, Meaning


@dataclass(frozen=True)
class Adopted:
    """A model, ready to be written.

    answers: those of what is served to `tried`; expected: those of the model's own library.
    python: what its predictor runs in.
    files: what is copied to the project, by the path there. exact: whether nothing was exported.
    left: what of the predictor is left to write, and why; "" where nothing is.
    """

    kind: str
    facts: list[str]
    table: Table
    meaning: Meaning
    served: Served
    answers: Answers
    expected: Answers
    tried: Sequence[Sequence[Any]]
    files: Mapping[str, Path | bytes]
    guesses: list[str] = field(default_factory=list)
    python: Path | None = None
    libraries: int | None = None
    exact: bool = True
    left: str = ""
