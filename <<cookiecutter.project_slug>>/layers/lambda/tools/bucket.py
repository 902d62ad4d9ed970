"""The bucket that a stack takes its releases from, with the credentials of this shell."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.archive import Archive
from infra.releases import NO_VERSIONS, Published, Unusable, key_of, published
from serving.release import Build
from tools.asking import CannotAsk
from tools.credentials import client
from tools.deployed import Wanted
from tools.refused import Refused

METADATA = ("service", "api_version", "release", "architecture", "python", "source", "model_sha256")
# A zip of 250 MB takes a while.
PATIENTLY = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 3})
MISSING = ("404", "NoSuchKey")
# Somebody was faster:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class Bucket:
    """The bucket of a stack. client: of S3. architecture: of this working tree's API version."""

    stack: str
    name: str
    client: Any
    architecture: str

    @classmethod
    def of(cls, stack: str, build: Build) -> "Bucket":
        """From the stack's file.

        Raises:
            Refused: it can't be used, or names no bucket.
        """
        try:
            config, settings = Wanted.of(stack, deploying=True)
            s3 = client("s3", stack, config, PATIENTLY)
        except CannotAsk as error:
            raise Refused(str(error)) from None
        if settings.releases is None:
            raise Refused(
                f"Pulumi.{stack}.yaml names no bucket: what it deploys is in dist/. Write"
                f" `{build.service}:releases: {{bucket: …}}`; `make bootstrap` makes one."
            )
        own = settings.versions.get(build.api_version)
        return cls(stack, settings.releases.bucket, s3, own.architecture if own else "arm64")

    def archive(self, build: Build) -> Archive:
        """The zip of a release, for the processor of this stack."""
        return Archive(build.service, build.release, self.architecture)

    def find(self, build: Build) -> Published | None:
        """This release, where it is published.

        Raises:
            Refused: the bucket can't be asked, or has something else there.
        """
        archive = self.archive(build)
        key = key_of(build.api_version, archive)
        try:
            head = self.client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise self._refused(error) from None
            self._there()
            return None
        except BotoCoreError as error:
            raise self._refused(error) from None
        try:
            return published(
                self.name,
                build.api_version,
                archive,
                head["Metadata"],
                head.get("ChecksumSHA256"),
                head.get("VersionId"),
            )
        except Unusable as problem:
            raise Refused(str(problem)) from None

    def get(self, release: Published) -> bytes:
        """The zip of a release.

        Raises:
            Refused: it can't be had.
        """
        try:
            answer = self.client.get_object(
                Bucket=release.bucket, Key=release.key, VersionId=release.version
            )
            content: bytes = answer["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise self._refused(error) from None
        if _sha256(content) != release.sha256:
            raise Refused(f"s3://{release.bucket}/{release.key} did not arrive whole; try again.")
        return content

    def put(self, content: bytes, facts: Mapping[str, str]) -> bool:
        """Publish a zip; whether it was the first of this release.

        Raises:
            Refused: the bucket doesn't take it.
        """
        self._keeps_versions()
        archive = Archive(facts["service"], facts["release"], facts["architecture"])
        sha256 = _sha256(content)
        metadata = {name.replace("_", "-"): facts[name] for name in METADATA}
        try:
            answer = self.client.put_object(
                Bucket=self.name,
                Key=key_of(facts["api_version"], archive),
                Body=content,
                ChecksumSHA256=sha256,
                IfNoneMatch="*",
                Metadata=metadata | {"sha256": base64.b64decode(sha256).hex()},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in TAKEN:
                return False
            raise self._refused(error) from None
        except BotoCoreError as error:
            raise self._refused(error) from None
        if not answer.get("VersionId"):
            raise Refused(NO_VERSIONS.format(self.name))
        return True

    def keys(self, project: str) -> Iterator[str]:
        """What is published, by its place in the bucket.

        Raises:
            Refused: the bucket can't be asked.
        """
        pages = self.client.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=self.name, Prefix=f"{project}/"):
                yield from (each["Key"] for each in page.get("Contents", ()))
        except (BotoCoreError, ClientError) as error:
            raise self._refused(error) from None

    def _keeps_versions(self) -> None:
        """See that it does, as far as that may be asked: else a release would be lost to it."""
        try:
            status = self.client.get_bucket_versioning(Bucket=self.name).get("Status")
        except (BotoCoreError, ClientError):
            return
        if status != "Enabled":
            raise Refused(
                f"the bucket {self.name} keeps no versions; switch its versioning on, and run `make"
                " publish` again."
            )

    def _there(self) -> None:
        """See that there is such a bucket: about what is in it S3 says no more than 404."""
        try:
            self.client.head_bucket(Bucket=self.name)
        except (BotoCoreError, ClientError) as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> Refused:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        if code in ("301", "PermanentRedirect"):
            return Refused(
                f"the bucket {self.name} is in another region than {self.stack}, and Lambda takes"
                " code from its own alone; write a bucket there."
            )
        if code in ("404", "NoSuchBucket"):
            return Refused(f"there is no bucket {self.name}; `make bootstrap` makes one.")
        return Refused(
            f"the bucket {self.name} refuses ({error}); this shell needs credentials that may read"
            " and write there, of the account of the stack."
        )


def _sha256(content: bytes) -> str:
    """As AWS writes it, in base64."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
