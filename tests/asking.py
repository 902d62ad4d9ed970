"""A process in a rendered project that answers questions, so that what it imports is there once."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.project import ENVIRON


@contextmanager
def asking(project: Path, script: Path, *words: object) -> Iterator[Callable[[object], str]]:
    """A function that writes a line of JSON to a script, and returns the line that it answers."""
    argv = [str(each) for each in (script, *words)]
    runs = f"import runpy, sys; sys.argv = {argv}; runpy.run_path({str(script)!r})"
    process = subprocess.Popen(
        [project / ".venv/bin/python", "-c", runs],
        cwd=project,
        env=ENVIRON,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    questions, answers = process.stdin, process.stdout
    assert questions
    assert answers

    def ask(question: object) -> str:
        questions.write(json.dumps(question) + "\n")
        questions.flush()
        return answers.readline().strip()

    with process:  # which ends when nothing more is asked
        yield ask
