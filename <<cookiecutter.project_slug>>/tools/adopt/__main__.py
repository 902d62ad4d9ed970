"""Serve a model: `python -m tools.adopt MODEL [--sample FILE] …`. Run by `make adopt`.

Exits with 0 where the project serves it, 1 where it was refused, 3 where nobody confirmed it, and 4
where one function is left to write. What is refused or not confirmed changes nothing.
"""

import argparse
import sys

from tools.adopt.adopting import Options, adopt
from tools.refused import Refused

DONE, REFUSED, NOT_CONFIRMED, LEFT = 0, 1, 3, 4


def main() -> int:
    """What `make adopt` was given, adopted; the exit status."""
    parser = argparse.ArgumentParser("tools.adopt", allow_abbrev=False)
    parser.add_argument("model")
    for name in ("sample", "labels", "example", "trust"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--yes", action="store_true")
    try:
        written = adopt(Options(**vars(parser.parse_args())))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("\nInterrupted: nothing was changed.", file=sys.stderr)
        return NOT_CONFIRMED
    return {None: NOT_CONFIRMED, True: DONE, False: LEFT}[written]


if __name__ == "__main__":
    sys.exit(main())
