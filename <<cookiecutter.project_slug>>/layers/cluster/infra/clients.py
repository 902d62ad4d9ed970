"""Who may be told apart among those who call, as it stands in a stack file."""

from collections.abc import Iterator
from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field

from infra.config import spelt
from infra.given import Given
from serving.clients import HEADER, MOST, NAME, RESERVED

# What is in them is no name.
SECRET = ("authorization", "proxy-authorization", "cookie")


def _header(value: str) -> str:
    if not HEADER.fullmatch(value):
        raise ValueError(f"{spelt(value)} is no header; write one such as X-Client")
    if value.lower() in SECRET:
        raise ValueError(f"{value} holds secrets, and no names; write one such as X-Client")
    return value


def _client(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError(
            f"{spelt(value)} is no name of a client; use at most 64 of A-Z, a-z, 0-9, ., _ and -"
        )
    if value in RESERVED:
        raise ValueError(f"{value} stands for others already; write another name")
    return value


type HeaderName = Annotated[str, AfterValidator(_header)]
type Clients = Annotated[
    tuple[Annotated[str, AfterValidator(_client)], ...], Field(max_length=MOST)
]


def problems(given: Given) -> Iterator[str]:
    """What is wrong between the keys."""
    header, clients = given.raw.get("client_header"), given.raw.get("clients")
    if clients and header is None:
        yield "client_header: is missing, and clients are listed; write one such as X-Client."
    if header is not None and not clients:
        yield "clients: is empty, and client_header is set; list what clients write there."
    if isinstance(clients, list):
        names = [str(each) for each in cast("list[Any]", clients)]
        for place, name in enumerate(names):
            if name in names[:place]:
                yield f"clients.{place}: {name} is listed already; remove one."
