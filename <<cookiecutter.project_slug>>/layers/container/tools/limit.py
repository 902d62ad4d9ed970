"""How much an image can hold."""


def told(_size: int) -> str:
    """The limit, behind the bytes of a model and its libraries."""
    return "; an image has no limit here"
