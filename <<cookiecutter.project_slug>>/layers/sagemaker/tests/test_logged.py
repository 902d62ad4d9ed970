"""Where the calls of an API version are found."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from infra.scheme import prefixes
from tests import scheme
from tools.logged import lines
from tools.refused import Refused


def stack(**keys: Any) -> Any:
    return SimpleNamespace(
        stack=SimpleNamespace(prefix="iris-dev"), **{"front": "api_gateway", **keys}
    )


def test_calls_are_the_predictions_in_the_access_log() -> None:
    group, having, fields = lines(stack(logs_requests=True), "v1")
    assert group == f"/aws/apigateway/{scheme.api('v1')}"
    assert fields == ("key_id", "user", "subject")
    start = 'method = "POST" and status not like /^40[13]$/ and path like /'
    assert having.startswith(start)
    pattern = re.compile(having.removeprefix(start).removesuffix("/"))
    for prefix in prefixes("v1"):
        # A base path mapping changes what stands before it.
        assert pattern.search(f"/live{prefix}/predict")
        assert pattern.search(f"{prefix}/predict")
    assert not pattern.search("/live/v1/openapi.json")
    if prefixes("v2") == ("/v2",):  # all API versions are in one log
        assert not pattern.search("/live/v2/predict")


def test_where_no_requests_are_logged_that_is_told() -> None:
    with pytest.raises(Refused, match="write access_logs: true"):
        lines(stack(logs_requests=False), "v1")
    with pytest.raises(Refused, match="front is none"):
        lines(stack(logs_requests=False, front="none"), "v1")
