"""The bucket that releases are published to, and what it says of one."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import pulumi_aws as aws
from pydantic import Field

from infra import placeholder
from infra.archive import Archive
from infra.bucket import a_bucket
from infra.config import Section
from infra.given import Given
from infra.problems import mapping

EXAMPLE = "iris-releases-123456789012-eu-central-1"
NO_VERSIONS = (
    "the bucket {} kept no versions when this was put there; switch its versioning on, and publish"
    " another release."
)


class Releases(Section):
    """Where the releases of all API versions are published."""

    bucket: Annotated[str, a_bucket(EXAMPLE), Field(examples=[EXAMPLE])]
    """A bucket with versioning, in the region of the stack. `make publish` puts releases there."""


class NotPublished(Exception):
    """There is no such release in the bucket."""


class Unusable(Exception):
    """The bucket doesn't show a release, or shows another one; the text says what to do."""


@dataclass(frozen=True)
class Published:
    """A release in a bucket. version: of the object. sha256: of its zip, in base64, as AWS has it.

    source: what it was made of. model: the SHA-256 of its model, if it says that. python: what it
    runs on.
    """

    bucket: str
    key: str
    version: str
    sha256: str
    source: str
    model: str | None
    python: str


def key_of(api_version: str, archive: Archive) -> str:
    """Where a release is in its bucket."""
    return f"{archive.project}/{api_version}/{archive.release}-{archive.architecture}.zip"


def problems(given: Given) -> Iterator[str]:
    """A bucket that is nobody's."""
    bucket = str(mapping(given.raw.get("releases")).get("bucket"))
    if given.deploying and placeholder.ACCOUNT in bucket:
        yield f"releases.bucket: {bucket} has a placeholder for an account; write your own."


def find(bucket: str, api_version: str, archive: Archive) -> Published:
    """A published release, as Pulumi's provider is told of it: with its credentials and region.

    Raises:
        NotPublished: there is none.
        Unusable: the bucket can't be asked, or has something else there.
    """
    key = key_of(api_version, archive)
    ask = aws.s3.get_object
    try:
        found = ask(bucket=bucket, key=key, checksum_mode="ENABLED")
    except Exception as error:  # Pulumi has no type for what an invoke says
        raise _told(f"s3://{bucket}/{key}", str(error)) from None
    return published(
        bucket, api_version, archive, found.metadata, found.checksum_sha256, found.version_id
    )


def published(
    bucket: str,
    api_version: str,
    archive: Archive,
    metadata: Mapping[str, str],
    sha256: str | None,
    version: str | None,
) -> Published:
    """What a bucket says of a release: its metadata, its checksum in base64, its version.

    Raises:
        Unusable: it is not what `make publish` puts there.
    """
    key = key_of(api_version, archive)
    where = f"s3://{bucket}/{key}"
    wanted = {
        "service": archive.project,
        "api-version": api_version,
        "release": archive.release,
        "architecture": archive.architecture,
    }
    if not {*wanted, "python", "source", "sha256"} <= metadata.keys():
        raise Unusable(
            f"{where} was not put there by `make publish`; publish another release, and write that."
        )
    for name, value in wanted.items():
        if metadata[name] != value:
            raise Unusable(
                f"{where} says {name} {metadata[name]}, not {value}; publish another release, and"
                " write that."
            )
    if not sha256 or base64.b64decode(sha256).hex() != metadata["sha256"]:
        raise Unusable(
            f"{where} is not the zip that was published: its SHA-256 is another; publish another"
            " release, and write that."
        )
    if not version or version == "null":
        raise Unusable(NO_VERSIONS.format(bucket))
    model = metadata.get("model-sha256")
    return Published(bucket, key, version, sha256, metadata["source"], model, metadata["python"])


def _told(where: str, error: str) -> Exception:
    """What the provider says, as a sentence."""
    if "couldn't find resource" in error:
        return NotPublished(where)
    if "has been deleted" in error:
        return Unusable(f"{where} was deleted; publish another release, and write that.")
    if "StatusCode: 301" in error:
        return Unusable(
            f"{where} is in another region, and Lambda takes code from its own alone; write a"
            " bucket in the stack's region, and run `make publish`."
        )
    if "StatusCode: 403" in error:
        return Unusable(
            f"{where} may not be read, or isn't there: these credentials need s3:GetObject,"
            " s3:GetObjectVersion, s3:GetObjectTagging and s3:ListBucket."
        )
    return Unusable(f"{where} can't be read: {' '.join(error.split())}")
