"""Which releases ECR has: an image is deployed by its digest, which can't change."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pulumi
import pulumi_aws as aws

from infra.given import Given
from infra.images import Repository
from infra.problems import mapping
from serving.release import Build

# The provider says the same of a tag and of a repository that is not there:
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecr
MISSING = r"couldn't find resource|NotFoundException|no results|no matching|empty result"
DENIED = r"AccessDenied|not authorized"


class Unsaid(Exception):
    """AWS does not say what there is: a sentence without its key."""


def problems(given: Given, tags: Mapping[str, str]) -> Iterator[str]:
    """Why releases can't be deployed; the digests of the others are then among what was found.

    tags: by API version. A preview may come before the release that this working tree is.
    """
    address = str(mapping(given.raw.get("image")).get("repository"))
    with suppress(ValueError):  # which has been told
        repository = Repository.of(address)
        missing: dict[str, str] = {}
        try:
            for name, tag in tags.items():
                if digest := _digest(repository, tag):
                    given.found[name] = digest
                else:
                    missing[name] = tag
            build, previewed = Build.load(), pulumi.runtime.is_dry_run()
            own = {build.api_version: build.release} if previewed else {}
            wrong = {name: tag for name, tag in missing.items() if own.get(name) != tag}
            if wrong and not _exists(repository):
                yield (
                    f"image.repository: there is no {repository.path} in ECR of account"
                    f" {repository.account} in {repository.region}; run `make publish"
                    f" STACK={given.stack}`, which makes it, or correct it."
                )
                return
        except Unsaid as why:
            yield f"image.repository: {why}"
            return
        for name, tag in wrong.items():
            yield (
                f"versions.{name}.release: {address} has no {tag}; run `make build publish"
                f" STACK={given.stack}` in a working tree whose pyproject.toml says version ="
                f' "{tag}" and api_version = "{name}", or correct the release.'
            )
        for name in missing.keys() - wrong.keys():
            pulumi.log.info(
                f"{name}: release {missing[name]} is to be published; this preview has its tag,"
                " where a deploy has its digest"
            )


def _digest(repository: Repository, tag: str) -> str | None:
    """What a tag names; None where it names nothing."""
    try:
        found = aws.ecr.get_image(
            registry_id=repository.account, repository_name=repository.path, image_tag=tag
        )
    except Exception as error:  # Pulumi has no other for what a provider refuses
        if re.search(MISSING, str(error)):
            return None
        raise _unsaid(repository, error) from None
    return found.image_digest


def _exists(repository: Repository) -> bool:
    """Whether a repository is there in which a tag is missing."""
    try:
        aws.ecr.get_repository(registry_id=repository.account, name=repository.path)
    except Exception as error:  # it is there where AWS says any more than that
        return not re.search(MISSING, str(error))
    return True


def _unsaid(repository: Repository, error: Exception) -> Unsaid:
    said = " ".join(str(error).split())
    if re.search(DENIED, said):
        return Unsaid(
            f"account {repository.account} does not let this shell see what is in"
            f" {repository.path}; allow ecr:DescribeImages and ecr:DescribeRepositories on it, or"
            f" add the digest of each release to the stack file ({said})."
        )
    return Unsaid(
        f"AWS does not say what is in {repository.path}; this shell needs credentials of account"
        f" {repository.account}, and aws:region in the stack file ({said})."
    )
