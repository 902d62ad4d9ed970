"""What Lambda is called with: requests, calls that keep it warm, and what isn't for this function.

Requests come from API Gateway's REST API as proxy events of format 1.0, and from an HTTP API or a
function URL in format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
from collections.abc import Mapping
from typing import Any, cast

from serving.app import Request

# Who calls at intervals: EventBridge's rules and scheduler, and the usual plugin.
TIMERS = ("aws.events", "aws.scheduler", "serverless-plugin-warmup")


class NotARequest(Exception):
    """The event is none that this function answers; says what it is."""

    def __init__(self, event: object) -> None:
        super().__init__(
            f"This function answers requests from API Gateway, and was called with {_kind(event)}."
            " Remove that trigger from the function. Calls that keep it warm are answered: a"
            ' scheduled event, or {"warmer": true}.'
        )


def request_of(event: Mapping[str, Any], fallback_id: str) -> Request:
    """The request that the event holds; `fallback_id`: its id where the front gave none.

    Raises:
        NotARequest: it holds none.
    """
    try:
        return (_format_2 if event.get("version") == "2.0" else _format_1)(event, fallback_id)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise NotARequest(event) from None


def keeps_warm(event: object) -> bool:
    """Whether the event asks for nothing but that the function runs."""
    fields = _fields(event)
    return fields.get("warmer") is True or fields.get("source") in TIMERS


def client_of(event: Mapping[str, Any]) -> str:
    """Who sent a request that `request_of` has read, as API Gateway found it; empty where everybody
    may call.

    The id of an API key, never its value; else whom a token or a signature names.
    """
    context: Mapping[str, Any] = event["requestContext"]
    identity, authorizer = context.get("identity"), context.get("authorizer")
    named = None
    if identity:
        named = _fields(identity).get("apiKeyId") or _fields(identity).get("userArn")
    if authorizer:
        token = _fields(authorizer)
        named = (
            named
            or _fields(token.get("claims")).get("sub")
            or _fields(_fields(token.get("jwt")).get("claims")).get("sub")
            or token.get("principalId")
            or _fields(token.get("iam")).get("userArn")
        )
    return named if isinstance(named, str) else ""


def _format_1(event: Mapping[str, Any], fallback_id: str) -> Request:
    resource: str = event["resource"]
    headers: dict[str, list[str]] = {}
    for name, values in _headers(event).items():  # as the client spelt them: one may come twice
        headers.setdefault(name.lower(), []).extend(values)
    return Request(
        method=event["httpMethod"],
        # A base path mapping changes the path, never the resource; "{proxy+}" names no path.
        path=event["path"] if "{" in resource else resource,
        headers={name: ", ".join(several) for name, several in headers.items()},
        body=_body(event),
        fallback_id=event["requestContext"].get("requestId") or fallback_id,
    )


def _format_2(event: Mapping[str, Any], fallback_id: str) -> Request:
    context = event["requestContext"]
    return Request(
        method=context["http"]["method"],
        # Of an HTTP API the path begins with the stage, unless that is the default.
        path=event["rawPath"].removeprefix(f"/{context['stage']}"),
        headers=event["headers"] or {},
        body=_body(event),
        fallback_id=context.get("requestId") or fallback_id,
    )


def _headers(event: Mapping[str, Any]) -> Mapping[str, list[str]]:
    several: Mapping[str, list[str]] | None = event.get("multiValueHeaders")
    single: Mapping[str, str] = event.get("headers") or {}
    return several or {name: [value] for name, value in single.items()}


def _body(event: Mapping[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    if event["isBase64Encoded"]:
        return base64.b64decode(body)
    # Half a surrogate pair makes no UTF-8: the app refuses that, as it does elsewhere.
    return body.encode(errors="surrogatepass")


def _kind(event: object) -> str:
    """The kind of an event, by what AWS's services write into it; none of a client's values."""
    fields = _fields(event)
    if not isinstance(event, Mapping):
        return f"a value of type {type(event).__name__}"
    records = fields.get("Records")
    first = cast("list[object]", records)[0] if records and isinstance(records, list) else fields
    for key in ("eventSource", "EventSource", "source"):
        if source := _fields(first).get(key):
            return f"an event of {source}"
    if "elb" in _fields(fields.get("requestContext")):
        return "a request from an Application Load Balancer"
    return f"an event with the keys {', '.join(sorted(fields))}" if fields else "an empty event"


def _fields(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
