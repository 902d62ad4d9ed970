"""The key in KMS with which a stack encrypts, where AWS's own are not enough."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator

from infra import placeholder
from infra.config import Example, spelt
from infra.given import Given
from infra.region import problems as in_region

EXAMPLE = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
ARN = r"arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):key/[\w-]+"


def _key(value: str) -> str:
    if not re.fullmatch(ARN, value):
        raise ValueError(f"{spelt(value)} is not a key in KMS; write its ARN, not that of an alias")
    return value


type KmsKey = Annotated[str, AfterValidator(_key), Example(EXAMPLE)]


def problems(given: Given) -> Iterator[str]:
    """A key that the stack's services could not use, or that is nobody's."""
    if found := re.fullmatch(ARN, str(given.raw.get("kms_key"))):
        region, account = found.groups()
        yield from in_region(given, "kms_key", region)
        if given.deploying and account == placeholder.ACCOUNT:
            yield f"kms_key: {found[0]} has a placeholder for an account; write your own."


def may_decrypt(key: str | None) -> list[dict[str, Any]]:
    """What a role needs, to read what is encrypted with a key."""
    return [{"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": key}] if key else []
