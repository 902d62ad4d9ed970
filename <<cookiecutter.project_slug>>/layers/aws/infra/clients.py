"""Clients that have keys of their own, and how much they may ask with each."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, override

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt
from infra.given import Given
from infra.problems import mapping

# Both stand in the names of keys, which logs and the console show, with a _ between them.
CLIENT, KEY = r"[a-z0-9][a-z0-9-]{0,31}", r"[a-z0-9][a-z0-9-]{0,15}"
EXAMPLE = {"acme": {"rate": 10, "burst": 20, "quota_per_day": 100_000}}


def _client(value: str) -> str:
    if not re.fullmatch(CLIENT, value):
        remedy = "use at most 32 of a-z, 0-9 and -, no - first"
        raise ValueError(f"{spelt(value)} is not a name of a client; {remedy}")
    return value


def _key(value: str) -> str:
    if not re.fullmatch(KEY, value):
        remedy = "use at most 16 of a-z, 0-9 and -, no - first"
        raise ValueError(f"{spelt(value)} is not a name of a key; {remedy}")
    return value


def named(prefix: str, client: str) -> str:
    """What the names of a client's keys start with, and its plan is called. prefix: the stack's."""
    return f"{prefix}-client-{client}"


def client_of(prefix: str, name: str) -> str:
    """Whose key of a stack has this name; what is no client's key goes by its name."""
    own, client = named(prefix, ""), name.partition("_")[0]
    return client.removeprefix(own) if name.startswith(own) else name


class Client(Section):
    """A client: its keys, and what it may ask with each of them."""

    rate: Annotated[Annotated[int, Field(ge=1, le=100_000)] | None, Example(10)] = None
    """Requests per second with each of its keys, on average; more are answered 429. It needs
    burst. The limits of throttle hold beside it."""

    burst: Annotated[Annotated[int, Field(ge=1, le=100_000)] | None, Example(20)] = None
    """Requests with each of its keys that may arrive at once. It needs rate."""

    quota_per_day: Annotated[
        Annotated[int, Field(ge=1, le=2_147_483_647)] | None, Example(100_000)
    ] = None
    """Requests per day (UTC) with each of its keys; more are answered 429."""

    keys: Annotated[tuple[Annotated[str, AfterValidator(_key)], ...], Example(["a", "b"])] = ("a",)
    """The names of its keys. To change a key, add one, hand it out, then remove the old one."""

    @override
    def between_keys(self) -> Iterator[str]:
        # The provider sends 0 for what is left out, which lets nothing through.
        for key, beside in (("rate", "burst"), ("burst", "rate")):
            if getattr(self, key) is None and getattr(self, beside) is not None:
                yield f"{key}: is missing, and {beside} is set; add it, or remove {beside}."
        if not self.keys:
            yield "keys: is empty; name one, such as a."
        for key, count in Counter(self.keys).items():
            if count > 1:
                yield f"keys: names {key} {count} times; write it once."


type Clients = Annotated[dict[Annotated[str, AfterValidator(_client)], Client], Example(EXAMPLE)]


def problems(given: Given) -> Iterator[str]:
    """Keys that would open nothing; a stack that nobody could call."""
    auth = given.raw.get("auth", "api_key")
    if auth in ("iam", "none") or isinstance(auth, dict):
        for key in ("clients", "default_key"):
            if key in given.raw:
                yield f"{key}: is set, and auth is not api_key; remove it, or write auth: api_key."
    elif given.raw.get("default_key") is False and not mapping(given.raw.get("clients")):
        yield "default_key: is false, and there are no clients; add one, or remove it."
