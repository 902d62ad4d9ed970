"""Who called, counted by CloudWatch in the logs that it keeps.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.clients import Calls
from tools.refused import Refused

PAUSE_SECONDS, MOST_SECONDS = 1.0, 300.0
# The most lines that a query returns.
MOST_CLIENTS = 10_000
UNDER_WAY = ("Scheduled", "Running")

type Row = Mapping[str, str]


def count(logs: Any, group: str, having: str, by: Sequence[str], since: datetime) -> list[Calls]:
    """The calls that the lines of a log group tell of, by client.

    having: the condition that such a line meets. by: the fields that may say who the client is.

    Raises:
        Refused: CloudWatch does not say.
    """
    query = (
        f"filter {having} | stats count(*) as calls, max(@timestamp) as last_seen by"
        f" {', '.join(by)} | sort calls desc | limit {MOST_CLIENTS}"
    )
    try:
        started = logs.start_query(
            logGroupName=group,
            startTime=int(since.timestamp()),
            endTime=int(time.time()) + 1,
            queryString=query,
        )
        rows = _rows(logs, started["queryId"], group)
    except logs.exceptions.ResourceNotFoundException:
        raise Refused(f"there is no log group {group} in this account and region.") from None
    except (BotoCoreError, ClientError) as error:
        remedy = "this shell needs credentials that may logs:StartQuery and logs:GetQueryResults"
        raise Refused(f"CloudWatch does not read {group} ({error}); {remedy}.") from None
    return [Calls(_client(row, by), _time(row["last_seen"]), int(row["calls"])) for row in rows]


def _rows(logs: Any, query: str, group: str) -> list[Row]:
    """What a query has found, as soon as it has ended."""
    until = time.monotonic() + MOST_SECONDS
    while (said := logs.get_query_results(queryId=query))["status"] in UNDER_WAY:
        if time.monotonic() > until:
            logs.stop_query(queryId=query)
            took = f"has not read {group} within {MOST_SECONDS:.0f} s"
            raise Refused(f"CloudWatch {took}; ask for less, such as SINCE=1d.")
        time.sleep(PAUSE_SECONDS)
    if said["status"] != "Complete":
        raise Refused(f"CloudWatch ended the query of {group}: {said['status']}; ask again.")
    return [{each["field"]: each["value"] for each in row} for row in said["results"]]


def _client(row: Row, by: Sequence[str]) -> str:
    """Who it is; API Gateway writes - for nobody."""
    return next((row[field] for field in by if row.get(field, "-") not in ("", "-")), "")


def _time(value: str) -> datetime:
    """A time in UTC, from milliseconds since 1970 or from text: CloudWatch has both."""
    try:
        return datetime.fromtimestamp(float(value) / 1_000, UTC)
    except ValueError:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
