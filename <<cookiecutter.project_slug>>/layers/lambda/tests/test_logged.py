"""Where the calls of an API version are found."""

from types import SimpleNamespace
from typing import Any

from tools.logged import lines

STACK: Any = SimpleNamespace(stack=SimpleNamespace(prefix="iris-dev"))


def test_calls_are_in_the_log_of_the_versions_own_function() -> None:
    group, having, fields = lines(STACK, "v1")
    assert (group, fields) == ("/aws/lambda/iris-dev-v1", ("client",))
    assert having == 'ispresent(path) and request_id != "golden"'
