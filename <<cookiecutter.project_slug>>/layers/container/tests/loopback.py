"""A registry on the loopback interface, and a stand-in for the container engine."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"

# It writes down how it was called and what it was given, and fails as a file says that is named
# after the command. The labels of the image of this machine are a file, which a push sends; those
# of one that is pulled are another.
ENGINE = """#!/bin/sh
echo "$*" >> "$HERE/calls"
if [ "$1" = login ]; then read -r given; echo "$given" >> "$HERE/given"; fi
if [ -f "$HERE/$1 fails" ]; then read -r said < "$HERE/$1 fails"; echo "$said" >&2; exit 7; fi
case "$1" in
  image)
    if [ -f "$HERE/built" ]; then read -r said < "$HERE/built"; echo "$said"; exit 0; fi
    echo "Error response from daemon: No such image: $5" >&2; exit 1 ;;
  pull)
    read -r said < "$HERE/pulled"; echo "$said" > "$HERE/built" ;;
  push)
    read -r said < "$HERE/built"; echo "$said" > "$HERE/published" ;;
esac
"""


@dataclass(frozen=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Server:
    """Answers by path, and remembers what it was asked. authorization: who may ask."""

    def __init__(self) -> None:
        self.answers: dict[str, Said] = {}
        self.asked: list[Asked] = []
        self.authorization: str | None = None
        self.challenges: tuple[str, ...] = ()
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                headers = {key.lower(): value for key, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, self.rfile.read(length))
                own.asked.append(asked)
                said = own.answer(asked)
                self.send_response(said.status)
                challenges = own.challenges if said.status == 401 else ()
                for key, value in (
                    *said.headers.items(),
                    *(("WWW-Authenticate", each) for each in challenges),
                    ("Content-Length", str(len(said.body))),
                ):
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(said.body)

            do_POST = do_GET  # noqa: N815 (http.server's name)

            @override
            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.http.server_port}"

    def answer(self, asked: Asked) -> Said:
        """What is answered to whoever may ask; a path of a token is open."""
        given = asked.headers.get("authorization")
        if self.authorization and asked.path.startswith("/v2/") and given != self.authorization:
            return Said(401)
        path = asked.path if asked.path in self.answers else asked.path.partition("?")[0]
        return self.answers.get(path, Said(404))

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [each.path for each in self.asked]

    def hold(self, kind: str, content: Any, name: str = "") -> str:
        """Hold a manifest or a blob of iris, under its digest and a name; the digest."""
        body = json.dumps(content).encode()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        for reference in (digest, name) if name else (digest,):
            self.answers[f"/v2/models/iris/{kind}/{reference}"] = Said(200, body)
        return digest

    def publish(self, tag: str, labels: Any) -> str:
        """Hold an image with these labels under a tag, or under none; its digest."""
        blob = self.hold("blobs", {"os": "linux", "config": {"Labels": labels}})
        return self.hold("manifests", {"mediaType": MANIFEST, "config": {"digest": blob}}, tag)

    def publish_several(self, tag: str, labels: Mapping[str, Any]) -> str:
        """Hold an index: images by their platforms."""
        entries: list[Any] = []
        for platform, own in labels.items():
            keys = ("os", "architecture", "variant")
            where = dict(zip(keys, platform.split("/"), strict=False))
            entries.append({"digest": self.publish("", own), "platform": where})
        return self.hold("manifests", {"mediaType": INDEX, "manifests": entries}, tag)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """A server that answers."""
    thread = threading.Thread(target=server.http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


class Pushed(Server):
    """A registry that has what the stand-in in a folder has pushed, under one tag."""

    def __init__(self, folder: Path, tag: str) -> None:
        super().__init__()
        self.folder, self.tag = folder, tag

    @override
    def answer(self, asked: Asked) -> Said:
        pushed = self.folder / "published"
        if pushed.exists():
            self.publish(self.tag, json.loads(pushed.read_text("utf-8")))
        return super().answer(asked)


def stand_in(folder: Path) -> Path:
    """Write the stand-in `docker` into a folder's `bin`, which is its path."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "docker").write_text(ENGINE, encoding="utf-8")
    (programs / "docker").chmod(0o755)
    return programs
