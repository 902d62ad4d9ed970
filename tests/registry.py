"""ECR by its own name: what this machine sends there over TLS arrives at an emulator."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

# A certificate that signs itself, for a day.
CERTIFICATE = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test"


@contextmanager
def instead_of(host: str, url: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which programs find an emulator at a host.

    It names a proxy, which leads to no other host, and whom to trust.
    """
    own, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", *CERTIFICATE.split(), "-addext", f"subjectAltName=DNS:{host}"]
    subprocess.run([*command, "-out", own, "-keyout", key], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, context, host, url), daemon=True).start()
        proxy = f"http://127.0.0.1:{server.getsockname()[1]}"
        yield {"HTTPS_PROXY": proxy, "NO_PROXY": "127.0.0.1", "SSL_CERT_FILE": str(own)}
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, context: ssl.SSLContext, host: str, url: str) -> None:
    with suppress(OSError):  # it is closed
        while True:
            client, _ = server.accept()
            threading.Thread(target=_lead, args=(client, context, host, url), daemon=True).start()


def _lead(client: socket.socket, context: ssl.SSLContext, host: str, url: str) -> None:
    """Lead a connection to the emulator, if it wants to go to the host."""
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += client.recv(1)
    if not asked.startswith(f"CONNECT {host}:443 ".encode()):
        client.sendall(b"HTTP/1.1 502 Nobody\r\n\r\n")
        return client.close()
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    own = urlsplit(url)
    emulator = socket.create_connection((own.hostname or "", own.port or 0))
    with suppress(OSError), context.wrap_socket(client, server_side=True) as inner, emulator:
        threading.Thread(target=_copy, args=(inner, emulator), daemon=True).start()
        _copy(emulator, inner)
    return None


def _copy(origin: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := origin.recv(65_536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
