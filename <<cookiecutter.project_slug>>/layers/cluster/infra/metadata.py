"""Labels and annotations of people, as they stand in a stack file."""

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.config import Example, spelt
from infra.names import QUALIFIED
from infra.ours import not_ours

# Of a label; empty will do.
VALUE = r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?"


def _key(value: str, kind: str) -> str:
    not_ours(kind, value)
    if not re.fullmatch(QUALIFIED, value):
        raise ValueError(
            f"{spelt(value)} is no key of {kind}; write one such as team or example.org/team"
        )
    return value


def _label(value: str) -> str:
    if not re.fullmatch(VALUE, value):
        raise ValueError(
            f"{spelt(value)} is not the value of a label; use at most 63 of A-Z, a-z, 0-9, -, _"
            " and ., a letter or digit first and last"
        )
    return value


type LabelKey = Annotated[str, AfterValidator(lambda value: _key(value, "labels"))]
type AnnotationKey = Annotated[str, AfterValidator(lambda value: _key(value, "annotations"))]
type Labels = Annotated[
    dict[LabelKey, Annotated[str, AfterValidator(_label)]], Example({"team": "pricing"})
]
type Annotations = Annotated[dict[AnnotationKey, str], Example({"example.org/owner": "ml"})]
