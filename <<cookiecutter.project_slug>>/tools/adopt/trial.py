"""The predictor that would be written, tried on the sample before it is."""

import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.adopt import writing
from tools.adopt.adopted import Adopted
from tools.adopt.project import ROOT
from tools.refused import Refused

# How far an exported model may be from its own library, relative and absolute.
NEAR, NEARLY = 1e-4, 2e-6
ANSWER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import msgspec
from serving.contract import Instance, Prediction
rows = msgspec.convert(json.load(sys.stdin), list[Instance])
from serving.predictor import Predictor
found = Predictor().predict(rows)
msgspec.convert(msgspec.to_builtins(found), list[Prediction])
sys.stdout.buffer.write(msgspec.json.encode(found))
"""


def check(adopted: Adopted, texts: Mapping[str, str], rows: int) -> None:
    """Refuse where the predictor's answers to the first rows are not those of the model's library.

    Raises:
        Refused: it fails, or answers otherwise; nothing was written.
    """
    names = [each.name for each in adopted.table.columns]
    tried = adopted.tried[:rows]
    given = [dict(zip(names, row, strict=True)) for row in tried]
    found = answers(adopted, texts, given)
    expected = adopted.meaning.of(adopted.expected)
    for row, answer in zip(adopted.tried, expected, strict=True):
        if not _finite(answer):
            raise Refused(
                f"The model answers {answer} to the row {dict(zip(names, row, strict=True))}, and"
                " JSON has no such number: fill the values that rows of the sample lack."
            )
    for row, (one, other) in enumerate(zip(found, expected, strict=False)):
        if not _equal(one, other, adopted.exact):
            raise Refused(
                f"The predictor answers {one} to the row {given[row]}, and the model's own library"
                f" {other}: nothing was written."
            )


def answers(
    adopted: Adopted, texts: Mapping[str, str], given: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What the predictor answers, in a process and a folder of its own."""
    with staged({**adopted.files, **texts}) as folder:
        return asked(adopted.python, folder, ANSWER, given, "The predictor")


@contextmanager
def staged(files: Mapping[str, Path | bytes | str]) -> Iterator[Path]:
    """A folder with what of this project a prediction needs, and these files in their places."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "serving", folder / "serving", ignore=ignored)
        shutil.copytree(ROOT / "model", folder / "model", ignore=ignored)
        for name, content in files.items():
            writing.put(folder / name, content)
        yield folder


def asked(python: Path | None, folder: Path, script: str, given: Any, who: str) -> Any:
    """What a script says, which runs in a process of its own.

    Raises:
        Refused: it fails.
    """
    said = subprocess.run(
        [python or sys.executable, "-I", "-c", script, folder],
        cwd=folder,
        env={"ORT_DISABLE_TELEMETRY": "1"},
        input=json.dumps(given),
        capture_output=True,
        text=True,
    )
    if said.returncode:
        last = (said.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Refused(
            f"{who} fails on rows of the sample, or like these: {last}. Nothing was written."
        )
    return json.loads(said.stdout)


def _finite(answer: Any) -> bool:
    """Whether JSON can hold all of its numbers."""
    if isinstance(answer, dict):
        return all(map(_finite, answer.values()))
    if isinstance(answer, list):
        return all(map(_finite, answer))
    return not isinstance(answer, float) or math.isfinite(answer)


def _equal(one: Any, other: Any, exact: bool) -> bool:
    if isinstance(other, dict):
        return all(_equal(one[key], other[key], exact) for key in other)
    if isinstance(other, list):
        pairs = zip(one, other, strict=True)
        return len(one) == len(other) and all(_equal(a, b, exact) for a, b in pairs)
    if isinstance(other, float) and not exact:
        return math.isclose(one, other, rel_tol=NEAR, abs_tol=NEARLY)
    return one == other
