"""The releases that are published for a stack."""

import re
from collections.abc import Iterator

from tools.bucket import Bucket
from tools.working_tree import own_build

# The key of a stack file that says where they are.
WHERE = ("releases", "bucket")


def published(stack: str) -> Iterator[tuple[str | None, str, str]]:
    """The API version of each, its release, and the processor that it runs on.

    Raises:
        Refused: the bucket can't be asked.
    """
    build = own_build()
    for key in Bucket.of(stack, build).keys(build.service):
        if found := re.fullmatch(r"[^/]+/(v\d+)/(.+)-(arm64|x86_64)\.zip", key):
            api_version, release, architecture = found.groups()
            yield api_version, release, architecture
