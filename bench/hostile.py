"""A hostile client beside a good one, at addresses of their own: what the good one notices, how long the other lasts.

Every family of ``tests/query/test_hostile.py`` ten times with the default limits and quotas (once with a limit of one
second when quick). A listener on loopback is named by queries with SERVICE; it must hear of nobody.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from bench._catalogs import published
from bench._http import JSON, Server, ours
from bench._measure import Row
from catalog.config import load_settings
from tests.query.test_hostile import HOSTILE

# As many at once as one client may have.
ROUNDS, AT_ONCE, PAUSE_S = 10, 2, 0.05
QUICK_LIMIT_S = 1
TOO_MANY = 429
GOOD = 'SELECT (COUNT(*) AS ?n) { ?s <https://w3id.org/xafscat/ns#element> "Fe" }'
_LOG = "hostile.jsonl"
SPELLINGS = ("SERVICE", "service silent", "SeRvIcE", "SERVICE#\n")


def run(quick: bool) -> list[Row]:
    """The good client's latency and answers, the longest hostile query, the workers' memory, what a listener heard."""
    rounds = 1 if quick else ROUNDS
    with published(200 if quick else 2_000) as home, _listener() as (port, heard):
        settings = load_settings(home, environ={})
        limit = QUICK_LIMIT_S if quick else settings.query_timeout_s
        environment = {"XAFSCAT_QUERY_TIMEOUT_S": str(limit), "XAFSCAT_QUERY_LOG": _LOG}
        calls = [f"SELECT * {{ {word} <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}" for word in SPELLINGS]
        queries = [query for _, query, _ in HOSTILE] + calls
        with ours(home, environment) as server, _memory() as peak, _good_client(server) as seen:
            lasted = _hostile_clients(server, queries * rounds)
        evaluated = [
            float(line["seconds"] or 0) for line in map(json.loads, (home / _LOG).open(encoding="utf-8"))
        ]
    times, wrong = seen
    ordered = sorted(times)
    return [
        Row("good client, p50 beside hostile ones", statistics.median(ordered) * 1000, "ms"),
        Row("good client, p99", ordered[int(len(ordered) * 0.99)] * 1000, "ms", "aim: under 1,000"),
        Row("good client, answers", len(times), "answers", f"{len(wrong)} of them wrong or refused"),
        Row("hostile queries", len(lasted), "queries", f"{len(queries)} kinds, {rounds} times"),
        Row(
            "longest evaluation of a query", max(evaluated), "s", f"limit {limit:g} s, aim: at most one more"
        ),
        Row(
            "longest wait for the answer, in the queue and evaluated", max(lasted), "s", "of a hostile client"
        ),
        Row(
            "most memory of a worker", peak[0] / 2**20, "MiB", f"cap {settings.query_memory_bytes >> 20} MiB"
        ),
        Row("connections that the listener heard of", len(heard), "connections", "aim: none"),
    ]


def _hostile_clients(server: Server, queries: list[str]) -> list[float]:
    """Seconds of each query; when a quota stops the client, it comes back from the next address."""
    address = [1]

    def send(query: str) -> float:
        while True:
            source = f"127.0.{1 + address[0] // 250}.{1 + address[0] % 250}"
            started = time.monotonic()
            status, _ = _ask(server, query, source, 120)
            if status != TOO_MANY:
                return time.monotonic() - started
            address[0] += 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, queries))


@contextmanager
def _good_client(server: Server) -> Iterator[tuple[list[float], list[int]]]:
    """Asks again and again meanwhile; the seconds of each answer, and the status of those that were not right."""
    times: list[float] = []
    wrong: list[int] = []
    right = _ask(server, GOOD, "127.0.0.9", 30)[1]
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.wait(PAUSE_S):
            number += 1
            started = time.monotonic()
            # Another query each time to the cache, the same one to the engine; a few addresses, as people have.
            status, body = _ask(server, f"{GOOD} #{number}", f"127.0.0.{10 + number % 40}", 30)
            times.append(time.monotonic() - started)
            if status != 200 or json.loads(body) != json.loads(right):
                wrong.append(status)

    thread = threading.Thread(target=work)
    thread.start()
    yield times, wrong
    stop.set()
    thread.join()


def _ask(server: Server, query: str, source: str, timeout: float) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(
        "127.0.0.1", server.port, timeout=timeout, source_address=(source, 0)
    )
    try:
        body = urlencode({"query": query}, errors="surrogatepass").encode()
        headers = {"Accept": JSON, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", server.path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b"{}"  # an upload that was refused while it was sent
    finally:
        connection.close()


@contextmanager
def _listener() -> Iterator[tuple[int, list[object]]]:
    heard: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        stop = threading.Event()

        def work() -> None:
            while not stop.is_set():
                try:
                    heard.append(listener.accept()[1])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=work)
        thread.start()
        yield listener.getsockname()[1], heard
        stop.set()
        thread.join()


@contextmanager
def _memory() -> Iterator[list[int]]:
    """The most memory that any worker held, in bytes, looked at four times a second."""
    peak = [0]
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.25):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    if b"server.query.worker" in (folder / "cmdline").read_bytes():
                        pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
                        peak[0] = max(peak[0], pages * 4096)
                except OSError:
                    continue

    thread = threading.Thread(target=work)
    thread.start()
    yield peak
    stop.set()
    thread.join()
