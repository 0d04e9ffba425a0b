"""Hostile queries: each ends with its own error within its limit, and the next good query is answered."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from os import kill
from pathlib import Path
from typing import Any

import pytest

from server.public.delivery import MAX_IN_MEMORY
from server.query.client import QueryClient
from server.query.errors import QueryProblem
from server.query.protocol import connect, receive, send
from tests.query.test_commands import served

DOUBLED = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(32))
REPLACED = "".join(f"BIND(REPLACE(?x{n}, 'a', 'aaaaaaaa') AS ?x{n + 1}) " for n in range(16))
ALL = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
PAIRS = f"{{ {ALL} }}"
NUMBERS = " ".join(["1"] * 1900)
LIST = ",".join(f'"{n}"' for n in range(2000))

# Seconds; that of the fixture ``broker``.
LIMIT = 1.0
# Which limit a query meets first depends on the speed of the machine.
STOPPED = {"query-timeout", "query-memory", "result-too-large"}

HOSTILE: list[tuple[str, str, set[str]]] = [
    ("cartesian product, ordered", f"SELECT * {PAIRS} ORDER BY ?c ?f ?i", STOPPED),
    ("cartesian product, distinct", f"SELECT DISTINCT ?c ?f ?i {PAIRS}", STOPPED),
    (
        "cartesian product, concatenated",
        f"SELECT (GROUP_CONCAT(?c) AS ?x) {PAIRS}",
        STOPPED,
    ),
    ("cartesian product, counted", f"SELECT (COUNT(*) AS ?n) {PAIRS}", {"query-timeout"}),
    ("doubled strings", f'SELECT * {{ BIND("aaaaaaaa" AS ?x0) {DOUBLED} }}', STOPPED),
    (
        "path of paths",
        "SELECT * { ?s (<http://e/p>|!<http://e/q>)*/(!<http://e/x>)* ?o . ?o ?q ?r . ?x ?y ?z }",
        STOPPED | {""},
    ),
    (
        "paths from everywhere to everywhere",
        "SELECT (COUNT(*) AS ?n) { ?a (!<a:a>|^!<a:b>)* ?b . ?c (!<a:a>|^!<a:b>)* ?d }",
        STOPPED,
    ),
    (
        "paths of paths of paths",
        "ASK { ?a ((((!<a:a>)*)*/((^!<a:a>)*)*)*)* <a:nowhere> . ?x ?y ?z }",
        STOPPED | {""},
    ),
    ("nested braces", "SELECT * " + "{" * 2500 + "}" * 2500, {"query-too-complex"}),
    (
        "nested parentheses",
        "SELECT * { FILTER(" + "(" * 5000 + "1" + ")" * 5000 + ") }",
        {"query-too-complex"},
    ),
    ("nested negation", "SELECT * { FILTER(" + "!" * 15_000 + "1) }", {"query-too-complex"}),
    ("endless sum", "SELECT * { FILTER(1" + "+1" * 7_900 + ") }", {"", "query-timeout"}),
    ("endless union", "SELECT (COUNT(*) AS ?n) { {}" + "UNION{}" * 2_200 + " }", {""}),
    ("nested unions", "SELECT * { " + "{ ?a ?b ?c } UNION { " * 120 + "}" * 121, STOPPED | {""}),
    ("nested sums", "SELECT * { FILTER(" + "(1+" * 240 + "1" + ")" * 240 + " > 0) }", {""}),
    ("nested sub-selects", "SELECT * { " + "{ SELECT * { ?a ?b ?c . " * 110 + "}" * 221, STOPPED | {""}),
    ("deep optionals", "SELECT * { ?s ?p ?o " + "OPTIONAL { ?a ?b ?c " * 240 + "}" * 241, STOPPED),
    (
        "many optionals",
        f"SELECT * {{ {' '.join(f'OPTIONAL {{ ?s{n} ?p ?o }}' for n in range(500))} }}",
        STOPPED,
    ),
    (
        "huge lists of values",
        f"SELECT (COUNT(*) AS ?n) {{ {' '.join(f'VALUES ?v{n} {{ {NUMBERS} }}' for n in range(4))} }}",
        STOPPED,
    ),
    (
        "a huge list of alternatives",
        f"SELECT (COUNT(*) AS ?n) {{ {ALL} FILTER(?c IN ({LIST})) }}",
        STOPPED | {""},
    ),
    (
        "a regular expression that branches",
        f'SELECT * {{ {ALL} FILTER(REGEX(CONCAT(?c, ?f, ?i), "(v*)*(a*)*(l|u|e)*x")) }}',
        STOPPED,
    ),
    (
        "a regular expression that repeats",
        f'SELECT * {{ {ALL} FILTER(REGEX(CONCAT(?c, ?f, ?i), "((v{{99}}){{99}}){{99}}")) }}',
        STOPPED,
    ),
    ("replacements that grow", f"SELECT * {{ BIND('aaaaaaaa' AS ?x0) {REPLACED} }}", STOPPED),
    ("a product taken away", f"SELECT * {{ {ALL} MINUS {{ ?a ?y ?z . ?d ?v ?w }} }}", STOPPED | {""}),
    (
        "a product that must not exist",
        f"SELECT (COUNT(*) AS ?n) {{ {ALL} FILTER NOT EXISTS {{ {ALL} FILTER(?a = ?g) }} }}",
        STOPPED,
    ),
    ("everything described", f"DESCRIBE * {PAIRS}", STOPPED),
    ("nested at the bound", "SELECT * { FILTER(" + "ABS(" * 247 + "1" + ")" * 247 + ") }", {""}),
    ("a megabyte of query", "SELECT * { ?s ?p ?o } #" + "x" * 1_000_000, {"query-too-long"}),
    ("a large result", "SELECT * { ?s ?p ?o }", {"result-too-large"}),
    ("a huge result", f"SELECT * {PAIRS}", {"result-too-large"}),
    ("a huge graph", f"CONSTRUCT {{ ?a ?e ?i }} {PAIRS}", {"result-too-large"}),
    ("the same pattern repeated", "SELECT * { " + "?s ?p ?o . " * 1_000 + "}", {"query-timeout"}),
    ("nested collections", "SELECT * { ?s ?p " + "(" * 200 + "1" + ")" * 200 + " }", {"query-timeout", ""}),
    ("load", "LOAD <http://127.0.0.1/>", {"query-refused-update"}),
    ("load silently", "LOADSILENT<http://127.0.0.1/>INTO GRAPH<a:b>", {"query-refused-update"}),
    ("half a query", "SELECT * { ?s ?p", {"query-malformed"}),
    ("no characters", "SELECT * { ?s ?p '\ud800' }", {"query-malformed"}),
    ("nothing", "", {"query-malformed"}),
]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on the loopback interface that nobody is to contact."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def good_client(broker: Any) -> Iterator[None]:
    """Somebody who asks small questions beside the hostile ones, and always gets the right answer, soon."""
    times, stop = [], threading.Event()

    def ask() -> None:
        while not stop.wait(0.05):
            begun = time.monotonic()
            broker.good()
            times.append(time.monotonic() - begun)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        yield
        stop.set()
        asking.result()
    assert sorted(times)[-1 - len(times) // 100] < 1


@pytest.mark.parametrize(
    ("query", "codes"), [item[1:] for item in HOSTILE], ids=[item[0] for item in HOSTILE]
)
@pytest.mark.usefixtures("good_client")
def test_a_hostile_query_ends_and_the_next_is_answered(broker: Any, query: str, codes: set[str]) -> None:
    form = "ntriples" if query.startswith(("CONSTRUCT", "DESCRIBE")) else "json"
    begun = time.monotonic()
    code = ""
    try:
        broker.client.run(query, form).read()
    except QueryProblem as problem:
        code = problem.code
    # No query outlives its limit by more than another second.
    assert time.monotonic() - begun < 2 * LIMIT
    assert code in codes
    broker.good()


def test_nothing_leaves_even_past_the_lexer(broker: Any, listener: socket.socket) -> None:
    """The workers cannot open a socket: queries sent to the broker without a look at them contact nobody."""
    host = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    named = f"http://localhost:{listener.getsockname()[1]}/"
    queries = [
        f"SELECT * {{ SERVICE <{host}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ SERVICE SILENT <{host}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ SERVICE <{named}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ VALUES ?x {{ <{host}> }} SERVICE ?x {{ ?s ?p ?o }} }}",
        f"SELECT * FROM <{host}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{host}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"LOAD <{host}>",
        "SELECT * { SERVICE <file:///etc/passwd> { ?s ?p ?o } }",
    ]
    with connect(broker.socket) as channel:
        for query in queries:
            send(channel, {"op": "query", "format": "json"}, query.encode())
            answer = receive(channel)
            assert answer is not None
            assert b"root:" not in answer.body
    with pytest.raises(BlockingIOError):
        listener.accept()
    broker.good()


def test_the_graphs_of_a_query_are_empty_and_never_fetched(broker: Any, listener: socket.socket) -> None:
    host = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    count = "SELECT (COUNT(*) AS ?n) %s { ?s ?p ?o }"
    assert broker.client.run(count % f"FROM <{host}>", "csv").read() == b"n\r\n0\r\n"
    assert broker.client.run(count % "", "csv", default_graphs=[host]).read() == b"n\r\n0\r\n"
    assert broker.client.run(count % "", "csv", named_graphs=[host]).read() == b"n\r\n0\r\n"
    with pytest.raises(QueryProblem, match="no absolute IRI"):
        broker.client.run(count % "", "csv", default_graphs=["no iri"])
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_memory_stays_below_the_cap(tmp_path: Path, start_broker: Callable[..., Any]) -> None:
    """The doubling strings meet the memory limit, and no worker ever held more than it."""
    cap = 300 * 2**20
    with start_broker(tmp_path, seconds=10, memory_bytes=cap) as broker:
        broker.wait_for(lambda found: set(found["workers"].values()) == {"idle"})
        idle = max(resident(int(pid)) for pid in broker.client.stats()["workers"])
        seen, stop = [idle], threading.Event()

        def watch() -> None:
            workers = [int(pid) for pid in broker.client.stats()["workers"]]
            while not stop.wait(0.005):
                seen.extend(resident(pid) for pid in workers)

        watcher = threading.Thread(target=watch)
        watcher.start()
        with pytest.raises(QueryProblem) as raised:
            broker.client.run(f'SELECT * {{ BIND("aaaaaaaa" AS ?x0) {DOUBLED} }}', "json")
        stop.set()
        watcher.join()
        assert raised.value.code == "query-memory"
        assert raised.value.limit == cap
        assert max(seen) > idle
        assert max(seen) - idle < cap
        broker.good()


def resident(pid: int) -> int:
    """Bytes of memory a process holds; 0 when it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


# Continuous integration kills more often than a developer waits for.
KILLS = int(os.environ.get("XAFSCAT_TEST_WORKER_KILLS", "20"))


def test_an_answer_is_whole_or_an_error_whenever_a_worker_is_killed(demo_home: Path) -> None:
    """Over HTTP, at any moment between the request and the last byte of an answer that is sent from a file."""
    draw = random.Random(3)
    quotas = {"XAFSCAT_CLIENT_QUERIES": "0", "XAFSCAT_CLIENT_SECONDS": "0", "XAFSCAT_CLIENT_ERRORS": "0"}
    query = "SELECT * { ?s ?p ?o } LIMIT 12000 #"
    with (
        served(demo_home, "serve", "--port", "0", **quotas) as server,
        QueryClient(demo_home / "run" / "query.sock") as client,
    ):
        begun = time.monotonic()
        status, whole = server.query(query)
        lasting = time.monotonic() - begun
        assert (status, len(whole) > MAX_IN_MEMORY) == (200, True)

        def asked(number: int) -> int:
            killer = threading.Timer(draw.random() * lasting, kill_one, [client, draw.random()])
            killer.start()
            # An answer shorter than its Content-Length is an exception.
            status, body = server.query(f"{query}{number}")
            killer.join()
            if status == 200:
                assert body == whole
            else:
                assert json.loads(body)["code"] == "query-crashed"
            return status

        with ThreadPoolExecutor(3) as pool:
            assert set(pool.map(asked, range(KILLS))) == {200, 500}
        assert server.query(query) == (200, whole)


def kill_one(client: QueryClient, chance: float) -> None:
    """Kill the worker that evaluates; when none does, any."""
    workers = client.stats()["workers"]
    busy = [pid for pid, state in workers.items() if state == "busy"] or list(workers)
    with suppress(ProcessLookupError):
        for pid in busy[int(chance * len(busy)) :][:1]:
            kill(int(pid), signal.SIGKILL)
