"""What the deploy roles of one account copy releases from in another: repositories in ECR."""

from typing import Annotated

from pydantic import AfterValidator

from infra.images import EXAMPLE_REPOSITORY, Repository

EXAMPLE = EXAMPLE_REPOSITORY


def _repository(value: str) -> str:
    Repository.of(value)
    return value


type Source = Annotated[str, AfterValidator(_repository)]
