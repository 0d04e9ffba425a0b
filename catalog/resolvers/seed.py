"""The shipped list: identifiers that its sources gave for a material, to be verified with the database itself."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.linking.databases import DATABASES
from catalog.linking.listing import entries
from catalog.linking.model import Candidate, Query
from catalog.resolvers import Http, Policy, Resolver

_DATABASES = ("cod", "mp", "pubchem", "wikidata", "chebi")


def _find(query: Query, _http: Http) -> Iterator[Candidate]:
    entry = entries().get(query.material)
    for item in entry.listed if entry else ():
        if item.iri:
            yield Candidate(query.material, item.iri, "seed", ("list",), item.sources)


RESOLVER = Resolver(
    name="seed",
    title={"en": "The list of materials of this project", "ja": "本プロジェクトの物質一覧"},
    databases=tuple(DATABASES[name] for name in _DATABASES),
    policy=Policy(hosts=(), per_second=1000.0, days=36500.0),
    find=_find,
    order=10,
)
