"""DOIs by the agencies that register them: DataCite, Crossref, the Japan Link Center, in that order."""

from __future__ import annotations

from urllib.parse import quote

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Facts, Gone
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._answers import inside, json_of, seen, text

DOI = DATABASES["doi"]
# Where the title stands in the answer of each agency.
_AGENCIES: tuple[tuple[str, tuple[str | int, ...]], ...] = (
    ("https://api.datacite.org/dois/", ("data", "attributes", "titles", 0, "title")),
    ("https://api.crossref.org/works/", ("message", "title", 0)),
    ("https://api.japanlinkcenter.org/dois/", ("data", "title_list", 0, "title")),
)
_POLICY = Policy(
    hosts=("api.datacite.org", "api.crossref.org", "api.japanlinkcenter.org"), per_second=2.0, days=180.0
)


def _read(iri: str, http: Http) -> Facts | Gone:
    doi = iri.removeprefix("https://doi.org/")
    refused: Unreachable | None = None
    for agency, title_at in _AGENCIES:
        try:
            answer = http.get(agency + quote(doi, safe="/"), policy=_POLICY)
        except Unreachable as error:
            refused = error
            continue
        if answer.status in {404, 410}:
            continue
        if answer.status != 200:
            refused = Unreachable(f"HTTP {answer.status}", where=answer.url[:300])
            continue
        body = json_of(answer)
        if not isinstance(body.get(str(title_at[0])), dict):
            raise Unreachable("the answer is about no publication", where=answer.url[:300])
        title = text(inside(body, *title_at))
        return Facts(iri=iri, label={"en": title} if title else {}, **seen(answer))
    if refused:
        # One that did not answer may be the one that has it.
        raise refused
    return Gone(iri, "no agency knows this DOI")


RESOLVER = Resolver(
    name="doi",
    title={"en": "DOI registration agencies", "ja": "DOI登録機関"},
    databases=(DOI,),
    policy=_POLICY,
    read=_read,
    order=80,
)
