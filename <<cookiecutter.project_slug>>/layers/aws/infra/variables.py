"""Environment variables as a stack file says them: which of them are nobody's but ours."""

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.config import Example, spelt
from infra.ours import NAME, OURS, RESERVED

# What every build reads; behind each the key by which a stack file says it, if there is one.
OF_A_BUILD = {
    "API_VERSION": "",
    "RELEASE": "release",
    "DEPRECATED_ON": "deprecated_on",
    "SUNSET": "sunset",
    "MIGRATION_URL": "migration_url",
    "MAX_BODY_BYTES": "max_body_bytes",
    "SECRETS": "secrets",
}


def _variable(value: str) -> str:
    ours = OF_A_BUILD | OURS
    if value in ours:
        remedy = f"write {ours[value]}" if ours[value] else "remove it"
        raise ValueError(f"is set by this project; {remedy}")
    if re.fullmatch(RESERVED, value):
        raise ValueError("is set by AWS; remove it")
    if not re.fullmatch(NAME, value):
        raise ValueError(f"{spelt(value)} is no environment variable; use A-Z, 0-9 and _")
    return value


type Variable = Annotated[str, AfterValidator(_variable)]
type Env = Annotated[dict[Variable, str], Example({"FEATURES_URL": "https://features.example.org"})]
