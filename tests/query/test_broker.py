"""The broker: answers, formats, limits, cancelling, dying workers, new releases, a clean end."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from server.query.client import QueryClient
from server.query.errors import (
    Busy,
    Cancelled,
    Crashed,
    FormatUnsuited,
    NoRelease,
    NotRepresentable,
    QueryMalformed,
    QueryProblem,
    ResultTooLarge,
    TimedOut,
    TooLong,
    Unavailable,
)
from server.query.formats import FORMATS, formats_of

ROWS = "SELECT ?s ?o { ?s <http://e/p> ?o } ORDER BY ?s LIMIT 5"
GRAPH = "CONSTRUCT { ?s ?p ?o } WHERE { ?s <http://e/p> ?o . ?s ?p ?o } LIMIT 5"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s <http://e/p> ?o }"


def run_aside(broker: Any, query: str, **options: Any) -> tuple[threading.Thread, list[Any]]:
    """Run a query in a thread; its answer or problem is put into the list."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(broker.client.run(query, "json", **options))
        except QueryProblem as problem:
            found.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


@pytest.mark.parametrize(
    "form", [form for form in formats_of("rows") if form.engine], ids=lambda form: form.name
)
def test_rows_are_whole_in_every_format(broker: Any, form: Any) -> None:
    answer = broker.client.run(ROWS, form.name)
    content = answer.read()
    assert answer.media_type.startswith(form.media_type)
    assert (answer.kind, answer.size, answer.release) == ("SELECT", len(content), 1)
    if form.name == "csv":
        subjects = [row[0] for row in csv.reader(io.StringIO(content.decode()))][1:]
    else:
        parsed = ox.parse_query_results(content, format=getattr(ox.QueryResultsFormat, form.engine))
        subjects = [solution["s"].value for solution in parsed]
    assert subjects == [f"http://e/s{number}" for number in (0, 1, 10, 100, 1000)]


@pytest.mark.parametrize("form", formats_of("graph"), ids=lambda form: form.name)
def test_graphs_are_whole_in_every_format(broker: Any, form: Any) -> None:
    answer = broker.client.run(GRAPH, form.name)
    content = answer.read()
    assert (answer.kind, answer.size) == ("CONSTRUCT", len(content))
    parsed = {quad.triple for quad in ox.parse(content, format=getattr(ox.RdfFormat, form.engine))}
    expected = {
        quad.triple
        for quad in ox.parse(broker.client.run(GRAPH, "ntriples").read(), format=ox.RdfFormat.N_TRIPLES)
    }
    assert parsed == expected
    assert len(parsed) == 5


def test_format_names_and_extensions_are_unique() -> None:
    assert len({form.name for form in FORMATS}) == len({form.extension for form in FORMATS}) == len(FORMATS)


def test_ask_and_describe(broker: Any) -> None:
    assert json.loads(broker.client.run("ASK { <http://e/s7> ?p ?o }", "json").read())["boolean"] is True
    assert b"value 7 of 1" in broker.client.run("DESCRIBE <http://e/s7>", "turtle").read()


def test_relative_iris_are_those_of_the_endpoint(broker: Any) -> None:
    answer = broker.client.run("SELECT (<x> AS ?y) {}", "csv", base="http://e/sparql")
    assert answer.read() == b"y\r\nhttp://e/x\r\n"


def test_prefixes_can_be_given(broker: Any) -> None:
    answer = broker.client.run("SELECT (e:x AS ?y) {}", "csv", prefixes={"e": "http://e/"})
    assert answer.read() == b"y\r\nhttp://e/x\r\n"
    own = broker.client.run(
        "PREFIX e: <http://own/> SELECT (e:x AS ?y) {}", "csv", prefixes={"e": "http://e/"}
    )
    assert own.read() == b"y\r\nhttp://own/x\r\n"


def test_a_large_answer_comes_in_pieces(broker: Any) -> None:
    query = "SELECT ?s ?o { ?s <http://e/p> ?o } LIMIT 1000"
    whole = broker.client.run(query, "json").read()
    answer = broker.client.run(query, "json")
    assert answer.size == len(whole) > 64 * 1024
    pieces = list(answer.chunks())
    assert len(pieces) > 1
    assert b"".join(pieces) == whole
    broker.client.run(query, "json").close()
    assert list(broker.socket.parent.iterdir()) == [broker.socket]  # nothing is left in the spool folder


def test_giving_up_an_answer_closes_no_file_of_another(broker: Any) -> None:
    query = "SELECT ?s ?o { ?s <http://e/p> ?o } LIMIT 1000"
    read, begun = broker.client.run(query, "json"), broker.client.run(query, "json")
    assert len(read.read()) == read.size
    pieces = begun.chunks()
    next(pieces)
    begun.close()
    # These take the numbers that have become free.
    others = [os.open(os.devnull, os.O_RDONLY) for _ in range(4)]
    read.close()
    pieces.close()
    for number in others:
        os.close(number)


def test_a_malformed_query_names_the_place(broker: Any) -> None:
    with pytest.raises(QueryMalformed, match="expected BY") as raised:
        broker.client.run("SELECT ?s\nWHERE { ?s ?p ?o } ORDER ?s", "json")
    assert raised.value.line == 2
    with pytest.raises(QueryMalformed, match="prefix ex: is not declared") as undeclared:
        broker.client.run("PREFIX e: <http://e/> SELECT *\n{ ?s e:p ex:o }", "json", prefixes={"x": "a:"})
    assert (undeclared.value.line, undeclared.value.column) == (2, 10)


@pytest.mark.parametrize(("query", "form"), [(ROWS, "turtle"), (GRAPH, "csv"), ("ASK {}", "jsonld")])
def test_a_format_that_does_not_suit_is_refused(broker: Any, query: str, form: str) -> None:
    with pytest.raises(FormatUnsuited, match="choose one of"):
        broker.client.run(query, form)


@pytest.mark.parametrize("form", ["xml", "rdfxml"])
def test_xml_that_no_parser_would_read_is_an_error(broker: Any, form: str) -> None:
    head = "SELECT ?o" if form == "xml" else "CONSTRUCT { ?s <http://e/q> ?o }"
    with pytest.raises(NotRepresentable):
        broker.client.run(f"{head} {{ ?s <http://e/control> ?o }}", form)
    other = "json" if form == "xml" else "ntriples"
    assert b"\\u0001" in broker.client.run(f"{head} {{ ?s <http://e/control> ?o }}", other).read()


def test_a_property_without_an_xml_name_is_an_error(broker: Any) -> None:
    query = "CONSTRUCT { <http://e/s> <http://e/123> 1 } WHERE {}"
    with pytest.raises(NotRepresentable, match="no XML name"):
        broker.client.run(query, "rdfxml")


def test_line_ends_survive_xml(broker: Any) -> None:
    import xml.etree.ElementTree as ET

    content = broker.client.run('SELECT ("a\\r\\nb" AS ?x) {}', "xml").read()
    found = ET.fromstring(content).find(".//{http://www.w3.org/2005/sparql-results#}literal")
    assert found is not None
    assert found.text == "a\r\nb"


def test_a_query_longer_than_a_packet_is_sent_whole(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    values = " ".join(f'"{number:08d}"' for number in range(30_000))
    query = f"SELECT (COUNT(?x) AS ?n) {{ VALUES ?x {{ {values} }} }}"
    with start_broker(tmp_path) as broker, QueryClient(broker.socket, query_bytes=10**6) as client:
        assert client.run(query, "csv").read() == b"n\r\n30000\r\n"
        with pytest.raises(TooLong) as raised:
            broker.client.run(query, "csv")
        assert raised.value.limit == 16_000


def test_the_limits_are_told(broker: Any) -> None:
    with pytest.raises(TimedOut) as slow:
        broker.client.run(SLOW, "json")
    with pytest.raises(ResultTooLarge) as large:
        broker.client.run("SELECT * { ?s ?p ?o }", "json")
    assert (slow.value.limit, large.value.limit) == (1.0, 150_000)
    assert slow.value.status == large.value.status == 503
    broker.good()


def test_a_query_is_cancelled_by_its_word(broker: Any) -> None:
    thread, found = run_aside(broker, SLOW, request_id="word-1")
    broker.wait_for(lambda state: state["running"] == 1)
    assert broker.client.cancel("word-1") is True
    thread.join()
    assert isinstance(found[0], Cancelled)
    assert broker.client.cancel("word-1") is False
    assert broker.client.cancel("") is False
    broker.good()


def test_closing_the_client_stops_its_query(broker: Any) -> None:
    with QueryClient(broker.socket) as other:
        found: list[str] = []

        def ask() -> None:
            try:
                other.run(SLOW, "json")
            except Unavailable as problem:
                found.append(problem.code)

        thread = threading.Thread(target=ask)
        thread.start()
        workers = broker.wait_for(lambda state: state["running"] == 1)["workers"]
        busy = next(pid for pid, state in workers.items() if state == "busy")
    thread.join()
    assert found == ["query-unavailable"]
    # Well before its limit of a second would have ended it.
    broker.wait_for(lambda state: state["running"] == 0 and busy not in state["workers"])
    broker.good()
    with pytest.raises(Unavailable, match="closed"):
        other.run(ROWS, "json")


def test_the_broker_survives_its_workers(broker: Any) -> None:
    thread, found = run_aside(broker, SLOW)
    workers = broker.wait_for(lambda state: state["running"] == 1)["workers"]
    for pid in workers:
        os.kill(int(pid), signal.SIGKILL)
    thread.join()
    assert isinstance(found[0], Crashed)
    # A worker whose end the broker has not heard of yet may be given a query, which then ends with it.
    broker.wait_for(lambda state: not state["workers"].keys() & workers.keys())
    broker.good()
    broker.wait_for(lambda state: len(state["workers"]) == 4 and "starting" not in state["workers"].values())


def test_a_good_query_is_quick_beside_hostile_ones(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    with start_broker(tmp_path, workers=2, seconds=2, memory_bytes=400 * 2**20) as broker:
        broker.wait_for(lambda state: set(state["workers"].values()) == {"idle"})
        thread, found = run_aside(broker, SLOW)
        broker.wait_for(lambda state: state["running"] == 1)
        times = []
        for _ in range(50):
            begun = time.perf_counter()
            broker.good()
            times.append(time.perf_counter() - begun)
        thread.join()
        assert isinstance(found[0], TimedOut)
        assert sorted(times)[-2] < 0.5


def test_many_threads_share_one_client(broker: Any) -> None:
    def ask(number: int) -> bytes:
        return broker.client.run(f"SELECT ?o {{ <http://e/s{number}> <http://e/p> ?o }}", "csv").read()  # type: ignore[no-any-return]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(200)))
    assert answers == [f"o\r\nvalue {number} of 1\r\n".encode() for number in range(200)]


def test_too_many_queries_are_turned_away(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    with start_broker(tmp_path, workers=1, queue=1, queue_seconds=0.3, seconds=3) as broker:
        slow, _ = run_aside(broker, SLOW, request_id="slow")
        broker.wait_for(lambda state: state["running"] == 1)
        waiting, late = run_aside(broker, ROWS)
        broker.wait_for(lambda state: state["waiting"] == 1)
        with pytest.raises(Busy) as full:
            broker.client.run(ROWS, "json")
        assert full.value.retry_after == 1
        waiting.join()
        assert isinstance(late[0], Busy)
        assert "in time" in late[0].detail
        broker.client.cancel("slow")
        slow.join()
        broker.good()


def test_a_new_release_is_taken_up(
    tmp_path: Path, start_broker: Callable[..., Any], make_release: Callable[..., None]
) -> None:
    with start_broker(tmp_path, seconds=20) as broker:
        broker.good(1)
        thread, running = run_aside(
            broker, "SELECT (COUNT(*) AS ?n) (SAMPLE(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }"
        )
        broker.wait_for(lambda state: state["running"] == 1)
        make_release(broker.public, 2)
        broker.good(2)
        assert broker.client.stats()["release"] == 2
        thread.join()
        # The query that ran finished on the release it began with.
        assert running[0].release == 1
        assert json.loads(running[0].read())["results"]["bindings"][0]["n"]["value"] == str(2001**2)
        make_release(broker.public, 3, 100)
        assert broker.client.run(COUNT, "csv").read() == b"n\r\n100\r\n"


def test_before_the_first_release(
    tmp_path: Path, start_broker: Callable[..., Any], make_release: Callable[..., None]
) -> None:
    with start_broker(tmp_path, release=False) as broker:
        with pytest.raises(NoRelease):
            broker.client.run(ROWS, "json")
        make_release(broker.public, 1)
        broker.good(1)


def test_a_damaged_release_is_an_error_and_heals(
    tmp_path: Path, start_broker: Callable[..., Any], make_release: Callable[..., None]
) -> None:
    with start_broker(tmp_path) as broker:
        (broker.public / "releases" / "2" / "store").mkdir(parents=True)
        (broker.public / "current").unlink()
        (broker.public / "current").symlink_to("releases/2")
        with pytest.raises(QueryProblem) as raised:
            broker.client.run(ROWS, "json")
        assert raised.value.status == 503
        make_release(broker.public, 3)
        broker.good(3)


def test_only_this_user_may_ask(broker: Any) -> None:
    assert stat.S_IMODE(broker.socket.stat().st_mode) == 0o600


def test_nothing_is_left_after_the_end(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    with start_broker(tmp_path) as broker:
        thread, found = run_aside(broker, SLOW)
        workers = broker.wait_for(lambda state: state["running"] == 1)["workers"]
        broker.process.terminate()
        assert broker.process.wait(10) == 0
        thread.join()
        assert isinstance(found[0], Unavailable)
        assert not broker.socket.exists()
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_workers_die_with_a_killed_broker_and_its_socket_is_taken_over(
    tmp_path: Path, start_broker: Callable[..., Any]
) -> None:
    with start_broker(tmp_path) as broker:
        workers = broker.client.stats()["workers"]
        broker.process.kill()
        broker.process.wait()
        deadline = time.monotonic() + 5
        while any(running(int(pid)) for pid in workers):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert broker.socket.exists()
        with start_broker(tmp_path, release=False) as second:
            second.good()
            # The first client notices that its connections are dead, and connects anew.
            broker.good()


def running(pid: int) -> bool:
    """Whether a process runs: one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_long_path_is_no_obstacle(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    folder = tmp_path / ("x" * 90) / ("y" * 60)
    folder.mkdir(parents=True)
    with start_broker(folder) as broker:
        assert len(str(broker.socket)) > 150
        broker.good()


def test_without_a_broker(tmp_path: Path) -> None:
    with QueryClient(tmp_path / "query.sock") as client:
        with pytest.raises(Unavailable, match="not running"):
            client.run(ROWS, "json")
        with pytest.raises(Unavailable, match="does not start"):
            client.wait_ready(0.05)


def test_what_is_no_message_is_hung_up_on(broker: Any) -> None:
    from server.query.protocol import connect, receive

    for packet in (b"x", b"[]\n", b"{}\n", b'{"op":"shout"}\n', b"\xff\n", b'{"op":"query"}'):
        with connect(broker.socket) as channel:
            channel.send(packet)
            answer = receive(channel)
            assert answer is None or answer.head["ok"] is False
    broker.good()


def test_without_a_sandbox_nothing_is_evaluated(
    tmp_path: Path, start_broker: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The workers import this module first: on it, no machine offers what the sandbox needs.
    (tmp_path / "sitecustomize.py").write_text(
        "import platform\nplatform.machine = lambda: 'other'\n", encoding="utf-8"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with start_broker(tmp_path) as broker:
        found = broker.client.stats()
        assert found["state"] == "off"
        assert found["problem"]["code"] == "sandbox-unavailable"
        with pytest.raises(QueryProblem, match="x86-64") as raised:
            broker.client.run(ROWS, "json")
        assert raised.value.code == "sandbox-unavailable"
        assert not found["workers"]
