"""What the deploy roles of one account copy releases from in another: buckets."""

from typing import Annotated

from infra.bucket import a_bucket

EXAMPLE = "iris-releases"
type Source = Annotated[str, a_bucket(EXAMPLE)]
