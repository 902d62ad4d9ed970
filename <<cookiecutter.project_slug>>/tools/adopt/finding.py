"""From what MODEL names to what is known of it, by the kind of the model."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tools.adopt import of_function, of_library, of_mlflow, of_onnx, onnx_file, project, source
from tools.adopt import sample as samples
from tools.adopt.adopted import Adopted
from tools.adopt.given import Given
from tools.model import FOLDER
from tools.refused import Refused

# By the ends of files' names.
KINDS = {
    ".onnx": "onnx",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "pickle",
    ".skops": "skops",
    ".ubj": "xgboost",
    ".json": "xgboost",
    ".txt": "lightgbm",
}
ENDS = {kind: end for end, kind in reversed(KINDS.items())}


def find(model: str, trust: str, given: Given, folder: Path) -> Adopted:
    """What is known of the model. folder: where environments are made.

    Raises:
        Refused: it is none that is known; the text says what to do.
    """
    path, kind, facts = Path(model), KINDS.get(Path(model).suffix.lower()), []
    if not path.exists() and ":" in model:
        return of_function.adopt(model, given)
    if not path.exists():
        raise Refused(f"MODEL={path} is not there: name a file, a folder, or a function.")
    if path.is_dir():
        found = of_mlflow.read(path)
        path, kind, facts = found.path, found.kind, found.facts()
        example = samples.read(found.example) if found.example else None
        sample = given.sample or example
        given = replace(given, sample=sample, signature=found.signature, saved=found.saved)
    if kind is None:
        raise Refused(f"MODEL={path} is of no kind that is known: {', '.join(KINDS)}.")
    adopted = _adopted(path, kind, trust, given, folder)
    return replace(adopted, facts=[*facts, *adopted.facts])


def _adopted(path: Path, kind: str, trust: str, given: Given, folder: Path) -> Adopted:
    files = places(path, kind, onnx_file.beside(path) if kind == "onnx" else [])
    if problem := project.large(files):
        raise Refused(problem)
    if kind == "onnx":
        return of_onnx.adopt(path, files, given)
    (file,) = files
    if kind == "pickle":
        read_by = source.pickle(path, file, trust, given.saved)
    elif kind == "skops":
        read_by = source.skops(path, file, trust, folder, given.saved)
    else:
        read_by = source.booster(path, file, kind)
    return of_library.adopt(read_by, given, folder)


def places(path: Path, kind: str, beside: Sequence[str]) -> dict[str, Path]:
    """A model's files by their paths below `model/`, itself first.

    They are where they are already; one file by the name that all models have, and several in a
    folder, since the first knows the others by their names.
    """
    whole = path.resolve()
    if FOLDER.resolve() in whole.parents:
        own = whole.relative_to(FOLDER.resolve())
    elif beside:
        name = path.stem if path.stem != "model" else whole.parent.name
        own = Path(re.sub(r"\W+", "_", name), path.name)
    else:
        end = path.suffix.lower()
        own = Path(f"model{end if end in KINDS else ENDS[kind]}")
    others = {own.parent.joinpath(each).as_posix(): path.parent / each for each in beside}
    return {own.as_posix(): path} | others
