"""Ask the server of an earlier commit and today's the same, and see where they differ.

`python -m benchmarks.fuzz [COUNT]`: 100,000 requests of tests/fuzz.py, each through a connection of
its own. Prints each kind of difference with how often it was seen, and an example.
"""

import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path

from benchmarks.load import running
from benchmarks.server import BEFORE, before, ours, rendered
from tests.fuzz import answered, requests


def main(count: int) -> None:
    """Ask and print; an answer differs by its status and its text."""
    kinds = Counter[tuple[str, str]]()
    examples: dict[tuple[str, str], bytes] = {}
    with tempfile.TemporaryDirectory() as temporary:
        (folder := Path(temporary, "before")).mkdir()
        servers = ours(rendered(Path(temporary))), before(folder)
        with running(servers[1]) as (_, old, _), running(servers[0]) as (_, new, _):
            for data in islice(requests(seed=0), count):
                was, now = answered(old, data), answered(new, data)
                if was != now:
                    kind = _kind(was), _kind(now)
                    kinds[kind] += 1
                    examples.setdefault(kind, data)
    print(f"{sum(kinds.values())} of {count} are answered otherwise than at {BEFORE}:\n")
    for (was, now), times in kinds.most_common():
        print(f"{times:6} {was} -> {now}\n       {examples[was, now][:150]!r}")


def _kind(answers: list[str]) -> str:
    """Statuses, and what an error says."""
    said = (each.partition('"detail":"')[2].partition('"')[0] for each in answers)
    return ", ".join(f"{a[:3]} {b}".strip() for a, b in zip(answers, said, strict=True))


if __name__ == "__main__":
    main(int(*sys.argv[1:]) if sys.argv[1:] else 100_000)
