"""Wikidata: items by InChIKey or CAS number over its SPARQL endpoint, read one by one as entity data."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.linking.databases import DATABASES
from catalog.linking.model import Candidate, Facts, Gone, Moved, Query
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._answers import expect, inside, items, json_of, text
from catalog.resolvers._wikibase import CAS, INCHIKEY, read_item

WIKIDATA = DATABASES["wikidata"]
ENDPOINT = "https://query.wikidata.org/sparql"
# One query after the other, with a contact in the User-Agent: Wikimedia's rules for programs.
_POLICY = Policy(hosts=("query.wikidata.org", "www.wikidata.org"), per_second=1.0, days=30.0)
_QUERY = (
    "SELECT DISTINCT ?item WHERE {{ VALUES ?value {{ {values} }} ?item wdt:{property} ?value }} "
    "ORDER BY ?item LIMIT 20"
)


def _find(query: Query, http: Http) -> Iterator[Candidate]:
    for field, property_id in (("inchikey", INCHIKEY), ("cas", CAS)):
        values = query.identifiers.get(field, ())
        if not values:
            continue
        # The identifiers are of the list, whose check digits and forms are verified: nothing in them needs escaping.
        asked = _QUERY.format(values=" ".join(f'"{value}"' for value in values), property=property_id)
        answer = http.get(
            ENDPOINT, {"query": asked}, policy=_POLICY, accept="application/sparql-results+json"
        )
        expect(answer)
        for row in items(inside(json_of(answer), "results", "bindings")):
            try:
                iri = WIKIDATA.canonical(text(inside(row, "item", "value")))
            except ValueError:
                continue
            yield Candidate(query.material, iri, "wikidata", (field,), (f"Wikidata by {field}",))


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    return read_item(
        iri, http, database=WIKIDATA, site="https://www.wikidata.org", policy=_POLICY, chemical=True
    )


RESOLVER = Resolver(
    name="wikidata",
    title={"en": "Wikidata", "ja": "ウィキデータ"},
    databases=(WIKIDATA,),
    policy=_POLICY,
    find=_find,
    read=_read,
    needs=frozenset({"inchikey", "cas"}),
    order=40,
)
