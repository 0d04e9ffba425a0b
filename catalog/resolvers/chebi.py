"""ChEBI: compounds by InChIKey or CAS number, with formula; atoms and ions are told from substances by their names."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Candidate, Facts, Gone, Moved, Query
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._answers import expect, formula, inside, items, json_of, seen, text

CHEBI = DATABASES["chebi"]
API = "https://www.ebi.ac.uk/chebi/backend/api/public"
_POLICY = Policy(hosts=("www.ebi.ac.uk",), per_second=2.0, days=90.0)


def _find(query: Query, http: Http) -> Iterator[Candidate]:
    for field in ("inchikey", "cas"):
        for value in query.identifiers.get(field, ()):
            answer = http.get(f"{API}/es_search/", {"term": value, "size": "10"}, policy=_POLICY)
            if answer.status == 404:
                continue
            expect(answer)
            for row in items(json_of(answer).get("results")):
                try:
                    iri = CHEBI.canonical(text(inside(row, "_source", "chebi_accession")))
                except ValueError:
                    continue
                yield Candidate(query.material, iri, "chebi", (field,), (f"ChEBI by {field}",))


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    number = CHEBI.identifier(iri)
    answer = http.get(f"{API}/compound/{number}/", policy=_POLICY)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    body = json_of(answer)
    try:
        # A secondary identifier answers with the primary one.
        now = CHEBI.canonical(text(body.get("chebi_accession")))
    except ValueError as error:
        raise Unreachable("the answer names no compound", where=answer.url[:300]) from error
    if now != iri:
        return Moved(iri, now)
    if body.get("is_released") is False:
        return Gone(iri, "not released")
    written, short = formula(inside(body, "chemical_data", "formula"))
    numbers = [
        text(item.get("accession_number")) for item in items(inside(body, "database_accessions", "CAS"))
    ]
    label = text(body.get("ascii_name") or body.get("name"))
    return Facts(
        iri=iri,
        label={"en": label} if label else {},
        formula=written,
        reduced=short,
        cas=tuple(number for number in numbers if number),
        inchikey=text(inside(body, "default_structure", "standard_inchi_key")),
        **seen(answer),
    )


RESOLVER = Resolver(
    name="chebi",
    title={"en": "ChEBI", "ja": "ChEBI"},
    databases=(CHEBI,),
    policy=_POLICY,
    find=_find,
    read=_read,
    needs=frozenset({"inchikey", "cas"}),
    order=60,
)
