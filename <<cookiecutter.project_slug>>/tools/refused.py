"""Why something is not built, published or shown."""

import sys
from typing import NoReturn


class Refused(Exception):
    """The text says what to do."""

    STATUS = 1

    def end(self) -> NoReturn:
        """End the program with the text, and with this status."""
        print(self, file=sys.stderr)
        sys.exit(self.STATUS)


class NotBuilt(Refused):
    """There is nothing to publish yet."""

    STATUS = 3
