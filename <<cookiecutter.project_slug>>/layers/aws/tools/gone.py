"""What API Gateway answers for a retired version."""

import json

from infra.config import ApiVersion
from infra.openapi import gone
from tools.asking import CannotAsk
from tools.expected import REQUEST_ID, Expected, state_headers
from tools.front import Asked, Front


def retired(front: Front, name: str, version: ApiVersion) -> Asked:
    """A prediction by a retired version, whose paths are all 410.

    Raises:
        CannotAsk: no URL of it is known.
    """
    base_url = front.deployed.base_url(name)
    if base_url is None:
        stack = front.deployed.stack
        raise CannotAsk(f"its URL is not exported yet; run `make deploy STACK={stack}`.")
    problem = gone(name, version)
    headers = {"Content-Type": "application/problem+json"} | state_headers(name, version)
    body = json.loads(problem.body(""))
    expected = Expected(problem.status, headers, (REQUEST_ID,), body=body)
    return front.retired(name, base_url, expected)
