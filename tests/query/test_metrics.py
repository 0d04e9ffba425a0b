"""The operator's metrics: on a port of their own, true, and up to the broker's end."""

from __future__ import annotations

import http.client
import socket
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.metrics import serve_metrics
from server.query.errors import QueryProblem


def scrape(port: int) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_what_happened(broker: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = serve_metrics(broker.client, "127.0.0.1", port)
    try:
        before = scrape(port)
        broker.good()
        with pytest.raises(QueryProblem):
            broker.client.run("SELECT * {", "json")
        after = scrape(port)
        assert after["xafscat_query_broker_up"] == 1
        assert after["xafscat_queries_total[answered]"] - before["xafscat_queries_total[answered]"] == 1
        assert after["xafscat_queries_total[query-malformed]"] >= 1
        assert after["xafscat_query_seconds_count"] - before["xafscat_query_seconds_count"] == 2
        assert after["xafscat_query_seconds_bucket[+Inf]"] == after["xafscat_query_seconds_count"]
        assert after["xafscat_query_release"] == 1
        assert after["xafscat_query_workers_started_total"] >= 2
    finally:
        server.shutdown()
        server.server_close()
