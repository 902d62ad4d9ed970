"""The way from a file to a project that serves it: read, show, ask, write."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.adopt import changes, finding, labels, plan, project, trial, writing
from tools.adopt import sample as samples
from tools.adopt.adopted import Adopted
from tools.adopt.given import Given
from tools.adopt.project import ROOT
from tools.adopt.sample import Sample
from tools.refused import Refused

# How many rows the predictor is tried on before it is written.
TRIED = 200
NEXT = "Next: make test lint, make serve"
NEXT_LEFT = (
    "Next: write predict in serving/predictor.py, and its answer to EXAMPLE_REQUEST into"
    " EXAMPLE_RESPONSE in serving/contract.py; then make contract test lint, make serve"
)


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
    given = Given(sample, labels.read(options.labels), bool(options.example))
    with tempfile.TemporaryDirectory() as folder:
        adopted = finding.find(options.model, options.trust, given, Path(folder))
        return _settle(adopted, options, sample, api_version)


def _settle(
    adopted: Adopted, options: Options, sample: Sample | None, api_version: str
) -> bool | None:
    """Try what would be written, show it, ask, and write it."""
    texts, deleted = changes.of(adopted)
    if not adopted.left:
        trial.check(adopted, texts, TRIED)
    answer = adopted.meaning.of(adopted.answers)[0]
    writes = [*texts, *adopted.files]
    kept = changes.kept(writes, deleted)
    for line in plan.lines(adopted, sample, answer, writes, deleted, api_version):
        print(line)
    if kept:
        print(f"Git doesn't hold {', '.join(kept)}: copied to .adopt/ first")
    if not _confirmed(options.yes):
        return None
    _write(texts, adopted, deleted, kept, api_version)
    return not adopted.left


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
    print(NEXT_LEFT if adopted.left else NEXT)


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
