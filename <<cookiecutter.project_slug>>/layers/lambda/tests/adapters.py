"""Every way to the app, by name."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from email.message import Message

from serving.lambda_handler import Handler
from tests.support import Adapter, Answer, Headers, answer, over_http, through_app
from tools import gateway


@contextmanager
def through_handler() -> Iterator[Adapter]:
    """The Lambda handler, called with proxy events."""
    handler = Handler()

    def send(method: str, path: str, headers: Headers, body: bytes) -> Answer:
        message = Message()
        for name, value in headers:
            message[name] = value
        event = gateway.proxy_event(method, path, message, body)
        result = handler(event, gateway.Context("context"))
        return answer(result["statusCode"], (*result["headers"].items(),), result["body"].encode())

    yield send


@contextmanager
def through_gateway() -> Iterator[Adapter]:
    """The Lambda handler in a process of its own, behind HTTP."""
    with gateway.functions({}) as running, gateway.server(running, port=0) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield lambda *request: over_http(http.server_port, *request)
        http.shutdown()
        thread.join()


ADAPTERS: dict[str, Callable[[], AbstractContextManager[Adapter]]] = {
    "app": through_app,
    "handler": through_handler,
    "gateway": through_gateway,
}
