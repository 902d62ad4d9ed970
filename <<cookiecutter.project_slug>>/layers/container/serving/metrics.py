"""What Prometheus is told: on a port of its own, so that no front shows it to clients."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, Info, start_http_server

REQUESTS = Counter("model_serving_requests", "Requests answered, by status.", ["status"])
LATENCY = Histogram(
    "model_serving_latency_seconds",
    "From a request's last byte to its response.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
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


class Answered:
    """Counts responses. Looks each status up once: `labels` takes longer than all the rest."""

    def __init__(self) -> None:
        self.by_status: dict[int, Counter] = {}

    def __call__(self, status: int, seconds: float) -> None:
        """Count one response."""
        counter = self.by_status.get(status)
        if counter is None:
            counter = self.by_status[status] = REQUESTS.labels(str(status))
        counter.inc()
        LATENCY.observe(seconds)


def listen(host: str, port: int) -> None:
    """Serve `/metrics` in a thread that ends with the process."""
    start_http_server(port, host, REGISTRY)
