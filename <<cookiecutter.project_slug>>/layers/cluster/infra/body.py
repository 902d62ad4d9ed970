"""How large the body of a request may be."""

from typing import Annotated

from pydantic import Field

from serving.release import LEAST_BODY_BYTES, MOST_BODY_BYTES

type MaxBodyBytes = Annotated[int, Field(ge=LEAST_BODY_BYTES, le=MOST_BODY_BYTES)]
