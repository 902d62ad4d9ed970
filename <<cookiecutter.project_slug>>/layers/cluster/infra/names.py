"""Names as Kubernetes takes them, as they stand in a stack file."""

import re
from typing import Annotated

from pydantic import AfterValidator

from infra.config import spelt

NAMESPACE = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# A key of labels and the like: a name, before it perhaps a domain and a slash.
DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/"
QUALIFIED = rf"({DOMAIN})?[A-Za-z0-9]([A-Za-z0-9._-]{{0,61}}[A-Za-z0-9])?"


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", value):
        raise ValueError(f"{spelt(value)} is not a name in Kubernetes; use a-z, 0-9, . and -")
    return value


def _namespace(value: str) -> str:
    if not re.fullmatch(NAMESPACE, value):
        raise ValueError(f"{spelt(value)} is not a namespace; use at most 63 of a-z, 0-9 and -")
    return value


def _class(value: str) -> str:
    if not re.fullmatch(QUALIFIED, value):
        raise ValueError(
            f"{spelt(value)} is no class of load balancers; write one such as service.k8s.aws/nlb"
        )
    return value


type ClassName = Annotated[str, AfterValidator(_class)]
type Name = Annotated[str, AfterValidator(_name)]
type NamespaceName = Annotated[str, AfterValidator(_namespace)]
