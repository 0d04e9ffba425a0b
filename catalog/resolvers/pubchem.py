"""PubChem by PUG REST: compounds by InChIKey or CAS number, with formula and InChIKey."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Candidate, Facts, Gone, Query
from catalog.resolvers import Answer, Http, Policy, Resolver
from catalog.resolvers._answers import expect, formula, inside, items, json_of, seen, text

PUBCHEM = DATABASES["pubchem"]
REST = "https://pubchem.ncbi.nlm.nih.gov/rest/pug/compound"
_PROPERTIES = "property/MolecularFormula,InChIKey,Title/JSON"
# 5 a second and 400 a minute are allowed.
_POLICY = Policy(hosts=("pubchem.ncbi.nlm.nih.gov",), per_second=4.0, days=90.0)


def _find(query: Query, http: Http) -> Iterator[Candidate]:
    # CAS numbers are asked for as names: they are synonyms there, and some lead to another compound.
    ways = [("inchikey", "inchikey", key) for key in query.identifiers.get("inchikey", ())]
    ways += [("cas", "name", number) for number in query.identifiers.get("cas", ())]
    for field, namespace, value in ways:
        answer = http.get(f"{REST}/{namespace}/{quote(value, safe='')}/{_PROPERTIES}", policy=_POLICY)
        if answer.status == 404:
            continue
        for facts in _all(answer):
            yield Candidate(query.material, facts.iri, "pubchem", (field,), (f"PubChem by {field}",), facts)


def _read(iri: str, http: Http) -> Facts | Gone:
    number = PUBCHEM.identifier(iri)
    answer = http.get(f"{REST}/cid/{number}/{_PROPERTIES}", policy=_POLICY)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    found = [facts for facts in _all(answer) if facts.iri == iri]
    if not found:
        raise Unreachable("the answer is about another compound", where=answer.url)
    return found[0]


def _all(answer: Answer) -> Iterator[Facts]:
    expect(answer)
    for item in items(inside(json_of(answer), "PropertyTable", "Properties")):
        try:
            iri = PUBCHEM.canonical(text(item.get("CID")))
        except ValueError:
            continue
        written, short = formula(item.get("MolecularFormula"))
        title = text(item.get("Title"))
        yield Facts(
            iri=iri,
            label={"en": title} if title else {},
            formula=written,
            reduced=short,
            inchikey=text(item.get("InChIKey")),
            **seen(answer),
        )


RESOLVER = Resolver(
    name="pubchem",
    title={"en": "PubChem", "ja": "PubChem"},
    databases=(PUBCHEM,),
    policy=_POLICY,
    find=_find,
    read=_read,
    needs=frozenset({"inchikey", "cas"}),
    order=50,
)
