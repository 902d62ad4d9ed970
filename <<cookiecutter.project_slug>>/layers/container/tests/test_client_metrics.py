"""Who calls: metrics and log tell listed clients apart, and no client can make up a name."""

from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.clients import CHECK, NONE, OTHER, Clients
from tests.adapters import free_port, running
from tests.raw import Client, post
from tests.support import EXAMPLE, JSON, PREDICT, over_http

TOLD = {"CLIENT_HEADER": "X-Client", "CLIENTS": "acme,beta"}


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("acme", "acme"),
        ("beta", "beta"),
        (CHECK, CHECK),
        ("ACME", OTHER),
        ("acme, acme", OTHER),
        ("acme,beta", OTHER),
        ("../acme", OTHER),
        ('acme"} 1\n', OTHER),
        (OTHER, OTHER),
        (NONE, OTHER),
        (", ".join(map(str, range(10_000))), OTHER),
        ("", NONE),
        (None, NONE),
    ],
)
def test_a_client_is_one_that_is_listed_or_one_of_the_others(said: str | None, client: str) -> None:
    headers = {} if said is None else {"x-client": said}
    assert Clients("X-Client", ["acme", "beta"]).of(headers) == client


def _requests(text: str) -> dict[tuple[str, str], float]:
    """The counter of requests, by status and client."""
    return {
        (sample.labels["status"], sample.labels["client"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "model_serving_requests_total"
    }


def test_metrics_and_log_say_who_called() -> None:
    port = free_port()
    with running(METRICS_PORT=str(port), **TOLD) as server:
        names = ("acme", "beta", "acme", "mallory", "")
        for place, name in enumerate(names):
            said = (JSON, ("X-Client", name), ("X-Request-Id", f"call-{place}"))
            assert over_http(server.port, "POST", PREDICT, said, EXAMPLE).status == 200
        assert over_http(server.port, "GET", "/nothing", (("x-client", "beta"),), b"").status == 404
        with Client(server.port) as other:  # of which nobody can say who that is
            other.send(b"no request\r\n\r\n")
            assert other.answer().status == 400
        with Client(server.port) as other:
            many = "\r\n".join(["X-Client: " + ",".join(map(str, range(1_000)))] * 10)
            other.send(post(EXAMPLE, many))
            assert other.answer().status == 200
        clients = [server.line(request_id=f"call-{place}")["client"] for place in range(5)]
        assert clients == ["acme", "beta", "acme", OTHER, NONE]
        assert server.line(status=400)["client"] == NONE
        assert _requests(over_http(port, "GET", "/metrics", (), b"").body.decode()) == Counter(
            {
                ("200", "acme"): 2,
                ("200", "beta"): 1,
                ("200", OTHER): 2,
                ("200", NONE): 1,
                ("404", "beta"): 1,
                ("400", NONE): 1,
            }
        )


def test_where_nobody_is_told_apart_no_label_and_no_field_says_who_called() -> None:
    port = free_port()
    with running(METRICS_PORT=str(port)) as server:
        said = (JSON, ("X-Client", "acme"), ("X-Request-Id", "untold"))
        assert over_http(server.port, "POST", PREDICT, said, EXAMPLE).status == 200
        assert "client" not in server.line(request_id="untold")
        text = over_http(port, "GET", "/metrics", (), b"").body.decode()
        assert 'model_serving_requests_total{status="200"} 1.0' in text
        assert "client" not in text
