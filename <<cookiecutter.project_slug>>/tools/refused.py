"""Why something is not built, published or shown."""


class Refused(Exception):
    """The text says what to do."""


class NotBuilt(Refused):
    """There is nothing to publish yet; the exit status of `tools.publish` is then `STATUS`."""

    STATUS = 3
