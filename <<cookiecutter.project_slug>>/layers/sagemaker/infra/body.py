"""How large the body of a request may be."""

from typing import Annotated

from pydantic import Field

from serving.release import LEAST_BODY_BYTES

# SageMaker takes 6 MB for one call, and API Gateway in front of it 10.
MOST_BODY_BYTES = 6_000_000

type MaxBodyBytes = Annotated[int, Field(ge=LEAST_BODY_BYTES, le=MOST_BODY_BYTES)]
