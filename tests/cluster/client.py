"""One client that looks at one answer."""

import time
from collections.abc import Callable

from tests.cluster.load import Target
from tests.local_cloud.stack import EXAMPLE, JSON, Answer, send


def ask(where: Target, body: bytes = EXAMPLE, method: str = "POST", **headers: str) -> Answer:
    """One answer through the gateway."""
    own = {**JSON, **where.headers, **headers}
    return send(method, f"{where.url}{where.path}", own, body, timeout=10)


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as a condition holds; fail where it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


def release_of(answer: Answer) -> str | None:
    """The release that answered; None where it was the gateway itself."""
    return answer.headers.get("x-model-release")
