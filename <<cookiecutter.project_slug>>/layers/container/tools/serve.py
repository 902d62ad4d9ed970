"""Show a request to try, then become the server. Run by `make serve`."""

import os
import socket
import sys

import msgspec

from serving.contract import EXAMPLE_REQUEST
from serving.options import Options, WrongOptions


def main() -> None:
    """Print the request and start `serving.server`."""
    os.environ.setdefault("METRICS_PORT", "0")  # several may run on one machine
    try:
        options = Options.load(os.environ)
    except WrongOptions as problems:
        sys.exit(str(problems))
    port = options.port or _free_port(options.host)
    os.environ["PORT"] = str(port)
    body = msgspec.json.encode(EXAMPLE_REQUEST).decode().replace("'", "'\\''")
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(
        f"Ctrl-C ends it. When it says ready, paste into another terminal:\n\n"
        f"  curl -i http://{host}:{port}/predict"
        f" -H 'Content-Type: application/json' -d '{body}'\n",
        file=sys.stderr,
    )
    os.execv(sys.executable, [sys.executable, "-m", "serving.server"])  # noqa: S606 (our own command)


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:
        return server.getsockname()[1]


if __name__ == "__main__":
    main()
