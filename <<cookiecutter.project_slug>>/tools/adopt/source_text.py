"""Python as text: what is quoted, formatted and free of what the linter refuses."""

import base64
import subprocess
import sys
import unicodedata
from itertools import accumulate
from pathlib import Path
from typing import Any

from tools.adopt.columns import Column
from tools.adopt.project import ROOT

RUFF = Path(sys.executable).with_name("ruff")
# How long a piece of a text may be, so that lines stay short, and how long these may be.
PIECE, LINE = 60, 100


def quoted(text: str) -> str:
    """The text as a literal, in several pieces where it is long."""
    pieces = [""]
    for letter in text:
        # As long as it is where all that is no ASCII has to be escaped.
        if len(ascii(pieces[-1] + letter)) > PIECE + 2:
            pieces.append("")
        pieces[-1] += letter
    if len(pieces) == 1:
        return repr(text)
    return "(\n" + "\n".join(map(repr, pieces)) + ")"


def value(column: Column, given: Any) -> str:
    """A value of the column, as JSON has it, as Python's own."""
    if isinstance(given, list):
        return f"[{', '.join(value(column, each) for each in given)}]"
    if given is not None and column.kind == "bytes":
        return f"b64decode({quoted(base64.b64encode(base64.b64decode(given)).decode())})"
    if isinstance(given, str):
        return quoted(given)
    return repr(given)


def formatted(text: str, name: str) -> str:
    """The text as `make lint` wants it; letters that look like others are escaped."""
    if "RUF00" in _ruff(text, name, "check", "--select", "RUF001,RUF002,RUF003"):
        text = "".join(each if each.isascii() else escaped(each) for each in text)
    text = "\n".join(_narrow(line) for line in text.split("\n"))
    sorted_ = _ruff(text, name, "check", "--fix-only", "--quiet")
    return _ruff(sorted_, name, "format", "--quiet")


def escaped(letter: str) -> str:
    """A letter as Python's escape."""
    return letter.encode("unicode_escape").decode()


def comment(text: str) -> str:
    """A text for a comment: on one line, without what can't be seen, and not too long."""
    line = " ".join(text.split())
    line = "".join(each if each.isprintable() else escaped(each) for each in line)
    return line if len(line) < 80 else f"{line[:77]}…"


def _narrow(line: str) -> str:
    """The line, a comment cut to the columns that a line may have: some letters take two."""
    widths = [1 + (unicodedata.east_asian_width(each) in "WF") for each in line]
    if not line.lstrip().startswith("# ") or sum(widths) <= LINE:
        return line
    ends = accumulate(widths)
    return "".join(each for each, end in zip(line, ends, strict=True) if end < LINE) + "…"


def _ruff(text: str, name: str, *words: str) -> str:
    command = [str(RUFF), *words, "--stdin-filename", str(ROOT / name), "-"]
    said = subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT)
    return said.stdout
