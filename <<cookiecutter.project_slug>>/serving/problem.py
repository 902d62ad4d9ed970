"""An answer that is an error: `application/problem+json` (RFC 9457), from the app or the front."""

import msgspec

# The most that a request's body may have, unless the deployment says otherwise.
MAX_BODY_BYTES = 1_048_576
TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    410: "Gone",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

type Headers = tuple[tuple[str, str], ...]


class Problem(Exception):
    """An answer that is an error. `pointer`: where in the body the fault is (RFC 6901)."""

    def __init__(
        self, status: int, detail: str, pointer: str | None = None, headers: Headers = ()
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.pointer, self.headers = status, detail, pointer, headers

    def body(self, request_id: str) -> bytes:
        """The problem as JSON; every problem has the same members."""
        return msgspec.json.encode(
            {
                "type": "about:blank",
                "title": TITLES[self.status],
                "status": self.status,
                "detail": plain(self.detail),
                "pointer": self.pointer and plain(self.pointer),
                "request_id": request_id,
            }
        )


def plain(text: str) -> str:
    """The text without what UTF-8 can't hold: half a surrogate pair."""
    return text.encode(errors="replace").decode()


class Refused(Exception):
    """What a predictor raises where a request keeps its contract and yet can't be predicted.

    The client gets 422 with `sentence`, in whose `pointer` stand:

    row: the index of the instance, in what `predict` was given.
    field: the name that the field has in JSON; without `row` it may name a parameter.

    >>> raise Refused("The picture can't be read.", row=0, field="image")
    """

    def __init__(self, sentence: str, row: int | None = None, field: str | None = None) -> None:
        super().__init__(sentence)
        self.row, self.field = row, field


def not_found() -> Problem:
    """Nothing is served at the request's path."""
    detail = "There is nothing at this path. Predictions are at /<API version>/predict."
    return Problem(404, detail)


def wrong_method(right: str) -> Problem:
    """Another method is served at the request's path: `right`."""
    return Problem(405, f"Use {right} here.", headers=(("Allow", right),))


def too_large(limit: int) -> Problem:
    """The request's body has more than `limit` bytes.

    A client knows nothing of stack files, so no key is named; one instance alone may be too large.
    """
    remedy = "Send fewer instances or smaller values, or ask whoever runs this API to raise it."
    return Problem(413, f"The body is larger than the limit, {limit} bytes. {remedy}")
