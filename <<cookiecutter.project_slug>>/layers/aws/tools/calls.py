"""Who has called an API version, as its log in CloudWatch says."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.clients import client_of
from tools.asking import CannotAsk
from tools.clients import Calls
from tools.credentials import client
from tools.deployed import Wanted
from tools.insights import count
from tools.logged import lines
from tools.refused import Refused


def calls(version: str, stack: str, since: datetime) -> list[Calls]:
    """The calls since a moment, by client; a key goes by its name.

    Raises:
        Refused: they can't be asked for.
    """
    try:
        config, settings = Wanted.of(stack)
        logs = client("logs", stack, config)
        found = count(logs, *lines(settings, version), since)
        gateway = client("apigateway", stack, config)
    except CannotAsk as reason:
        raise Refused(str(reason)) from None
    days = settings.log_retention_days
    if not found and datetime.now(UTC) - since > timedelta(days=days, hours=1):
        kept = f"its log is kept for {days} days (log_retention_days)"
        raise Refused(f"nobody is known to have called {version}, and {kept}; ask SINCE={days}d.")
    named: Mapping[str, list[Calls]] = defaultdict(list)
    for each in found:
        name = _name(gateway, each.client)
        named[client_of(settings.stack.prefix, name)].append(each)
    return [
        Calls(name, max(each.last_seen for each in own), sum(each.calls for each in own))
        for name, own in named.items()
    ]


def _name(gateway: Any, client: str) -> str:
    """The name of a key of API Gateway; what is none, or is gone, as it is."""
    if not client.isalnum():
        return client
    try:
        return gateway.get_api_key(apiKey=client)["name"]
    except (BotoCoreError, ClientError):
        return client
