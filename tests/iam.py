"""What AWS would decide by its policies, as far as those of bootstrap/ use the language of IAM.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

type Policy = Mapping[str, Any]
type Values = str | Sequence[str]


@dataclass(frozen=True)
class Request:
    """What somebody wants to do. context: what conditions can ask about."""

    action: str
    resource: str
    principal: str = ""
    context: Mapping[str, Values] = field(default_factory=dict)


def allowed(
    request: Request,
    identity: Policy,
    boundary: Policy | None = None,
    of_resource: Policy | None = None,
) -> bool:
    """Whether a request within one account passes: of its role, and the policy of a resource."""
    own, others = _says(identity, request), _says(of_resource, request)
    limit = _says(boundary, request) if boundary else {"Allow"}
    if "Deny" in own | others | limit:
        return False
    return "Allow" in own & limit or "Allow" in others


def _says(policy: Policy | None, request: Request) -> set[str]:
    """The effects of all statements that are about a request."""
    return {each["Effect"] for each in (policy or {}).get("Statement", ()) if _is(each, request)}


def _is(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether a statement is about a request."""
    return (
        _matches(statement["Action"], request.action.lower(), str.lower)
        and ("Resource" not in statement or _matches(statement["Resource"], request.resource))
        and not _matches(statement.get("NotResource", ()), request.resource)
        and _is_about(statement.get("Principal", "*"), request.principal)
        and all(
            _holds(operator, request.context.get(key), wanted)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _is_about(principal: Any, who: str) -> bool:
    """Whether somebody is named. An account by itself leaves it to the policies of its roles."""
    return principal == "*" or who in _several(principal.get("AWS", ()))


def _holds(operator: str, given: Values | None, wanted: Values) -> bool:
    """Whether a condition holds; a key that is not there has no value that could be equal."""
    if operator == "Null":
        return (given is None) == (wanted == "true")
    if operator.startswith("ForAllValues:"):
        alone = operator.removeprefix("ForAllValues:")
        return all(_holds(alone, each, wanted) for each in _several(given or ()))
    kind, negated = operator.replace("Not", ""), "Not" in operator
    compare = _matches if kind in ("StringLike", "ArnLike", "ArnEquals") else _equals
    if kind not in ("StringLike", "ArnLike", "ArnEquals", "StringEquals", "Bool"):
        raise NotImplementedError(operator)
    return any(compare(wanted, each) for each in _several(given or ())) != negated


def _equals(wanted: Values, value: str) -> bool:
    return value in _several(wanted)


def _matches(patterns: Values, value: str, of: Callable[[str], str] = str) -> bool:
    """Whether one of several patterns is a value's, `*` and `?` being any text and any letter."""
    wild = (
        re.escape(of(each)).replace(r"\*", ".*").replace(r"\?", ".") for each in _several(patterns)
    )
    return any(re.fullmatch(each, value, re.DOTALL) for each in wild)


def _several(values: Values) -> Sequence[str]:
    return [values] if isinstance(values, str) else values
