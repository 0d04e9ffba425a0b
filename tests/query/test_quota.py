"""What one client may use, and that one client never takes the place of another."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from catalog.config import Settings
from server.query.client import QueryClient
from server.query.errors import (
    Busy,
    Cancelled,
    ClientLimit,
    QueryMalformed,
    QueryProblem,
    TimedOut,
    UpdateRefused,
)
from server.query.lexer import outline
from server.query.protocol import Limits
from server.query.quota import Quotas

SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def test_seconds_come_back_within_a_minute() -> None:
    quotas = Quotas(Limits(client_seconds=60, client_queries=2))
    for _ in range(3):
        assert quotas.refusal("a", 0.0) is None
        quotas.waits("a", 0.0)
        quotas.runs("a", 0.0)
        quotas.ended("a", 25.0, "", 0.0)
    over = quotas.refusal("a", 0.0)
    assert over is not None
    assert (over.limit, over.retry_after) == (60, 15)
    assert quotas.refusal("b", 0.0) is None
    assert quotas.refusal("a", 14.0) is not None
    assert quotas.refusal("a", 16.0) is None


def test_seconds_come_back_however_often_one_looks() -> None:
    quotas = Quotas(Limits(client_seconds=60))
    quotas.waits("a", 0.0)
    quotas.runs("a", 0.0)
    quotas.ended("a", 62.0, "", 0.0)
    looks = [quotas.refusal("a", number * 0.0004) for number in range(6_000)]
    assert looks[4_900] is not None
    assert looks[-1] is None


def test_queries_at_once() -> None:
    quotas = Quotas(Limits(client_queries=2, client_waiting=1))
    for _ in range(3):
        assert quotas.refusal("a", 0.0) is None
        quotas.waits("a", 0.0)
    over = quotas.refusal("a", 0.0)
    assert over is not None
    assert over.limit == 3
    quotas.ended("a", None, Busy.code, 0.0)
    assert quotas.refusal("a", 0.0) is None


def test_errors_are_counted_but_those_of_the_server_are_not() -> None:
    quotas = Quotas(Limits(client_errors=3))
    for code in ("busy", "query-unavailable", "query-cancelled", ""):
        quotas.refused("a", code, 0.0)
    assert quotas.refusal("a", 0.0) is None
    for _ in range(3):
        quotas.refused("a", "query-malformed", 0.0)
    over = quotas.refusal("a", 0.0)
    assert over is not None
    assert over.retry_after == 20
    assert quotas.refusal("a", 20.0) is None


def test_one_client_never_has_all_workers_and_a_heavy_one_not_the_last() -> None:
    quotas = Quotas(Limits(workers=3, client_seconds=60))
    for _ in range(2):
        assert quotas.may_run("a", 3, 0.0)
        quotas.waits("a", 0.0)
        quotas.runs("a", 0.0)
    assert not quotas.may_run("a", 1, 0.0)
    assert quotas.may_run("b", 1, 0.0)
    quotas.ended("a", 31.0, "", 0.0)
    assert quotas.may_run("a", 2, 0.0)
    assert not quotas.may_run("a", 1, 0.0)
    few = Quotas(Limits(workers=8, client_queries=2))
    for _ in range(2):
        assert few.may_run("a", 8, 0.0)
        few.waits("a", 0.0)
        few.runs("a", 0.0)
    assert not few.may_run("a", 6, 0.0)
    alone = Quotas(Limits(workers=1))
    assert alone.may_run("a", 1, 0.0)


def test_by_default_a_client_has_as_many_at_once_as_it_may_and_leaves_a_worker() -> None:
    limits = Limits()
    quotas = Quotas(limits)
    for number in range(limits.client_queries):
        assert quotas.may_run("a", limits.workers - number, 0.0)
        quotas.waits("a", 0.0)
        quotas.runs("a", 0.0)
    free = limits.workers - limits.client_queries
    assert free >= 1
    assert not quotas.may_run("a", free, 0.0)
    assert quotas.may_run("b", free, 0.0)
    assert limits.workers == Settings(home=Path()).query_workers


def test_nothing_is_limited_that_is_set_to_0_or_has_no_name() -> None:
    quotas = Quotas(Limits(client_queries=0, client_seconds=0, client_errors=0))
    for _ in range(50):
        quotas.waits("a", 0.0)
        quotas.refused("a", "query-malformed", 0.0)
    assert quotas.refusal("a", 0.0) is None
    quotas.ended("", 1.0, "", 0.0)
    assert quotas.refusal("", 0.0) is None


def test_clients_are_forgotten_once_they_owe_nothing() -> None:
    quotas = Quotas(Limits())
    for number in range(500):
        quotas.refused(f"client {number}", "query-malformed", float(number))
    assert len(quotas) < 130


def test_the_broker_turns_a_client_away_and_serves_another(
    tmp_path: Path, start_broker: Callable[..., Any]
) -> None:
    log = tmp_path / "queries.jsonl"
    limits = {"seconds": 1.0, "workers": 2, "client_seconds": 2.4, "client_errors": 4}
    limits |= {"client_queries": 2, "client_waiting": 0}
    with start_broker(tmp_path, log=log, **limits) as broker:
        broker.wait_for(lambda found: list(found["workers"].values()).count("idle") >= 2)
        problems: list[QueryProblem] = []

        def ask() -> None:
            try:
                broker.client.run(SLOW, "json", client="10.0.0.1")
            except QueryProblem as problem:
                problems.append(problem)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        # One of two waits, though a worker is free: it is there for others. The third is turned away.
        broker.wait_for(lambda found: found["running"] == 1 and found["waiting"] == 1 and problems)
        assert broker.client.run("ASK {}", "csv", client="10.0.0.2").read() == b"true"
        # Neither of the two had to end for that.
        assert [type(problem) for problem in problems] == [ClientLimit]
        for thread in threads:
            thread.join()
        kinds = sorted(type(problem).__name__ for problem in problems)
        assert kinds == ["ClientLimit", "TimedOut", "TimedOut"]
        with pytest.raises(TimedOut):
            broker.client.run(SLOW, "json", client="10.0.0.1")
        with pytest.raises(ClientLimit) as over:
            broker.client.run("ASK {}", "json", client="10.0.0.1")
        assert over.value.limit == 2.4
        assert over.value.retry_after is not None
        for query, kind in (("SELECT '", QueryMalformed), ("DROP ALL", UpdateRefused)) * 2:
            with pytest.raises(kind):
                broker.client.run(query, "json", client="10.0.0.3")
        for query in ("ASK {}", "DROP ALL"):
            with pytest.raises(ClientLimit):
                broker.client.run(query, "json", client="10.0.0.3")
        broker.good()
        broker.client.note_cached()
        broker.client.run("ASK {}", "json")
        found = broker.client.stats()
        assert found["cached"] == 1
        assert (
            sum(found["durations"]) == found["answered"] + 5
        )  # three that took too long, two that are no queries
        assert found["problems"]["client-limit"] == 4
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {line["outcome"] for line in lines} == {
        *("answered", "query-timeout", "client-limit", "query-malformed", "query-refused-update")
    }
    slow = [line for line in lines if line["outcome"] == "query-timeout"]
    assert len({line["query"] for line in slow}) == 1
    assert slow[0]["shape"] == "SELECT COUNT"
    assert slow[0]["seconds"] >= 0.5
    text = log.read_text(encoding="utf-8")
    assert "10.0.0" not in text
    assert "?a" not in text


def test_a_program_that_asks_many_things_at_a_time_gets_them_all(
    tmp_path: Path, start_broker: Callable[..., Any]
) -> None:
    with start_broker(tmp_path, workers=2) as broker, ThreadPoolExecutor(16) as pool:
        asked = [
            pool.submit(broker.client.run, f"ASK {{ FILTER({number} >= 0) }}", "csv", client="10.0.0.1")
            for number in range(16)
        ]
        assert {answer.result(timeout=30).read() for answer in asked} == {b"true"}


def test_who_waits_in_vain_for_a_query_of_his_own_is_told_so(
    tmp_path: Path, start_broker: Callable[..., Any]
) -> None:
    limits = {"seconds": 60.0, "workers": 2, "queue_seconds": 0.3}
    with start_broker(tmp_path, **limits) as broker, ThreadPoolExecutor(1) as pool:
        broker.wait_for(lambda found: list(found["workers"].values()).count("idle") >= 2)
        slow = pool.submit(broker.client.run, SLOW, "json", client="10.0.0.1", request_id="slow")
        broker.wait_for(lambda found: found["running"] == 1)
        # A worker is free all the while, and not for this address.
        with pytest.raises(ClientLimit, match="another query of this address is running") as own:
            broker.client.run("ASK {}", "csv", client="10.0.0.1")
        assert (own.value.status, own.value.limit, own.value.retry_after) == (429, 1, 1)
        assert broker.client.run("ASK {}", "csv", client="10.0.0.2").read() == b"true"
        assert broker.client.stats()["problems"]["client-limit"] == 1
        assert broker.client.cancel("slow")
        assert isinstance(slow.exception(timeout=60), Cancelled)
        assert broker.client.run("ASK {}", "csv", client="10.0.0.1").read() == b"true"


def test_a_full_queue_turns_away_whoever_waits_most(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    limits = {"seconds": 3.0, "workers": 2, "queue": 4, "queue_seconds": 30.0}
    with start_broker(tmp_path, **limits) as broker, ThreadPoolExecutor(8) as pool:
        broker.wait_for(lambda found: list(found["workers"].values()).count("idle") >= 2)
        flood = [pool.submit(broker.client.run, SLOW, "json", client="10.0.0.1") for _ in range(5)]
        broker.wait_for(lambda found: found["running"] == 1 and found["waiting"] == 4)
        # One more of the same has no room; another's takes the place of one of them.
        with pytest.raises(Busy, match="waiting already"):
            broker.client.run("ASK {}", "csv", client="10.0.0.1")
        assert broker.client.run("ASK {}", "csv", client="10.0.0.2").read() == b"true"
        problems = [asked.exception(timeout=60) for asked in flood]
        kinds = sorted(type(problem).__name__ for problem in problems)
        assert kinds == ["Busy", "TimedOut", "TimedOut", "TimedOut", "TimedOut"]
        assert any("most of them of this address" in str(problem) for problem in problems)


def test_an_outline_holds_nothing_of_the_content() -> None:
    query = "PREFIX p: <http://e/> SELECT DISTINCT ?name { ?x p:name 'Filter Person' FILTER(?name = 'x') } LIMIT 3"
    assert outline(query) == "SELECT DISTINCT FILTER LIMIT"
    assert outline("SELECT '") == "SELECT"
    assert outline("Example Person") == "?"


def test_a_broker_that_is_gone_counts_nothing(tmp_path: Path) -> None:
    with QueryClient(tmp_path / "none.sock") as client, pytest.raises(UpdateRefused):
        client.run("DROP ALL", "json", client="10.0.0.1")
