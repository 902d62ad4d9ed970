"""Which releases are published: what the repository of a stack has."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tools import repository
from tools.image import name
from tools.registry import Registry

AT_ONCE = 8
# The key of a stack file that says where they are.
WHERE = ("image", "repository")


def published(stack: str) -> Iterator[tuple[str | None, str, str]]:
    """Each tag: its API version if it says that, its release, and the start of its digest.

    Raises:
        Refused: the registry does not say, or the stack file names no repository.
    """
    address = name(stack).rpartition(":")[0]
    registry = Registry(address, repository.login(stack, address))
    tags = [*registry.tags()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for tag, image in zip(tags, pool.map(registry.find, tags), strict=True):
            if image:
                note = image.digest.removeprefix("sha256:")[:12]
                yield image.labels.get("api-version"), tag, note
