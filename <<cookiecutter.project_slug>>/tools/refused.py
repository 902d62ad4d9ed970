"""Why something is not published or shown."""


class Refused(Exception):
    """The text says what to do."""
