"""How large the body of a request may be."""

from typing import Annotated

from pydantic import Field

from serving.release import LEAST_BODY_BYTES

# Lambda takes 6 MB for one call. They hold the body as text with escapes, or in base64, which is a
# third longer.
MOST_BODY_BYTES = 4_500_000

type MaxBodyBytes = Annotated[int, Field(ge=LEAST_BODY_BYTES, le=MOST_BODY_BYTES)]
