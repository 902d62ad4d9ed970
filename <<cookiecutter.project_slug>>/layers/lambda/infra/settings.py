"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Literal, override

from pydantic import Field, ValidationError

from infra import releases
from infra.archive import Archive
from infra.aws import AwsSettings
from infra.config import Example
from infra.cors import Cors
from infra.given import Given
from infra.ours import MOST_BYTES
from infra.pages import told
from infra.releases import Releases
from infra.scheme import VersionKeys
from infra.version import AwsVersion


class Version(VersionKeys, AwsVersion):
    """One API version on Lambda."""

    memory_mb: Annotated[int, Field(ge=128, le=10_240)] = 1_024
    """Memory of the function in MB. Its share of processors grows with it: 1,769 MB have one
    vCPU."""

    timeout_seconds: Annotated[int, Field(ge=1, le=28)] = 10
    """Seconds that one prediction may take; API Gateway gives up after 29."""

    architecture: Literal["arm64", "x86_64"] = "arm64"
    """The processors that the function runs on. arm64 costs less; `make build ARCH=x86_64` makes
    a zip for the other."""

    reserved_concurrency: Annotated[Annotated[int, Field(ge=0)] | None, Example(20)] = None
    """Most calls at once, set aside from the account's limit; more are answered 503. 0 stops this
    API version. A new account has ten at once, and none to set aside."""

    provisioned_concurrency: Annotated[Annotated[int, Field(ge=1)] | None, Example(2)] = None
    """Calls at once that wait for no start, since as many are kept started. They cost as long as
    they are there, called or not."""

    snap_start: bool = False
    """Start from a snapshot that was taken when the release was deployed, model and all. A deploy
    takes minutes longer, and the snapshot costs as long as it is kept."""

    @override
    def environment(self, api_version: str) -> dict[str, str]:
        return self.added | super().environment(api_version)

    @override
    def between_keys(self) -> Iterator[str]:
        yield from super().between_keys()
        yield from self._start_problems()
        if (size := self.size()) > MOST_BYTES:
            yield (
                f"env: with the project's own variables it has {size:,} bytes as JSON, and Lambda"
                f" takes {MOST_BYTES:,}; write fewer or shorter ones."
            )

    def size(self, cors: Cors | None = None) -> int:
        """How many bytes all its variables have, with those of the stack's key `cors`."""
        variables = self.environment("v999") | told(cors)
        return len(json.dumps(variables, separators=(",", ":")).encode())

    def _start_problems(self) -> Iterator[str]:
        """What Lambda would refuse."""
        kept, most = self.provisioned_concurrency, self.reserved_concurrency
        # https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
        if self.snap_start and kept:
            yield (
                "snap_start: is set beside provisioned_concurrency, and Lambda takes one of them;"
                " remove one of the two."
            )
        # https://docs.aws.amazon.com/lambda/latest/dg/snapstart-best-practices.html
        if self.snap_start and self.secrets:
            yield (
                "snap_start: is set beside secrets, and a snapshot would keep them as they were at"
                " the deploy; remove one of the two."
            )
        # https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
        if kept and most is not None and kept > most:
            yield (
                f"provisioned_concurrency: is {kept}, and reserved_concurrency {most}; write at"
                " most that, or raise it."
            )


class Settings(AwsSettings[Version]):
    """The config of a stack on Lambda."""

    releases: Releases | None = None
    """Where every machine that deploys finds the releases. Without this key they are in `dist/` of
    the one that does."""

    @classmethod
    @override
    def own_problems(cls, given: Given) -> Iterator[str]:
        yield from super().own_problems(given)
        yield from releases.problems(given)
        cors = dict(cls._sound_keys(given)).get("cors")
        for name, version in cls._sound(given):
            if version.size() <= MOST_BYTES < (size := version.size(cors)):
                yield (
                    f"cors.origin: with versions.{name}.env it has {size:,} bytes as JSON, and"
                    f" Lambda takes {MOST_BYTES:,}; write fewer origins, or fewer variables."
                )

    @classmethod
    @override
    def missing_artefacts(cls, given: Given) -> Iterator[str]:
        if "releases" not in given.raw:  # else infra/code.py asks, once all of this file is right
            yield from _missing_zips(given)
        yield from super().missing_artefacts(given)


def _missing_zips(given: Given) -> Iterator[str]:
    """What is wrong with the zips in `dist/`."""
    for name, keys in given.served.items():
        # What tells the zip, whatever else is wrong.
        needed = {key: keys[key] for key in keys.keys() & {"release", "architecture"}}
        with suppress(ValidationError):
            version = Version.model_validate(needed)
            archive = Archive(given.project, version.release, version.architecture)
            yield from (f"versions.{name}.release: {said}" for said in archive.problems(name))
