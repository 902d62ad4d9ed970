"""What is known of the clients of an API version, whoever keeps it."""

from dataclasses import dataclass
from datetime import datetime

# The id of the golden requests, by which `make check` asks: it is no client.
CHECKED = "golden"


@dataclass(frozen=True)
class Calls:
    """The calls of one client.

    client: as the target names it; empty where nothing tells clients apart.
    last_seen: with its time zone.
    """

    client: str
    last_seen: datetime
    calls: int
