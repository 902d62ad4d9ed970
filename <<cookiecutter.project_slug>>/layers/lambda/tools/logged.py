"""Where the calls of an API version are logged."""

from infra.settings import Settings


def lines(settings: Settings, version: str) -> tuple[str, str, tuple[str, ...]]:
    """The log group, the condition that a request's line in it meets, and its field for clients."""
    return f"/aws/lambda/{settings.stack.prefix}-{version}", "ispresent(path)", ("client",)
