"""A connection without a network, and a server behind it that answers when a test says so."""

from collections.abc import Callable
from unittest.mock import Mock

from serving.app import Request, Response
from serving.connection import Connection
from serving.options import Options
from serving.release import Release
from serving.server import ModelServer
from tests.support import BUILD


class Held(ModelServer):
    """Keeps what it is asked, each with what awaits its answer."""

    def __init__(self) -> None:
        super().__init__(Release(BUILD), Options())
        self.asked: list[tuple[Request, Callable[[Response], object]]] = []

    def answer(self, request: Request, answered: Callable[[Response], object]) -> None:
        self.asked.append((request, answered))


class Wire:
    """A connection whose transport is a mock; only within an event loop."""

    def __init__(self, server: ModelServer) -> None:
        self.transport = Mock()
        self.transport.is_closing.return_value = False
        self.transport.get_write_buffer_size.return_value = 0
        self.connection = Connection(server)
        self.connection.connection_made(self.transport)

    @property
    def written(self) -> bytes:
        """All that the client has got."""
        return b"".join(each.args[0] for each in self.transport.write.mock_calls)
