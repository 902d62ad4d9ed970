"""Print the value of an API key of a stack: `python -m tools.key STACK --client acme --key a`.

Without a client it is the stack's first key. Ends with 0 where it was printed, else with 1. Run by
`make key`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.asking import CannotAsk
from tools.credentials import api_key
from tools.deployed import Deployed


def main(arguments: Sequence[str] | None = None) -> int:
    """Print it, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.key")
    parser.add_argument("stack")
    parser.add_argument("--client", help="whose it is; without, the stack's first key")
    parser.add_argument("--key", help="which, where the client has several")
    parser.add_argument("--outputs", type=Path, help="in place of the Pulumi CLI")
    given = parser.parse_args(arguments)
    try:
        deployed = Deployed.load(given.stack, given.outputs, None)
        if getattr(deployed.settings, "front", None) == "none":
            raise CannotAsk("front is none: there are no API keys.")
        if deployed.settings.auth != "api_key":
            raise CannotAsk("auth is not api_key: there are no API keys.")
        print(api_key(deployed, given.client, given.key))
    except CannotAsk as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
