"""Show requests to try, then become the server: `python -m tools.serve MODULE [PATH…]`.

A request to the API version's own path comes first, then one to each other path.
"""

import os
import socket
import sys
from collections.abc import Sequence

import msgspec

from serving.contract import EXAMPLE_REQUEST
from serving.options import Options, WrongOptions
from serving.release import Build


def main(module: str, paths: Sequence[str]) -> None:
    """Print the requests and start the server that this module is."""
    os.environ.setdefault("METRICS_PORT", "0")  # several may run on one machine
    try:
        options = Options.load(os.environ)
    except WrongOptions as problems:
        sys.exit(str(problems))
    port = options.port or _free_port(options.host)
    os.environ["PORT"] = str(port)
    body = msgspec.json.encode(EXAMPLE_REQUEST).decode().replace("'", "'\\''")
    host = f"[{options.host}]" if ":" in options.host else options.host
    print("Ctrl-C ends it. When it says ready, paste into another terminal:\n", file=sys.stderr)
    for path in (f"/{Build.load().api_version}/predict", *paths):
        print(
            f"  curl -i http://{host}:{port}{path}"
            f" -H 'Content-Type: application/json' -d '{body}'\n",
            file=sys.stderr,
        )
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 (our own command)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        return server.getsockname()[1]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
