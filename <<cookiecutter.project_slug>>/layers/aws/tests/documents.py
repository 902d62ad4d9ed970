"""The documents of the APIs that a program registers."""

import json
from typing import Any

from tests import scheme
from tests.program import Program

ARN = "arn:aws:{}:eu-central-1:123456789012:{}"


def body(program: Program, version: str = "v1") -> dict[str, Any]:
    """The document of the API that serves a version."""
    (put,) = (each for each in program.of("RestApiPut") if each.name == scheme.api(version))
    return json.loads(put.inputs["body"])


def api_changes(version: str) -> set[str]:
    """What changes when the document of a version's API does."""
    return {f"RestApiPut {scheme.api(version)}", f"Deployment {scheme.api(version)}"}


def added(before: Any, after: Any, where: str = "") -> list[str]:
    """The places where `after` holds something that `before` lacks; fails where it lost any."""
    if before == after:
        return []
    assert type(before) is type(after), f"{where} was changed"
    if isinstance(before, dict):
        assert before.keys() <= after.keys(), f"{where} lost {before.keys() - after.keys()}"
        new = [f"{where}{key}" for key in after if key not in before]
        return new + [
            place for key in before for place in added(before[key], after[key], f"{where}{key} ")
        ]
    assert isinstance(before, list), f"{where} was changed"
    assert all(each in after for each in before), f"{where} lost an entry"
    return [where.strip()]
