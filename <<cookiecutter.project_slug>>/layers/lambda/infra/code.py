"""What the function of each API version runs: a zip in `dist/`, or a published one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from infra import releases
from infra.archive import Archive
from infra.releases import NotPublished, Unusable
from infra.settings import Settings
from serving.release import Build


@dataclass(frozen=True)
class Code:
    """A zip. inputs: of `aws.lambda_.Function`. python: what it runs on, such as 3.13."""

    inputs: Mapping[str, Any]
    python: str


def find_code(settings: Settings) -> dict[str, Code]:
    """The code of each API version that is served.

    Raises:
        pulumi.RunError: a release is not where the stack takes it from; one sentence per problem.
    """
    stack = settings.stack
    found: dict[str, Code] = {}
    problems: list[str] = []
    for name, version in settings.served.items():
        archive = Archive(stack.project, version.release, version.architecture)
        if settings.releases is None:
            zipped = pulumi.FileArchive(archive.path)
            found[name] = Code({"code": zipped}, archive.facts()["python"])
            continue
        try:
            found[name] = _published(settings.releases.bucket, name, archive)
        except Unusable as problem:
            problems.append(f"versions.{name}.release: {problem}")
    if problems:
        said = "\n".join(problems)
        raise pulumi.RunError(f"Pulumi.{stack.name}.yaml can't be used:\n{said}")
    return found


def _published(bucket: str, api_version: str, archive: Archive) -> Code:
    """A published release; in a preview, one that this working tree is about to publish.

    Raises:
        Unusable: there is none.
    """
    where = {"s3_bucket": bucket, "s3_key": releases.key_of(api_version, archive)}
    try:
        release = releases.find(bucket, api_version, archive)
    except NotPublished as missing:
        own = Build.load()
        if (own.api_version, own.release) != (api_version, archive.release):
            raise Unusable(
                f"{missing} was not published; run `make build publish` in a working tree whose"
                f' pyproject.toml says version = "{archive.release}" and api_version ='
                f' "{api_version}", or correct the release.'
            ) from None
        if not pulumi.runtime.is_dry_run():
            raise Unusable(
                f"{missing} is not published yet; run `make build publish"
                f" STACK={pulumi.get_stack()}`."
            ) from None
        pulumi.log.info(f"{api_version}: release {archive.release} is to be published")
        return Code(where, Path(".python-version").read_text("utf-8").strip())
    version = {"s3_object_version": release.version, "source_code_hash": release.sha256}
    return Code(where | version, release.python)
