"""Server and Lambda handler of a rendered project, each in a process of its own."""

import subprocess
from pathlib import Path

from tests.project import ENVIRON

# The handler: a request a line in, its answer a line out.
HANDLER = """
import base64, json, os, sys
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
from tests.adapters import through_handler
with through_handler() as send:
    for line in sys.stdin:
        method, path, headers, body = json.loads(line)
        said = send(method, path, [tuple(each) for each in headers], base64.b64decode(body))
        print(json.dumps([said.status, said.headers, said.body.decode()]), file=answers, flush=True)
"""
# What differs from one transport to the other.
TRANSPORT = {"connection", "content-length", "date"}


def start(project: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    """Python of a rendered project, with a pipe to it and one from it."""
    return subprocess.Popen(
        [project / ".venv/bin/python", *arguments],
        cwd=project,
        env=ENVIRON | {"PORT": "0", "METRICS_PORT": "0", "DRAIN_SECONDS": "0"} | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
