"""Where the images of all releases are: in a repository of ECR."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, Field

from infra import placeholder
from infra.config import Section, spelt
from infra.given import Given
from infra.problems import mapping
from infra.region import problems as in_region

ECR = r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9][a-z0-9._/-]{0,254})"
EXAMPLE_REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris"


@dataclass(frozen=True)
class Repository:
    """A repository in ECR, taken apart."""

    account: str
    region: str
    path: str

    @classmethod
    def of(cls, address: str) -> Self:
        """The repository at an address, as images are named by, without a tag.

        Raises:
            ValueError: there can be none; the sentence says what to write.
        """
        found = re.fullmatch(ECR, address)
        if not found:
            remedy = f"write one without a tag, such as {EXAMPLE_REPOSITORY}"
            raise ValueError(f"{spelt(address)} is not a repository in ECR; {remedy}")
        return cls(*found.groups())

    @property
    def is_placeholder(self) -> bool:
        """Whether it is nobody's."""
        return self.account == placeholder.ACCOUNT

    def arn(self, partition: str) -> str:
        """Its name in IAM."""
        return f"arn:{partition}:ecr:{self.region}:{self.account}:repository/{self.path}"


def _repository(value: str) -> str:
    Repository.of(value)
    return value


class Image(Section):
    """Where the images of all releases are."""

    repository: Annotated[str, AfterValidator(_repository), Field(examples=[EXAMPLE_REPOSITORY])]
    """A repository in ECR, in the region of the stack, without a tag: that is the release.
    `make publish` makes it where there is none."""

    def arn(self, partition: str) -> str:
        """The repository's name in IAM."""
        return Repository.of(self.repository).arn(partition)


def problems(given: Given) -> Iterator[str]:
    """A repository that SageMaker could not pull from, or that is nobody's."""
    address = str(mapping(given.raw.get("image")).get("repository"))
    with suppress(ValueError):  # which has been told
        repository = Repository.of(address)
        yield from in_region(given, "image.repository", repository.region)
        if given.deploying and repository.is_placeholder:
            yield f"image.repository: {address} has a placeholder for an account; write your own."
