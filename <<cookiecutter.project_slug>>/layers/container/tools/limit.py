"""How much an image can hold, and what of libraries."""

from pathlib import PurePath


def told(_size: int) -> str:
    """The limit, behind the bytes of a model and its libraries."""
    return "; an image has no limit here"


def taken(_path: PurePath) -> bool:
    """Whether an image has a library's file."""
    return True
