"""The releases that are published for a stack."""

import re
from collections.abc import Iterator

from serving.release import Build
from tools.bucket import Bucket


def published(stack: str) -> Iterator[tuple[str | None, str, str]]:
    """The API version of each, its release, and the processor that it runs on.

    Raises:
        Refused: the bucket can't be asked.
    """
    build = Build.load()
    for key in Bucket.of(stack, build).keys(build.service):
        if found := re.fullmatch(r"[^/]+/(v\d+)/(.+)-(arm64|x86_64)\.zip", key):
            api_version, release, architecture = found.groups()
            yield api_version, release, architecture
