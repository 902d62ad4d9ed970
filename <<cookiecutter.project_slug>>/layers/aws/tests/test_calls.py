"""Who calls, as CloudWatch tells it: the query, its end, the names of keys."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools import calls, insights
from tools.calls import calls as ask
from tools.clients import Calls
from tools.deployed import Wanted
from tools.logged import lines
from tools.refused import Refused

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
LATE, LATER = datetime(2026, 11, 30, 9, tzinfo=UTC), datetime(2026, 11, 30, 10, tzinfo=UTC)
STACK: Any = SimpleNamespace(
    stack=SimpleNamespace(prefix="iris-prod"),
    logs_requests=True,
    front="api_gateway",
    log_retention_days=14,
)
GROUP, HAVING, BY = lines(STACK, "v1")
KEYS = {"k1": "iris-prod", "k2": "iris-prod-client-acme_a", "k3": "iris-prod-client-acme_b"}


class Missing(Exception):
    """Of a log group."""


class Aws:
    """CloudWatch and API Gateway, as far as they are asked here.

    answers: what is said of the query, one after the other.
    """

    exceptions = SimpleNamespace(ResourceNotFoundException=Missing)

    def __init__(self, *answers: Mapping[str, Any], refuses: Exception | None = None) -> None:
        self.answers, self.refuses = [*answers], refuses
        self.asked: dict[str, Any] = {}
        self.stopped = False

    def start_query(self, **asked: Any) -> Mapping[str, str]:
        if self.refuses:
            raise self.refuses
        self.asked = asked
        return {"queryId": "q"}

    def get_query_results(self, **_: str) -> Mapping[str, Any]:
        return self.answers.pop(0) if self.answers[1:] else self.answers[0]

    def stop_query(self, **_: str) -> None:
        self.stopped = True

    def get_api_key(self, **asked: str) -> Mapping[str, str]:
        assert [*asked] == ["apiKey"]  # never its value
        if asked["apiKey"] not in KEYS:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetApiKey")
        return {"name": KEYS[asked["apiKey"]]}


def complete(*rows: Sequence[str]) -> Mapping[str, Any]:
    """What a query has found: count, time and client of each row."""
    return {
        "status": "Complete",
        "results": [
            [
                {"field": "calls", "value": count},
                {"field": "last_seen", "value": seen},
                *({"field": BY[0], "value": client} for client in clients),
            ]
            for count, seen, *clients in rows
        ],
    }


def answered(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> Aws:
    """The stack iris-prod, and an AWS that answers so."""
    monkeypatch.setattr(Wanted, "of", lambda _: ({}, STACK))
    monkeypatch.setattr(calls, "client", lambda *_: aws)
    monkeypatch.setattr(insights, "PAUSE_SECONDS", 0)
    return aws


def test_clients_go_by_the_names_of_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = answered(
        monkeypatch,
        Aws(
            {"status": "Running", "results": []},
            complete(
                ["7", "1796000000000", "k2"],
                ["5", "2026-11-30 10:00:00.000", "k3"],
                ["3", "2026-11-30 09:00:00.000", "k1"],
                ["2", "2026-11-30 09:00:00.000", "gone"],
                ["1", "2026-11-30 09:00:00.000", "arn:aws:iam::123456789012:user/a"],
                ["1", "2026-11-30 09:00:00.000", "-"],
                ["1", "2026-11-30 10:00:00.000"],
            ),
        ),
    )
    assert ask("v1", "prod", SINCE) == [
        Calls("acme", LATER, 12),
        Calls("iris-prod", LATE, 3),
        Calls("gone", LATE, 2),
        Calls("arn:aws:iam::123456789012:user/a", LATE, 1),
        Calls("", LATER, 2),
    ]
    assert aws.asked["startTime"] == int(SINCE.timestamp())
    assert abs(aws.asked["endTime"] - datetime.now(UTC).timestamp()) < 10
    assert aws.asked["logGroupName"] == GROUP
    assert aws.asked["queryString"].startswith(f"filter {HAVING} | stats count(*) as calls, max(")
    assert f" by {', '.join(BY)} | " in aws.asked["queryString"]


def test_a_role_with_the_mark_of_a_key_in_its_name_is_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    role = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_01/bob"
    answered(monkeypatch, Aws(complete(["1", "1.796E12", role])))
    ((client, seen),) = ((each.client, each.last_seen) for each in ask("v1", "prod", SINCE))
    assert (client, seen.year) == (role, 2026)


def test_nobody_is_said_of_no_time_whose_log_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    answered(monkeypatch, Aws(complete()))
    now = datetime.now(UTC)
    assert ask("v1", "prod", now - timedelta(days=14)) == []
    with pytest.raises(Refused, match=r"is kept for 14 days .*; ask SINCE=14d"):
        ask("v1", "prod", now - timedelta(days=15))


@pytest.mark.parametrize(
    ("aws", "sentence"),
    [
        (Aws(refuses=Missing()), "there is no log group /aws/"),
        (
            Aws(refuses=ClientError({"Error": {"Code": "AccessDenied"}}, "StartQuery")),
            "this shell needs credentials that may logs:StartQuery and logs:GetQueryResults.",
        ),
        (Aws({"status": "Failed"}), ": Failed; ask again."),
        (Aws({"status": "Running"}), "ask for less, such as SINCE=1d."),
    ],
)
def test_what_cloudwatch_does_not_say_is_told(
    monkeypatch: pytest.MonkeyPatch, aws: Aws, sentence: str
) -> None:
    monkeypatch.setattr(insights, "MOST_SECONDS", 0.01)
    answered(monkeypatch, aws)
    with pytest.raises(Refused) as raised:
        ask("v1", "prod", datetime.now(UTC) - timedelta(days=1))
    assert sentence in str(raised.value)
    assert aws.stopped is ("SINCE" in sentence)
