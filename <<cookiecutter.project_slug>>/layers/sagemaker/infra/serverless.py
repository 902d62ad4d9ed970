"""An endpoint without instances: SageMaker starts containers when calls come."""

from collections.abc import Iterator, Set
from typing import Annotated, Literal

from pydantic import Field

from infra.config import Section

# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
MOST_BODY_BYTES = 4_000_000
# Keys of an API version that say something of instances. Guardrails are for these alone:
# https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
OF_INSTANCES = (
    "instance_type",
    "initial_instance_count",
    "scaling",
    "rollout",
    "startup_seconds",
    "download_seconds",
    "volume_gb",
)


class Serverless(Section):
    """What SageMaker gives an endpoint that has no instances."""

    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    """Memory of each container in MB. Its share of processors grows with it."""

    max_concurrency: Annotated[int, Field(ge=1, le=200)] = 20
    """Most calls at once; more are answered 429."""


def problems(given: Set[str], max_body_bytes: int | None) -> Iterator[str]:
    """What is wrong beside `serverless`; `given`: the keys that are set."""
    for key in OF_INSTANCES:
        if key in given:
            yield f"{key}: is about instances, and serverless is set; remove one of the two."
    if "vpc" in given:
        yield "vpc: is set beside serverless, which is in no network; remove one of the two."
    if max_body_bytes and max_body_bytes > MOST_BODY_BYTES:
        yield (
            f"max_body_bytes: is {max_body_bytes}, and with serverless SageMaker takes"
            f" {MOST_BODY_BYTES}; write that or less."
        )
