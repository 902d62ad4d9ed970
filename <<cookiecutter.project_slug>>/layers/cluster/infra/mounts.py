"""What the pods of an API version find in their file system beside the image."""

import re
from collections.abc import Iterator
from typing import Annotated, override

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt
from infra.names import Name

# Where the image has its own files, and where this project mounts something itself.
TAKEN = ("/", "/app", "/tmp", "/dev/shm")  # noqa: S108 (of the pod alone)
KINDS = ("secret", "config_map", "claim")


def _path(value: str) -> str:
    plain = value.rstrip("/") or "/"
    if not re.fullmatch(r"(/[A-Za-z0-9._-]+)+/?", value) or "/.." in f"{value}/":
        raise ValueError(f"{spelt(value)} is no path of a folder; write one such as /etc/ca")
    if plain in TAKEN or plain.startswith(("/app/", "/dev/", "/proc/", "/sys/")):
        raise ValueError(f"{value} is taken already; write one such as /etc/ca")
    return value


type MountPath = Annotated[str, AfterValidator(_path)]


class Mount(Section):
    """A Secret, a ConfigMap or a volume in the namespace, as a folder of each pod."""

    secret: Annotated[Name | None, Example("ca")] = None
    """The name of a Secret: each of its entries is a file."""

    config_map: Annotated[Name | None, Example("options")] = None
    """The name of a ConfigMap: each of its entries is a file."""

    claim: Annotated[Name | None, Example("models")] = None
    """The name of a PersistentVolumeClaim."""

    path: Annotated[MountPath, Field(examples=["/etc/ca"])]
    """Where the pods find it."""

    read_only: bool = False
    """Whether a claim is only read, as Secrets and ConfigMaps always are."""

    @override
    def between_keys(self) -> Iterator[str]:
        named = [kind for kind in KINDS if getattr(self, kind) is not None]
        if not named:
            yield "secret: is missing, and so are config_map and claim; add one of the three."
        elif len(named) > 1:
            yield f"{named[1]}: is set beside {named[0]}; make them two mounts."

    @property
    def is_read_only(self) -> bool:
        """Whether pods can't write there."""
        return self.read_only or self.claim is None
