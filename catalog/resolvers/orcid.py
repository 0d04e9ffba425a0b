"""ORCID: whether an iD is in use; nothing of the person is kept."""

from __future__ import annotations

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Facts, Gone, Moved
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._answers import expect, inside, json_of, seen, text

ORCID = DATABASES["orcid"]
_POLICY = Policy(hosts=("pub.orcid.org",), per_second=4.0, days=180.0)


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    answer = http.get(f"https://pub.orcid.org/v3.0/{iri.rpartition('/')[2]}/record", policy=_POLICY)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    try:
        # A person with two iDs keeps one; the other answers with it.
        now = ORCID.canonical(text(inside(json_of(answer), "orcid-identifier", "path")))
    except ValueError as error:
        raise Unreachable("the answer names no person", where=answer.url[:300]) from error
    return Facts(iri=iri, **seen(answer)) if now == iri else Moved(iri, now)


RESOLVER = Resolver(
    name="orcid",
    title={"en": "ORCID", "ja": "ORCID"},
    databases=(ORCID,),
    policy=_POLICY,
    read=_read,
    order=82,
)
