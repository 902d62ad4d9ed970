"""A headless Chromium, and pages on this machine whose scripts call what a test wants.

What a script finds it tells the server of its own page, so nothing waits longer than it takes.
"""

import functools
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60
# A container has no user namespaces, and little shared memory. Nothing is asked but by the page.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
PAGE = """<!doctype html><title>A page</title><script type="module">
const found = [];
for (const [url, options] of CALLS) {
  try {
    const answer = await fetch(url, options);
    const headers = Object.fromEntries(answer.headers);
    found.push({ status: answer.status, headers, body: await answer.text() });
  } catch (error) {
    found.push({ refused: error.name });
  }
}
await fetch("/found", { method: "POST", body: JSON.stringify(found) });
</script>"""

# A URL, and what `fetch` is told beside it.
type Call = tuple[str, dict[str, Any]]


@functools.cache
def why_not() -> str | None:
    """Why there is no browser here, if so."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        return "no Chromium is on the PATH"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [found, *FLAGS, f"--user-data-dir={folder}/own", "--dump-dom", "about:blank"]
        environ = os.environ | {"TMPDIR": folder}
        try:
            said = subprocess.run(
                command, env=environ, capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"{found} shows no page within {SECONDS} s"
    return None if "<html>" in said.stdout else f"{found} shows no page: {said.stderr[-300:]}"


class Page:
    """A page of an origin of its own: another port, so another origin."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.calls: Sequence[Call] = ()
        self.found: queue.Queue[list[dict[str, Any]]] = queue.Queue()

    def fetches(self, *calls: Call, hosts: str = "") -> list[dict[str, Any]]:
        """What its script is given for each call, one after the other.

        hosts: where names lead, as Chromium's `--host-resolver-rules` has it.

        Raises:
            queue.Empty: it did not end in time.
        """
        self.calls = calls
        command = [next(filter(None, map(shutil.which, NAMES))), *FLAGS]
        command += [f"--host-resolver-rules={hosts}"] if hosts else []
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            browser = subprocess.Popen(
                [*command, f"--user-data-dir={folder}/own", self.origin],
                env=os.environ | {"TMPDIR": folder},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that its own processes end with it
            )
            try:
                return self.found.get(timeout=SECONDS)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(browser.pid, signal.SIGKILL)
                browser.wait(10)


@contextmanager
def page() -> Iterator[Page]:
    """A page, for as long as a test needs it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = PAGE.replace("CALLS", json.dumps(own.calls)) if self.path == "/" else ""
            self._send(text.encode())

        def do_POST(self) -> None:
            own.found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(b"")

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the browser has ended
                self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        own = Page(server.server_port)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield own
        server.shutdown()
