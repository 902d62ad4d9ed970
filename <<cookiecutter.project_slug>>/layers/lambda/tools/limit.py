"""How much Lambda can hold."""

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UNPACKED_BYTES = 262_144_000


def told(size: int) -> str:
    """The limit, behind the bytes of a model and its libraries, unpacked."""
    more = "" if size < MAX_UNPACKED_BYTES else ": too much, and the build will say what helps"
    return f", of {MAX_UNPACKED_BYTES / 1e6:.0f} MB that Lambda takes{more}"
