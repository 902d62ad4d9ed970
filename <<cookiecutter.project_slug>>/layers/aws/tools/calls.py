"""Who has called an API version, by its log."""

from datetime import datetime

from tools.clients import Calls
from tools.refused import Refused


def calls(_version: str, _stack: str, _since: datetime) -> list[Calls]:
    """The calls since a moment, by client.

    Raises:
        Refused: they can't be asked for.
    """
    raise Refused("nothing asks the logs for callers yet.")
