"""Secrets that what serves an API version reads when it starts: by their ARNs, never by value."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from infra.config import Example, spelt
from infra.variables import Variable

EXAMPLE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:iris/token-a1B2c3"


def _arn(value: str) -> str:
    # With the characters that AWS adds, for the role may read this and nothing else.
    if not re.fullmatch(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-\w{6}", value
    ):
        remedy = f"write its whole ARN, such as {EXAMPLE}"
        raise ValueError(f"{spelt(value)} is not a secret in Secrets Manager; {remedy}")
    return value


type Secrets = Annotated[
    dict[Variable, Annotated[str, AfterValidator(_arn)]], Example({"API_TOKEN": EXAMPLE})
]


def told(secrets: Mapping[str, str]) -> dict[str, str]:
    """What `serving/secrets.py` reads: which secrets there are; nothing where there are none."""
    text = json.dumps(dict(secrets), separators=(",", ":"), sort_keys=True)
    return {"SECRETS": text} if secrets else {}


def may_read(secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """What a role needs to read these, and no others."""
    arns = sorted({*secrets.values()})
    action = ["secretsmanager:GetSecretValue"]
    return [{"Effect": "Allow", "Action": action, "Resource": arns}] if arns else []
