"""What Prometheus is told: on a port of its own, so that no front shows it to clients."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import override

from prometheus_client import REGISTRY, Gauge, Histogram, Info, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BATCH = Histogram(
    "model_serving_batch_instances",
    "Instances predicted at once.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
BATCH_LIMIT = Gauge(
    "model_serving_batch_limit", "Instances that are worth predicting at once, as measured."
)
LOAD = Gauge("model_serving_load_seconds", "How long loading and warming up the model took.")
BUILD = Info("model_serving_build", "What is served here.")
IN_FLIGHT = Gauge("model_serving_in_flight", "Requests being answered.")
QUEUED = Gauge("model_serving_queued", "Requests that wait for the model.")


class Answered(Collector):
    """Counts responses. prometheus_client's own metrics would take a tenth of a request's time."""

    # Seconds, the last for all that take longer.
    BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, float("inf"))

    def __init__(self) -> None:
        self.statuses = Counter[int]()
        self.clients = Counter[tuple[int, str]]()
        self.within = [0] * len(self.BOUNDS)
        self.seconds = 0.0

    def __call__(self, status: int, seconds: float, client: str | None = None) -> None:
        """Count one response. client: whose, where they are told apart."""
        if client is None:
            self.statuses[status] += 1
        else:
            self.clients[status, client] += 1
        self.within[bisect_left(self.BOUNDS, seconds)] += 1
        self.seconds += seconds

    @override
    def collect(self) -> Iterator[Metric]:
        labels = ["status", "client"] if self.clients else ["status"]
        requests = CounterMetricFamily(
            "model_serving_requests", "Requests answered, by status.", labels=labels
        )
        for status, count in [*self.statuses.items()]:
            requests.add_metric([str(status)], count)
        for (status, client), count in [*self.clients.items()]:
            requests.add_metric([str(status), client], count)
        yield requests
        bounds = ["+Inf" if each == float("inf") else str(float(each)) for each in self.BOUNDS]
        yield HistogramMetricFamily(
            "model_serving_latency_seconds",
            "From a request's last byte to its response.",
            buckets=[*zip(bounds, accumulate(self.within), strict=True)],
            sum_value=self.seconds,
        )


ANSWERED = Answered()
REGISTRY.register(ANSWERED)


def listen(host: str, port: int) -> None:
    """Serve `/metrics` in a thread that ends with the process."""
    start_http_server(port, host, REGISTRY)
