"""What an operator watches, for Prometheus: served on an address of its own, which the world does not reach.

The figures are the broker's, asked for at each scrape; they tell how many and how long, never who or what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from server.query.broker import DURATIONS
from server.query.errors import QueryProblem

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from server.query.client import QueryClient


class QueryCollector(Collector):
    """The broker's statistics as metrics; ``xafscat_query_broker_up`` is 0 while it does not answer."""

    def __init__(self, client: QueryClient) -> None:
        self._client = client

    def collect(self) -> Iterator[Metric]:
        """The metrics of this moment."""
        try:
            found = self._client.stats()
        except QueryProblem:
            found = {}
        up = bool(found) and found["state"] == "ready"
        yield GaugeMetricFamily("xafscat_query_broker_up", "Whether queries are answered.", value=int(up))
        if found:
            yield from _metrics(found)


def _metrics(found: dict[str, Any]) -> Iterator[Metric]:
    queries = CounterMetricFamily("xafscat_queries", "Queries by outcome.", labels=["outcome"])
    queries.add_metric(["answered"], found["answered"])
    queries.add_metric(["cached"], found["cached"])
    for code, count in sorted(found["problems"].items()):
        queries.add_metric([code], count)
    yield queries
    buckets, total = [], 0
    for bound, count in zip(
        (*(f"{bound:g}" for bound in DURATIONS), "+Inf"), found["durations"], strict=True
    ):
        total += count
        buckets.append((bound, float(total)))
    yield HistogramMetricFamily(
        "xafscat_query_seconds", "Seconds of evaluation.", buckets=buckets, sum_value=found["seconds"]
    )
    yield CounterMetricFamily("xafscat_query_result_bytes", "Bytes of answers.", value=found["bytes"])
    for name, text, value in (
        ("running", "Queries being evaluated.", found["running"]),
        ("waiting", "Queries waiting for a worker.", found["waiting"]),
        ("clients", "Clients whose quota is not full.", found["clients"]),
        ("release", "The number of the release queries are answered from.", found["release"] or 0),
    ):
        yield GaugeMetricFamily(f"xafscat_query_{name}", text, value=value)
    workers = GaugeMetricFamily("xafscat_query_workers", "Worker processes by state.", labels=["state"])
    states = list(found["workers"].values())
    for state in sorted({"idle", "busy", *states}):
        workers.add_metric([state], states.count(state))
    yield workers
    yield CounterMetricFamily(
        "xafscat_query_workers_started",
        "Workers started since the broker was.",
        value=found["workers_started"],
    )


def serve_metrics(client: QueryClient, host: str, port: int) -> WSGIServer:
    """Serve the metrics in a thread until the server is shut down. Raises OSError when the address is taken."""
    registry = CollectorRegistry()
    registry.register(QueryCollector(client))
    server, _ = start_http_server(port, host, registry)
    return server
