"""The way from a file to a project that serves it: read, show, ask, write."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.adopt import (
    contract_text,
    of_function,
    of_library,
    of_mlflow,
    of_onnx,
    plan,
    predictor_text,
    project,
    readme_text,
    test_text,
    trial,
    writing,
)
from tools.adopt import sample as samples
from tools.adopt.adopted import Adopted
from tools.adopt.sample import Sample
from tools.model import FOLDER, file_sha256
from tools.refused import Refused

ROOT = FOLDER.parent
# How many rows the predictor is tried on before it is written.
TRIED = 200
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
# What the sample model leaves behind.
TRAINING = ("model/train.py", "tests/test_train.py")
CONTRACT, PREDICTOR, TEST = "serving/contract.py", "serving/predictor.py", "tests/test_predictor.py"


@dataclass(frozen=True)
class Options:
    """What `make adopt` was given."""

    model: str
    sample: str = ""
    labels: str = ""
    example: str = ""
    trust: str = ""
    yes: bool = False


def adopt(options: Options) -> bool | None:
    """Whether all of it is written, or a function is left to write; None: nobody confirmed it.

    Raises:
        Refused: nothing was changed; the text says why, and what to do.
    """
    if not options.model:
        raise Refused("MODEL is missing: name a file, such as `make adopt MODEL=churn.onnx`.")
    if options.example not in ("", "row"):
        raise Refused(f"EXAMPLE={options.example} is unknown: write EXAMPLE=row, or leave it out.")
    if options.example and not options.sample:
        raise Refused("EXAMPLE=row takes the first row of a sample: name it by SAMPLE.")
    api_version = project.api_version()
    sample = samples.read(Path(options.sample)) if options.sample else None
    with tempfile.TemporaryDirectory() as folder:
        adopted = _adopted(options, sample, Path(folder))
        return _settle(adopted, options, sample, api_version)


def _settle(
    adopted: Adopted, options: Options, sample: Sample | None, api_version: str
) -> bool | None:
    """Try what would be written, show it, ask, and write it."""
    texts, deleted = _changes(adopted)
    if not adopted.left:
        trial.check(adopted, texts, TRIED)
    answer = adopted.meaning.of(adopted.answers)[0]
    writes = [*texts, *adopted.files]
    kept = _kept(writes, deleted)
    for line in plan.lines(adopted, sample, answer, writes, deleted, api_version):
        print(line)
    if kept:
        print(f"Git doesn't hold {', '.join(kept)}: copied to .adopt/ first")
    if not _confirmed(options.yes):
        return None
    _write(texts, adopted, deleted, kept, api_version)
    return not adopted.left


def _adopted(options: Options, sample: Sample | None, folder: Path) -> Adopted:
    named, first = _labels(options.labels), bool(options.example)
    if not Path(options.model).exists() and ":" in options.model:
        return of_function.adopt(options.model, sample, first)
    path, kind = Path(options.model), KINDS.get(Path(options.model).suffix.lower())
    if not path.exists():
        raise Refused(f"MODEL={path} is not there: name a file, a folder, or a function.")
    if path.is_dir():
        found = of_mlflow.read(path)
        path, kind = found.path, found.kind
        sample = sample or (samples.read(found.example) if found.example else None)
    if kind is None:
        raise Refused(f"MODEL={path} is of no kind that is known: {', '.join(KINDS)}.")
    file = file_of(path, kind)
    _small(path, file)
    if kind == "onnx":
        return of_onnx.adopt(path, file, sample, named, first)
    if kind == "pickle":
        source = of_library.pickle(path, file, options.trust, ROOT)
    elif kind == "skops":
        source = of_library.skops(path, file, options.trust, folder)
    else:
        source = of_library.booster(path, file, kind)
    return of_library.adopt(source, sample, named, first, folder)


def _small(path: Path, file: str) -> None:
    """Refuse what is too large for Git."""
    if problem := project.large(path, file_sha256(path), file):
        raise Refused(problem)


def file_of(path: Path, kind: str) -> str:
    """Where a model stands below `model/`: where it is, or by the name that all models have."""
    inside = path.resolve()
    if FOLDER.resolve() in inside.parents:
        return inside.relative_to(FOLDER.resolve()).as_posix()
    return f"model{path.suffix.lower() if path.suffix.lower() in KINDS else ENDS[kind]}"


def _labels(name: str) -> list[str]:
    """The labels that a file names, in the order in which the model numbers them."""
    if not name:
        return []
    path = Path(name)
    try:
        text = path.read_text("utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else text.splitlines()
    except (OSError, ValueError) as error:
        raise Refused(f"LABELS={name} can't be read: {error}") from None
    if isinstance(found, dict):
        found = _in_config(found)
    labels = [each.strip() for each in found if isinstance(each, str) and each.strip()]
    if not labels or len(labels) < len(found):
        raise Refused(f"LABELS={name} is no list of texts: write one label a line.")
    if len({*labels}) < len(labels):
        raise Refused(f"LABELS={name} names a label twice: each is one answer.")
    return labels


def _in_config(found: dict[str, Any]) -> list[Any]:
    """The labels in an object: by their numbers, or the one list of texts that it holds."""
    found = found.get("id2label", found)  # of Hugging Face's
    lists = [v for v in found.values() if isinstance(v, list) and {*map(type, v)} == {str}]
    return lists[0] if len(lists) == 1 else [found.get(str(i)) for i in range(len(found))]


def _changes(adopted: Adopted) -> tuple[dict[str, str], list[str]]:
    """The texts of the files that change, and the files that go."""
    given = adopted.table.example()
    answer = adopted.meaning.of(adopted.answers)[0]
    columns = adopted.table.columns
    predictions = adopted.meaning.of(adopted.answers)[-100:]
    differ = len({repr(each) for each in predictions}) > 1
    fast = adopted.served.library == "ONNX Runtime"
    texts = {
        CONTRACT: contract_text.contract(columns, given, adopted.meaning, answer),
        PREDICTOR: predictor_text.predictor(adopted.served, adopted.meaning),
        TEST: test_text.test_file(columns, fast, differ or bool(adopted.left)),
    }
    told = f"This project serves a model ({adopted.kind}). Describe it here."
    others = {
        "README.md": readme_text.readme(_text("README.md"), columns, given, answer, told),
        "pyproject.toml": project.pyproject(_text("pyproject.toml"), adopted.served.dependencies),
        ".gitignore": _unignored(_text(".gitignore"), adopted.files),
    }
    texts |= {k: v for k, v in others.items() if v is not None and v != _text(k)}
    return texts, _stale(adopted)


def _text(name: str) -> str:
    path = ROOT / name
    return path.read_text("utf-8") if path.exists() else ""


def _unignored(text: str, files: Mapping[str, Any]) -> str:
    """.gitignore without the lines that are the model's own paths."""
    own = {"model/model.onnx", *files}
    if (FOLDER / "SOURCE").exists():
        own = set()
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() not in own)


def _stale(adopted: Adopted) -> list[str]:
    """The files of the model that was here before: its training, and `model/model.*`."""
    before = [path.relative_to(ROOT).as_posix() for path in sorted(FOLDER.glob("model.*"))]
    found = [each for each in (*TRAINING, *before) if (ROOT / each).exists()]
    return [each for each in found if each not in adopted.files]


def _kept(writes: Sequence[str], deleted: Sequence[str]) -> list[str]:
    """What is copied to `.adopt/` first, since Git doesn't hold it.

    Raises:
        Refused: Git holds another text of a file than the one that would be lost.
    """
    there = [each for each in (*writes, *deleted) if (ROOT / each).is_file()]
    changed = project.uncommitted(there)
    if changed is None:
        return there
    if changed:
        raise Refused(
            f"{', '.join(changed)}: these have changes that are not committed, and would be"
            " written. Commit or stash them, and run `make adopt` again."
        )
    return project.unheld(there)


def _confirmed(yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        print("Nothing was written: there is no terminal to ask on. YES=1 writes what this shows.")
        return False
    try:
        return input("Write this? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _write(
    texts: Mapping[str, str],
    adopted: Adopted,
    deleted: Sequence[str],
    kept: Sequence[str],
    api_version: str,
) -> None:
    """Write all, lock what changed, and make the contract; or leave the project as it was."""
    contract = f"contracts/{api_version}.json"
    locks = ["requirements/dev.txt", "requirements/runtime.txt", "requirements/uv.txt"]
    goals = ["lock", "setup"] if "pyproject.toml" in texts else []
    writing.keep(kept)
    try:
        with writing.restored([*texts, *adopted.files, *deleted, contract, *locks]):
            writing.write({**texts, **adopted.files}, deleted)
            for goal in [*goals, "contract"]:
                print(f"make {goal} …", flush=True)
                _make(goal)
    except BaseException:
        if goals:  # the libraries too are those of before
            with contextlib.suppress(Refused):
                _make("setup")
        raise
    print("Next: make test lint, make serve")


def _make(goal: str) -> None:
    """Run a goal of the Makefile, without what this `make` was given.

    Raises:
        Refused: it failed.
    """
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    said = subprocess.run(
        ["make", goal],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if said.returncode:
        raise Refused(
            f"{said.stdout.strip()}\n`make {goal}` failed, so nothing was changed. The lines above"
            " say why."
        )
