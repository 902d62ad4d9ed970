"""Which pages may read an answer: API Gateway adds nothing to what a function answers.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import re
from collections.abc import Mapping, Sequence
from typing import Self

from serving.release import WrongDeployment

ORIGIN = r"https?://[a-z0-9.:\[\]-]+"
ORIGINS = re.compile(rf"\*|{ORIGIN}( {ORIGIN})*")
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
# What a page may read beside the media type: all that an answer may say.
SAID = "Allow, Deprecation, Link, Retry-After, Sunset, X-API-Version, X-Model-Release, X-Request-Id"
READABLE = {"Access-Control-Expose-Headers": SAID}


class Cors:
    """What answers say of the pages that may read them, made once."""

    def __init__(self, origins: Sequence[str]) -> None:
        self.by_origin: dict[str | None, Mapping[str, str]] = {}
        if len(origins) == 1:
            self.others: Mapping[str, str] = {ALLOW_ORIGIN: origins[0]} | READABLE
        else:  # a cache must not show a page what another one was told
            self.others = {"Vary": "Origin"}
            self.by_origin = {
                origin: {ALLOW_ORIGIN: origin} | READABLE | self.others for origin in origins
            }

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self:
        """From `CORS_ORIGINS`: origins with a space between them, or `*` for all that there are.

        Raises:
            WrongDeployment: it says something else.
        """
        text = environ["CORS_ORIGINS"]
        if not ORIGINS.fullmatch(text):
            raise WrongDeployment(
                f"CORS_ORIGINS is {text!r}; write *, or origins such as https://app.example.org"
                " with a space between them."
            )
        return cls(text.split(" "))

    def headers(self, origin: str | None) -> Mapping[str, str]:
        """What the answer to a page of an origin says of it; None: to what is no page."""
        return self.by_origin.get(origin, self.others)
