"""Questions to Prometheus, or to what speaks its API.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import Any, Self, override
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from infra.problems import mapping
from tools.refused import Refused

SECONDS = 60
# More than what a question of ours is answered with.
MOST_BYTES = 200_000_000
WRITE = "write where Prometheus is, such as PROMETHEUS_URL=http://localhost:9090"


@dataclass(frozen=True)
class Series:
    """A metric of one place over time. values: by the second at which each was asked for."""

    labels: Mapping[str, str]
    values: tuple[tuple[float, float], ...]


class _NoRedirect(HTTPRedirectHandler):
    """A token is for the server that was named alone."""

    @override
    def redirect_request(self, *_given: Any, **_named: Any) -> None:
        return None


@dataclass(frozen=True)
class Prometheus:
    """Where it is, and what it lets in by."""

    url: str
    token: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """From PROMETHEUS_URL and PROMETHEUS_TOKEN.

        Raises:
            Refused: the URL is missing, or none.
        """
        url = environ.get("PROMETHEUS_URL", "")
        if not url:
            raise Refused(f"PROMETHEUS_URL is missing; {WRITE}.")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise Refused(f"PROMETHEUS_URL is {url!r}; {WRITE}.")
        return cls(url.rstrip("/"), environ.get("PROMETHEUS_TOKEN", ""))

    def over_time(self, query: str, start: datetime, end: datetime, step: int) -> list[Series]:
        """What a query says from a moment to another, every so many seconds.

        Raises:
            Refused: it can't be asked.
        """
        asked = {"query": query, "start": f"{start.timestamp():.3f}"}
        asked |= {"end": f"{end.timestamp():.3f}", "step": str(step)}
        said = self._answer(f"{self.url}/api/v1/query_range?{urlencode(asked)}")
        try:
            for warning in said.get("warnings") or []:
                print(f"Prometheus says: {warning}", file=sys.stderr)
            return [
                Series(
                    {str(name): str(value) for name, value in each["metric"].items()},
                    tuple(
                        (float(at), float(value))
                        for at, value in each["values"]
                        if math.isfinite(float(value))
                    ),
                )
                for each in said["data"]["result"]
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Refused(f"what {self.url} says is no answer of Prometheus ({error!r}).") from None

    def _answer(self, url: str) -> dict[str, Any]:
        request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 (see of)
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with build_opener(_NoRedirect).open(request, timeout=SECONDS) as response:
                text = response.read(MOST_BYTES)
        except HTTPError as error:
            with error:
                raise Refused(self._refusal(error)) from None
        except (URLError, HTTPException, OSError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise Refused(f"{self.url} does not answer ({reason}); {WRITE}.") from None
        return self._read(text)

    def _read(self, text: bytes) -> dict[str, Any]:
        try:
            said: Any = json.loads(text)
        except ValueError:
            said = None
        if not isinstance(said, dict) or "status" not in said:
            raise Refused(f"{self.url} is no Prometheus; {WRITE}.")
        return mapping(said)  # pyright: ignore[reportUnknownArgumentType]

    def _refusal(self, error: HTTPError) -> str:
        """Why it answers with an error."""
        if error.code in (401, 403):
            return f"{self.url} lets nobody in ({error.code}); set PROMETHEUS_TOKEN, its token."
        try:
            why = str(mapping(json.loads(error.read(MOST_BYTES))).get("error", error.reason))
        except (ValueError, OSError, HTTPException):
            why = f"{error.reason}; {WRITE}"
        return f"{self.url} answers {error.code}: {why}."
