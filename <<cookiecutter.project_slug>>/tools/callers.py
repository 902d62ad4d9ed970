"""Who still calls an API version: `python -m tools.callers STACK VERSION --since 30d`.

Ends with 0 where nobody has called it since, 1 where somebody has, 2 where that could not be asked.
Run by `make callers`.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from infra.problems import mapping
from tools import stack_file
from tools.calls import calls
from tools.clients import Calls
from tools.refused import Refused

ROOT = Path(__file__).parent.parent
NOBODY, SOMEBODY, NOT_ASKED = 0, 1, 2
UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
# As in the Makefile.
DEFAULT = "30d"


def span(text: str) -> timedelta:
    """How long SINCE is, such as 30d.

    Raises:
        Refused: it is something else.
    """
    if found := re.fullmatch(r"([1-9][0-9]{0,3})([mhdw])", text, re.ASCII):
        return int(found[1]) * UNITS[found[2]]
    raise Refused(f"SINCE is {text!r}; write a number and m, h, d or w, such as {DEFAULT}.")


def of_stack(api_version: str, stack: str) -> None:
    """Pass where the stack file has this API version, in whatever state.

    Raises:
        Refused: it has not, or it can't be used.
    """
    if not api_version:
        raise Refused("VERSION is missing: make callers VERSION=v1 STACK=prod.")
    stack_file.of_version(ROOT, stack, api_version)
    try:
        project, keys = stack_file.read(ROOT, stack)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Refused(f"Pulumi.{stack}.yaml can't be used: {error}") from None
    there = [str(each) for each in mapping(keys.get(f"{project}:versions"))]
    if api_version not in there:
        versions = ", ".join(there) or "none"
        raise Refused(f"VERSION is {api_version!r}; Pulumi.{stack}.yaml has {versions}.")


def table(found: Sequence[Calls]) -> Iterator[str]:
    """A line for each client, who calls most first; one for all where nothing tells them apart."""
    total = sum(each.calls for each in found)
    unnamed = "nobody named" if len(found) > 1 else "all"
    lines = [("client", "last seen (UTC)", "calls", "share")]
    for each in sorted(found, key=lambda each: (-each.calls, each.client)):
        last = each.last_seen.astimezone(UTC)
        share = f"{100 * each.calls / total:.1f} %"
        lines.append(
            (_shown(each.client) or unnamed, f"{last:%Y-%m-%d %H:%M}", f"{each.calls:,}", share)
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for client, last, count, share in lines:
        yield (
            f"{client:<{widths[0]}}  {last:<{widths[1]}}  {count:>{widths[2]}}"
            f"  {share:>{widths[3]}}"
        )


def _shown(client: str) -> str:
    """A name that no terminal takes for a command."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in client)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.callers")
    parser.add_argument("stack")
    parser.add_argument("version")
    parser.add_argument("--since", default=DEFAULT, help="such as 12h, 30d, 4w")
    given = parser.parse_args(arguments)
    try:
        since = datetime.now(UTC) - span(given.since)
        of_stack(given.version, given.stack)
        found = [each for each in calls(given.version, given.stack, since) if each.calls]
    except Refused as problem:
        print(f"Could not ask: {problem}", file=sys.stderr)
        return NOT_ASKED
    if not found:
        day = f"{since:%Y-%m-%d %H:%M}"
        print(f"Nobody has called {given.version} of {given.stack} since {day} UTC.")
        return NOBODY
    for line in table(found):
        print(line)
    return SOMEBODY


if __name__ == "__main__":
    sys.exit(main())
