"""A stack `dev` of a project `iris` that is live on this machine, and answers as a test wants."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, override

import pytest

from infra.settings import Settings
from tests.stacks import config
from tests.support import CONTRACT, GOLDEN, VERSION
from tools import check, deployed

RELEASE = "1.4.2"
BASE_URL = f"http://iris.example.org/{VERSION}"
# What lets everybody call, where the stack has a key for that.
OPEN = {"auth": "none"} if "auth" in Settings.model_fields else {}
# What every answer says of a version with the keys DEPRECATED.
SAID_WHEN_DEPRECATED = {
    "Deprecation": "@1796083200",
    "Sunset": "Wed, 31 Mar 2027 00:00:00 GMT",
    "Link": '<https://example.com/move#to-v2>; rel="deprecation"',
}


@dataclass
class Live:
    """What it answers: what the contract says, changed by `changes`, by a golden request's name.

    `all`, `successes` and `errors` are several; `else` is what else is asked. later: what comes in
    place of `changes` after so many answers. seen: what was asked, by name, with its headers.
    """

    folder: Path
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    later: tuple[int, dict[str, dict[str, Any]]] | None = None
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def writes(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def stack(self, outputs: Mapping[str, Any] | None = None, /, **keys: Any) -> None:
        """Its file, with the outputs of a stack: keys of the API version, `stack`: of the stack."""
        own = OPEN | keys.pop("stack", {})
        versions = {VERSION: {"release": RELEASE} | keys} | own.pop("versions", {})
        text = json.dumps({"config": config("iris", versions, **own)})
        self.writes("Pulumi.dev.yaml", text)
        said = {f"{VERSION}_base_url": BASE_URL} if outputs is None else outputs
        self.writes("outputs.json", json.dumps(said))

    def check(self, *arguments: str, wait: float = 0) -> int:
        """The exit status of a check of the stack."""
        outputs = ("--outputs", str(self.folder / "outputs.json"))
        where = ("--address", f"127.0.0.1:{self.port}")
        return check.main(["dev", "--wait", str(wait), *outputs, *where, *arguments])

    def answer(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        """What is answered: what the contract says, as it was changed."""
        for name, each in GOLDEN.items():
            request = each["request"]
            own = {key.lower(): value for key, value in request["headers"].items()}
            arrives = f"/{VERSION}" + request["path"].removeprefix(f"/{VERSION}")
            wanted = (request["method"], arrives, request["body"], own["content-type"])
            named = own.get("x-api-version") in (None, headers.get("x-api-version"))
            same = wanted == (method, path, body, headers.get("content-type"))
            if same and named and (headers.get("x-api-version") != "v99" or "x-api-version" in own):
                return self._changed(name, each["response"], headers)
        return self.changes.get("else", {"status": 404, "headers": {}, "body": "not found"})

    def _changed(
        self, name: str, response: dict[str, Any], headers: dict[str, str]
    ) -> dict[str, Any]:
        if self.later and len(self.seen) >= self.later[0]:
            self.changes = self.later[1]
        self.seen.append((name, headers))
        kind = "successes" if response["status"] == 200 else "errors"
        said = response | {"headers": response["headers"] | {"X-Model-Release": RELEASE}}
        for each in ("all", kind, name):
            change = self.changes.get(each, {})
            said |= change | {"headers": said["headers"] | change.get("headers", {})}
        return said


@contextmanager
def live[L: Live](
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: type[L] = Live
) -> Iterator[L]:
    """The stack, as its file says; `kind`: what answers."""
    monkeypatch.setattr(deployed, "ROOT", folder)
    monkeypatch.setattr(check, "PAUSE_SECONDS", 0.01)
    own = kind(folder)
    own.writes("Pulumi.yaml", "name: iris\n")
    own.writes(f"contracts/{VERSION}.json", json.dumps(CONTRACT))
    own.stack()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = own.answer(self.command, self.path, headers, body)
            if said.get("cut"):
                self.close_connection = True
                return
            text = said["body"].encode()
            self.send_response(said["status"])
            for name, value in {**said["headers"], "Content-Length": str(len(text))}.items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
            for part in [bytes([byte]) for byte in text] if said.get("drips") else [text]:
                self.wfile.write(part)
                time.sleep(0.02 if said.get("drips") else 0)

        do_GET = do_OPTIONS = do_POST  # noqa: N815 (the names that http.server looks for)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        own.port = server.server_port
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield own
        server.shutdown()
