"""Records to materials and materials to entries, offline, against one SPARQL query a record.

The samples are made from the names of the shipped list as people write them (form, formula, a temperature that tells
each from the others). The peer knows only what a query can compare, a label; where both name a material they must name
the same.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from bench._measure import Row, in_turn, seconds
from catalog.link_proposing import propose
from catalog.linking import samples
from catalog.linking.listing import Entry, entries
from catalog.linking.samples import with_material
from catalog.net import CachedHttp
from catalog.registry import create_registry, open_registry
from catalog.resolvers.cod_index import import_index
from catalog.resources import data_root

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BASE = "https://example.org"
LABELLED = """
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?material WHERE {{ ?material skos:prefLabel|skos:altLabel ?label FILTER(LCASE(STR(?label)) = {name}) }}"""


def run(quick: bool) -> list[Row]:
    """Records a second, the ratio to the peer, and the cost of a proposal."""
    records = documents(500 if quick else 10_000)
    few = records[: 20 if quick else 50]
    store = _materials()
    _compare(few, store)
    ours, _, over_query = in_turn(
        lambda: _link(few), lambda: [_ask(record, store) for record in few], 3 if quick else 5
    )
    first = seconds(lambda: _link(records))
    again = seconds(lambda: [with_material(record) for record in records])
    named = sum("material" in with_material(record)["sample"] for record in records)
    proposing, links, asked = _proposing(20 if quick else None)
    return [
        Row("records linked to a material", len(records) / first, "records/s", "no name seen before"),
        Row("the same once more", len(records) / again, "records/s", "50,000 samples are remembered"),
        Row("with a material", 100 * named / len(records), "%", "the rest is refused or waits"),
        Row("a record, nothing remembered", ours / len(few) * 1e3, "ms"),
        Row("a SPARQL query a record / ours", over_query, "times"),
        Row("materials proposed offline", asked / proposing, "materials/s", f"{links} links stored"),
    ]


def documents(count: int) -> list[dict[str, Any]]:
    """As much of ``count`` public documents as linking reads, the same in every run, no two names alike."""
    chance = random.Random(6)
    known = list(entries().values())
    found = []
    for number in range(count):
        query = chance.choice(known).query
        name = chance.choice(query.names)
        written = chance.choice(
            (name, f"{name} powder", f"{query.hill} ({name})", f"{name} foil", f"{name}, doped with Nb")
        )
        found.append(
            {
                "id": f"{BASE}/record/{number}",
                "sample": {
                    "id": f"{BASE}/record/{number}#sample",
                    "sample_name": {"en": f"{written} {number + 10} K"},
                    **({"formula": query.hill} if number % 2 else {}),
                },
                "spectra": [],
            }
        )
    return found


def _link(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    samples._match.cache_clear()
    return [with_material(record) for record in records]


@cache
def _materials() -> ox.Store:
    store = ox.Store()
    store.load(path=str(data_root() / "ontology" / "materials.ttl"), format=ox.RdfFormat.TURTLE)
    return store


def _ask(record: dict[str, Any], store: ox.Store) -> set[str]:
    name = record["sample"]["sample_name"]["en"].rsplit(" ", 2)[0].casefold()
    rows = store.query(LABELLED.format(name=ox.Literal(name)))
    assert isinstance(rows, ox.QuerySolutions)
    return {row["material"].value for row in rows}


def _compare(records: list[dict[str, Any]], store: ox.Store) -> None:
    both = 0
    for record in records:
        ours = with_material(record)["sample"].get("material")
        theirs = _ask(record, store)
        if ours and theirs:
            both += 1
            assert ours in theirs, (record, ours, theirs)
    assert both, "nothing was compared"


def _proposing(limit: int | None) -> tuple[float, int, int]:
    asked: list[Entry] = list(entries().values())[:limit]
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        listing = home / "listing.csv"
        rows = [
            f"{1_000_000 + number},{entry.query.reduced},{entry.query.space_group or ''}"
            for number, entry in enumerate(asked)
        ]
        listing.write_text("cod_id,formula_reduced,space_group_number\n" + "\n".join(rows), encoding="utf-8")
        import_index(listing, home / "index.sqlite", now=NOW)
        create_registry(home, BASE, now=NOW)
        options = {"cod_index": str(home / "index.sqlite")}
        with (
            open_registry(home) as registry,
            CachedHttp(home / "cache.sqlite", "offline", options=options) as http,
        ):
            made = []
            spent = seconds(lambda: made.append(propose(registry, http, asked, now=NOW, actor="bench")))
            return spent, len(made[0].links), made[0].materials
