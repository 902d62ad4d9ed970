"""How the server is set up: from the environment, each variable validated."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from serving.clients import HEADER, MOST, NAME, RESERVED


class WrongOptions(Exception):
    """The environment sets what can't be used; one line per variable."""


ANY = "0.0.0.0"  # noqa: S104 (only where HOST says so)
# For each variable: the least and the most that it may say.
RANGES = {
    "DUAL_STACK": (0, 1),
    "PORT": (0, 65_535),
    "METRICS_PORT": (0, 65_535),
    "MAX_BATCH": (1, 100_000),
    "MAX_QUEUED": (1, 100_000),
    "REQUEST_SECONDS": (1, 3_600),
    "KEEP_ALIVE_SECONDS": (1, 3_600),
    "DRAIN_SECONDS": (0, 3_600),
    "SHUTDOWN_SECONDS": (0, 3_600),
}


@dataclass(frozen=True)
class Options:
    """The table in docs/how-it-works.md says what each variable means."""

    host: str = "127.0.0.1"
    dual_stack: int = 0
    port: int = 8080
    metrics_port: int = 9090
    max_batch: int = 512
    max_queued: int = 1_024
    request_seconds: int = 30
    keep_alive_seconds: int = 620
    drain_seconds: int = 5
    shutdown_seconds: int = 20
    client_header: str = ""
    clients: tuple[str, ...] = ()

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Options":
        """The options that the environment sets, defaults for the others.

        Raises:
            WrongOptions: with one line per variable.
        """
        problems: list[str] = []
        given: dict[str, Any] = {}
        for field in fields(cls):
            name = field.name.upper()
            if name not in environ:
                continue
            text = environ[name]
            if name in RANGES:
                least, most = RANGES[name]
                if re.fullmatch(r"[0-9]{1,6}", text) and least <= int(text) <= most:
                    given[field.name] = int(text)
                else:
                    problems.append(f"{name} is {text!r}; write a number from {least} to {most}.")
            elif name == "CLIENT_HEADER":
                given[field.name] = text
                if not HEADER.fullmatch(text):
                    problems.append(f"{name} is {text!r}; write a header, such as X-Client.")
            elif name == "CLIENTS":
                given[field.name] = names = (*text.split(","),)
                if not _are_clients(names):
                    problems.append(
                        f"{name} is {text!r}; write at most {MOST} names of A-Z, a-z, 0-9,"
                        f" ., _ and - with commas between them, and none of {', '.join(RESERVED)}."
                    )
            elif _is_address(text):
                given[field.name] = text
            else:
                problems.append(f"{name} is {text!r}; write an IP address, such as 0.0.0.0.")
        if ("client_header" in given) != ("clients" in given):
            problems.append("CLIENT_HEADER and CLIENTS belong together: set both or neither.")
        if problems:
            raise WrongOptions("\n".join(problems))
        return cls(**given)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Addresses; the first of them of which this machine has the family is listened on."""
        return ("::", ANY) if self.dual_stack and self.host == ANY else (self.host,)


def _are_clients(names: tuple[str, ...]) -> bool:
    right = all(NAME.fullmatch(each) and each not in RESERVED for each in names)
    return right and len(names) == len({*names}) <= MOST


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
