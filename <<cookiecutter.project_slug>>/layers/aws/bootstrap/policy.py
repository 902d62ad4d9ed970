"""How policies of AWS are written down."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

type Statement = dict[str, Any]
type Condition = Mapping[str, Mapping[str, str | Sequence[str]]]


def allow(
    actions: Sequence[str], resources: str | Sequence[str], condition: Condition | None = None
) -> Statement:
    """A statement that allows actions on resources."""
    return _statement("Allow", actions, {"Resource": resources}, condition)


def deny(
    actions: Sequence[str], resources: str | Sequence[str], condition: Condition | None = None
) -> Statement:
    """A statement that forbids actions on resources, whatever another one allows."""
    return _statement("Deny", actions, {"Resource": resources}, condition)


def deny_elsewhere(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """A statement that forbids actions on all but these resources."""
    if not resources:
        return deny(actions, "*")
    return _statement("Deny", actions, {"NotResource": resources}, None)


def of(statement: Statement, principal: str | Mapping[str, str | Sequence[str]]) -> Statement:
    """The same as part of a policy that a resource has, for whom it is about."""
    return {"Principal": principal, **statement}


def policy(statements: Sequence[Statement]) -> str:
    """A policy, without the blanks that count among the characters that one may have."""
    document = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(document, separators=(",", ":"))


def _statement(
    effect: str,
    actions: Sequence[str],
    resources: Mapping[str, str | Sequence[str]],
    condition: Condition | None,
) -> Statement:
    own: Statement = {"Effect": effect, "Action": [*actions], **resources}
    return own | ({"Condition": condition} if condition else {})
