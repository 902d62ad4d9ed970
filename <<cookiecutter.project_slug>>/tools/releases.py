"""What is published, and which stack serves it: `python -m tools.releases STACK`.

The releases are those that the stack's file says where to find; of all stacks that take theirs from
there.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping
from tools import stack_file
from tools.published import WHERE, published
from tools.refused import Refused

ROOT = Path(__file__).parent.parent


def served(stack: str) -> dict[tuple[str, str], list[str]]:
    """The stacks that serve each release of an API version, in the order of their names.

    Of those alone that take their releases from where this one does.
    """
    every = {
        path.stem.removeprefix("Pulumi."): _keys(path)
        for path in sorted(ROOT.glob("Pulumi.*.yaml"))
    }
    here = _place(every[stack]) if stack in every else None
    found: dict[tuple[str, str], list[str]] = {}
    for name, keys in every.items():
        if _place(keys) == here:
            for api_version, version in mapping(keys.get("versions")).items():
                own = mapping(version)
                if own.get("state") != "retired" and "release" in own:
                    release = str(api_version), str(own["release"])
                    found.setdefault(release, []).append(name)
    return found


def _keys(path: Path) -> dict[str, Any]:
    """The project's own keys in a stack file.

    Raises:
        Refused: it can't be used.
    """
    try:
        project, keys = stack_file.read(ROOT, path.stem.removeprefix("Pulumi."))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Refused(f"{path.name} can't be used: {error}") from None
    return {key.removeprefix(f"{project}:"): value for key, value in keys.items()}


def _place(keys: Mapping[str, Any]) -> str:
    """Where a stack takes its releases from."""
    section, key = WHERE
    return str(mapping(keys.get(section)).get(key))


def main(stack: str) -> None:
    """Print a line for each release, and for each that a stack serves and nobody has published."""
    stacks = served(stack)
    lines: list[tuple[str, str, str, str]] = []
    there = set[tuple[str, str]]()
    for api_version, release, note in published(stack):
        # One that does not say its API version may be of any.
        own = {key for key in stacks if key == (api_version or key[0], release)}
        there |= own
        names = sorted({name for key in own for name in stacks[key]})
        lines.append((release, api_version or "", note, ", ".join(names or ["nobody"])))
    for api_version, release in stacks.keys() - there:
        names = ", ".join(stacks[api_version, release])
        lines.append((release, api_version, "not published", names))
    lines = [("release", "of", "", "served by"), *sorted(lines, key=_order)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())


def _order(line: tuple[str, ...]) -> list[list[tuple[int, str]]]:
    """Whole numbers count as such: 1.10.0 comes after 1.9.0."""
    return [
        [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
        for text in line
    ]


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Refused as problem:
        problem.end()
