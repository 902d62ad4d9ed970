"""A host name, as it stands in a stack file."""

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.config import spelt


def _hostname(value: str) -> str:
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    address = re.fullmatch(r"[0-9.]+", value)
    if address or len(value) > 253 or not re.fullmatch(rf"{label}(\.{label})*", value):
        raise ValueError(f"{spelt(value)} is not a host name; write one such as iris.example.org")
    return value


type Hostname = Annotated[str, AfterValidator(_hostname)]
