"""What uvicorn does without any app: the same request unread, an answer that never changes."""

BODY = b'{"predictions":[{"species":"setosa","probability":1.0}]}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope, receive, send) -> None:  # noqa: ARG001 (ASGI hands them over)
    """Answer."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
