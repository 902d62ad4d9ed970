"""What is published, and which stack serves it: `python -m tools.releases STACK`.

The releases are those that the stack's file says where to find; all stack files here are read.
"""

import sys
from pathlib import Path

import yaml

from infra.problems import mapping
from tools import stack_file
from tools.published import published
from tools.refused import Refused

ROOT = Path(__file__).parent.parent


def served() -> dict[str, list[str]]:
    """The stacks that serve each release, in the order of their names."""
    found: dict[str, list[str]] = {}
    for path in sorted(ROOT.glob("Pulumi.*.yaml")):
        stack = path.stem.removeprefix("Pulumi.")
        try:
            project, keys = stack_file.read(ROOT, stack)
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise Refused(f"{path.name} can't be used: {error}") from None
        for version in mapping(keys.get(f"{project}:versions")).values():
            if mapping(version).get("state") != "retired":
                found.setdefault(str(mapping(version).get("release")), []).append(stack)
    return found


def main(stack: str) -> None:
    """Print a line for each release, and for each that a stack serves and nobody has published."""
    stacks = served()
    there = sorted(published(stack), key=lambda each: each[1])
    lines = [("release", "of", "", "served by")]
    for api_version, release, note in there:
        names = ", ".join(stacks.get(release, ["nobody"]))
        lines.append((release, api_version or "", note, names))
    for release in sorted(stacks.keys() - {release for _, release, _ in there}):
        lines.append((release, "", "not published", ", ".join(stacks[release])))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Refused as problem:
        sys.exit(str(problem))
