"""Small and large queries over HTTP, ours against ``oxigraph serve-read-only`` on one release, at 1, 16 and 64 clients.

Each query is asked anew (no cache knows it) and again (our cache answers it before the framework).
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from bench._catalogs import BASE, published, store_of
from bench._http import JSON, TRIPLES, Load, Server, ask, load, ours, oxigraph, program
from bench._measure import Row
from bench.generate import record_id
from server.query.client import QueryClient

PREFIXES = "PREFIX xafs: <https://w3id.org/xafscat/ns#> PREFIX dcterms: <http://purl.org/dc/terms/> "
SELECT_10 = PREFIXES + (
    "SELECT ?spectrum ?title { ?spectrum a xafs:Spectrum ; xafs:element 'Fe' ; xafs:edge 'K' ; "
    "dcterms:title ?title } LIMIT 10"
)
SIZE, QUICK_SIZE = 1_000, 150
CLIENTS = (1, 16, 64)
ROUNDS = 3


class Asked(NamedTuple):
    """A query of the table: its name, text, format, and how many rows or triples it has."""

    name: str
    query: str
    accept: str = JSON


QUERIES = (
    Asked("ASK", PREFIXES + "ASK { ?spectrum a xafs:Spectrum ; xafs:element 'Fe' }"),
    Asked("SELECT of 10 rows", SELECT_10),
    Asked(
        "CONSTRUCT of a record",
        f"CONSTRUCT {{ ?s ?p ?o }} {{ VALUES ?s {{ <{BASE}/record/{record_id(3)}> "
        f"<{BASE}/record/{record_id(3)}#spectrum-1> }} ?s ?p ?o }}",
        TRIPLES,
    ),
    Asked("SELECT of 10,000 rows", "SELECT * { ?s ?p ?o } LIMIT 10000"),
)


def run(quick: bool) -> list[Row]:
    """Requests a second and latency of both, in turn; the ratios of each pair in one run."""
    seconds, rounds = (0.3, 1) if quick else (1.5, ROUNDS)
    with published(QUICK_SIZE if quick else SIZE) as home, ours(home) as own:
        rows = _layers(home, 100 if quick else 2000)
        if program() is None:
            return [*rows, Row("oxigraph program", 0, "found", "pip install oxigraph")]
        with oxigraph(store_of(home)) as theirs:
            for asked in QUERIES:
                _same(asked, own, theirs)
                for clients in CLIENTS:
                    for repeated in (False, True):
                        pairs = [
                            (
                                load(own, *asked[1:], clients, seconds, repeated=repeated),
                                load(theirs, *asked[1:], clients, seconds, repeated=repeated),
                            )
                            for _ in range(rounds)
                        ]
                        rows += _compared(asked, clients, repeated, pairs)
    return rows


def _compared(asked: Asked, clients: int, repeated: bool, pairs: list[tuple[Load, Load]]) -> Iterator[Row]:
    what = f"{asked.name}, {'again' if repeated else 'anew'}, {clients} client{'s' * (clients > 1)}"
    for name, side in (("ours", 0), ("oxigraph", 1)):
        middle = [statistics.median(pair[side][part] for pair in pairs) for part in range(3)]
        note = f"p50 {middle[1] * 1000:.2f} ms, p99 {middle[2] * 1000:.2f} ms"
        if refused := sum(pair[side].refused for pair in pairs):
            note += f"; {refused} refused with 503"
        yield Row(f"{what}, {name}", middle[0], "requests/s", note)
    rate = statistics.median(pair[1].rate / pair[0].rate for pair in pairs)
    aim = 1.0 if repeated and clients == 16 else 2.5 if not repeated and clients == 1 else 0.0
    if asked.name == "SELECT of 10,000 rows" and clients == 1:
        aim = 1.3
    yield Row(f"{what}, requests/s of oxigraph / ours", rate, "x", f"aim: at most {aim:g}" if aim else "")


def _layers(home: Path, count: int) -> list[Row]:
    """Where the time goes: the engine alone, then with the broker and its worker around it."""
    opened = ox.Store.read_only(str(store_of(home)))

    def alone() -> None:
        result = opened.query(SELECT_10)
        assert isinstance(result, ox.QuerySolutions)
        result.serialize(format=ox.QueryResultsFormat.JSON)

    with QueryClient(home / "run" / "query.sock") as client:
        through = _median(lambda: client.run(SELECT_10, "json").read(), count)
    return [
        Row("SELECT of 10 rows, engine in-process", _median(alone, count) * 1e6, "µs", "median"),
        Row("SELECT of 10 rows, through the broker", through * 1e6, "µs", "median"),
    ]


def _median(action: Callable[[], object], count: int) -> float:
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _same(asked: Asked, *servers: Server) -> None:
    """A speed means something only if both give the same answer."""
    found = []
    for server in servers:
        answer = ask(server, asked.query, asked.accept)
        if asked.accept == TRIPLES:
            found.append(sorted(answer.splitlines()))
            continue
        whole = json.loads(answer)
        rows = whole["results"]["bindings"] if "results" in whole else [whole["boolean"]]
        found.append(sorted(json.dumps(row, sort_keys=True).encode() for row in rows))
    assert found[0], asked.name
    assert found[0] == found[1], asked.name
