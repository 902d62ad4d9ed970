"""ECR by its own name: what this machine sends there over TLS arrives at an emulator."""

import asyncio
import ssl
import subprocess
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
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
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        lead = partial(_lead, context, host, url)
        proxy = loop.run_until_complete(asyncio.start_server(lead, "127.0.0.1", 0))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        port = proxy.sockets[0].getsockname()[1]
        here = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "NO_PROXY": "127.0.0.1"}
        try:
            yield here | {"SSL_CERT_FILE": str(own)}
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


async def _lead(
    context: ssl.SSLContext, host: str, url: str, reader: StreamReader, writer: StreamWriter
) -> None:
    """Lead a connection to the emulator, if it wants to go to the host."""
    with suppress(OSError), closing(writer):
        asked = await reader.readuntil(b"\r\n\r\n")
        if not asked.startswith(f"CONNECT {host}:443 ".encode()):
            return writer.write(b"HTTP/1.1 502 Nobody\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.start_tls(context)
        own = urlsplit(url)
        answers, there = await asyncio.open_connection(own.hostname, own.port)
        with closing(there):
            await asyncio.gather(_copy(reader, there), _copy(answers, writer))
    return None


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
        await writer.drain()
    writer.close()
