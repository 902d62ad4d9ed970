"""One client that looks at one answer."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.cluster.load import Target
from tests.local_cloud.stack import Answer

EXAMPLE = json.dumps(
    {
        "instances": [
            {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
        ]
    }
).encode()


def ask(where: Target, body: bytes = EXAMPLE, method: str = "POST", **headers: str) -> Answer:
    """One answer through the gateway."""
    address = urlsplit(where.url)
    connection = HTTPConnection(address.hostname or "", address.port or 80, timeout=10)
    own = {"Content-Type": "application/json", **where.headers, **headers}
    connection.request(method, where.path, body, own)
    response = connection.getresponse()
    lower = {name.lower(): value for name, value in response.getheaders()}
    answer = Answer(response.status, lower, response.read())
    connection.close()
    return answer


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as a condition holds; fail where it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


def release_of(answer: Answer) -> str | None:
    """The release that answered; None where it was the gateway itself."""
    return answer.headers.get("x-model-release")
