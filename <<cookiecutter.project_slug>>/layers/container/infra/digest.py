"""The digest of an image, as it stands in a stack file."""

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.config import Example, spelt


def _digest(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise ValueError(f"{spelt(value)} is not a digest; write sha256: and 64 of 0-9 and a-f")
    return value


type Digest = Annotated[str, AfterValidator(_digest), Example(f"sha256:{'0123456789abcdef' * 4}")]
