"""Who has called an API version, as Prometheus has counted: PROMETHEUS_URL, PROMETHEUS_TOKEN."""

import math
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.cluster import Stack
from infra.problems import mapping
from serving.clients import CHECK
from tools import stack_file
from tools.clients import Calls
from tools.prometheus import Prometheus, Series
from tools.refused import Refused

ROOT = Path(__file__).parent.parent
# Into how many steps the time is cut: Prometheus takes 11,000 at most. And their least seconds.
STEPS, LEAST = 2_000, 15
# For how long Prometheus may not have read a pod that is there.
GAP_SECONDS = 300
# Whose calls a release has counted that did not know the keys yet.
UNKNOWN = "unknown"
APART = (
    "Clients are not told apart, and `make check` is among them: the keys client_header and clients"
    " in Pulumi.{}.yaml tell them apart from the next deploy on."
)


@dataclass(frozen=True)
class Pod:
    """What Prometheus has read of a pod. started: its first process; first, last: when read."""

    started: float
    first: float
    last: float


def calls(version: str, stack: str, since: datetime) -> list[Calls]:
    """The calls since a moment, by client.

    Raises:
        Refused: they can't be asked for, or nobody is known to have called and not all is known.
    """
    project, keys = stack_file.read(ROOT, stack)
    own = {key.removeprefix(f"{project}:"): value for key, value in keys.items()}
    namespace = mapping(own.get("namespace")).get("name") or Stack.own_namespace(project, stack)
    prometheus = Prometheus.of(os.environ)
    end = datetime.now(UTC)
    step = max(LEAST, math.ceil((end - since).total_seconds() / STEPS))
    steps = math.ceil((end - since).total_seconds() / step)
    start = datetime.fromtimestamp(end.timestamp() - steps * step, UTC)
    of = f'namespace="{namespace}",pod=~"{project}-{version}-[a-z0-9]+-[a-z0-9]+"'

    def ask(least_or_most: str, metric: str, by: str) -> list[Series]:
        # By labels, because two that read the same pods say the same twice.
        over = f"{least_or_most}_over_time({metric}{{{of}}}[{step}s])"
        query = f"{least_or_most} by ({by}) ({over})"
        return [each for each in prometheus.over_time(query, start, end, step) if each.values]

    pods = _pods(ask("min", "process_start_time_seconds", "pod"))
    if not pods:
        raise Refused(
            f"{prometheus.url} has read no pod of {version} in {namespace} since"
            f" {start:%Y-%m-%d %H:%M} UTC; list its namespace in network.metrics_from of"
            f" Pulumi.{stack}.yaml, and see that it finds the pods."
        )
    told = own.get("client_header") is not None
    counted = _counted(
        ask("max", "model_serving_requests_total", "pod, status, client"), pods, since
    )
    found = _by_client(counted, told=told)
    retired = _is_retired(own, version)
    if unknown := _unknown(pods.values(), start, end, step, retired=retired):
        if not found:
            raise Refused(f"nobody is known to have called {version}, and {unknown}")
        print(f"This is not all: {unknown}", file=sys.stderr)
    if not told:
        print(APART.format(stack), file=sys.stderr)
    return found


def _is_retired(own: Mapping[str, Any], version: str) -> bool:
    return mapping(mapping(own.get("versions")).get(version)).get("state") == "retired"


def _pods(started: Iterable[Series]) -> dict[str, Pod]:
    """The pods, by name, of series that say when a process of theirs started."""
    pods: dict[str, Pod] = {}
    for each in started:
        name, times = each.labels.get("pod", ""), [at for at, _ in each.values]
        own = Pod(min(value for _, value in each.values), times[0], times[-1])
        if other := pods.get(name):
            own = Pod(
                min(own.started, other.started),
                min(own.first, other.first),
                max(own.last, other.last),
            )
        pods[name] = own
    return pods


def _counted(
    requests: Iterable[Series], pods: Mapping[str, Pod], since: datetime
) -> Iterable[tuple[str, float, float]]:
    """What each counter has grown by: the client's label, by how much, and when last."""
    for each in requests:
        pod = pods.get(each.labels.get("pod", ""))
        first = each.values[0][0]
        # What a pod had counted before is not of this time; what it begins to count, is.
        older = pod is None or (pod.started < since.timestamp() and first <= pod.first)
        before, grown, last = (each.values[0][1] if older else 0.0), 0.0, first
        for at, value in each.values:
            # Less than before: the server has started anew.
            if more := value - before if value >= before else value:
                grown, last = grown + more, at
            before = value
        if grown:
            yield each.labels.get("client", UNKNOWN), grown, last


def _by_client(counted: Iterable[tuple[str, float, float]], *, told: bool) -> list[Calls]:
    """The same by client; without `told` all are one."""
    found: dict[str, Calls] = {}
    for label, grown, last in counted:
        client = label if told else ""
        if client != CHECK:  # a deploy asks every API version whether it is there
            seen = datetime.fromtimestamp(last, UTC)
            before = found.get(client, Calls(client, seen, 0))
            found[client] = Calls(client, max(seen, before.last_seen), before.calls + round(grown))
    return [*found.values()]


def _unknown(
    pods: Iterable[Pod], start: datetime, end: datetime, step: int, *, retired: bool
) -> str:
    """What of the time Prometheus has not seen; empty where it has seen all."""
    several, gap = [*pods], max(2 * step, GAP_SECONDS)
    begin, last = min(each.first for each in several), max(each.last for each in several)
    ran = min(each.started for each in several if each.first == begin)
    if begin > start.timestamp() + gap and ran < begin - gap:
        return (
            f"Prometheus has read its pods since {_moment(begin)} alone, and they ran before; look"
            " back for less, or have it keep more."
        )
    if not retired and last < end.timestamp() - gap:
        return (
            f"Prometheus has read none of its pods since {_moment(last)}; see that it finds them."
        )
    return ""


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
