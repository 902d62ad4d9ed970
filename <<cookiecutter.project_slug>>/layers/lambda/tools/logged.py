"""Where the calls of an API version are logged."""

from infra.settings import Settings
from tools.clients import CHECKED


def lines(settings: Settings, version: str) -> tuple[str, str, tuple[str, ...]]:
    """The log group, the condition that a request's line in it meets, and its field for clients.

    `make check` is no client: its golden requests have an id of their own.
    """
    having = f'ispresent(path) and request_id != "{CHECKED}"'
    return f"/aws/lambda/{settings.stack.prefix}-{version}", having, ("client",)
