"""Who calls, where a deployment says by which header its clients name themselves."""

import re
from collections.abc import Iterable, Mapping

# Those that are not listed, and those that say no name: so that nobody makes up metrics.
OTHER, NONE = "other", "none"
# What `make check` calls itself.
CHECK = "make-check"
RESERVED = (OTHER, NONE, CHECK)
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# A name as clients write it into a header; it becomes a label of metrics.
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
MOST = 100


class Clients:
    """Tells clients apart by a header. names: those that are listed."""

    def __init__(self, header: str, names: Iterable[str]) -> None:
        self.header = header.lower()
        self.names = {*names, CHECK}

    def of(self, headers: Mapping[str, str]) -> str:
        """The client whose request has these headers."""
        said = headers.get(self.header)
        if not said:
            return NONE
        return said if said in self.names else OTHER
