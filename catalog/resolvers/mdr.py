"""The Materials Data Repository of NIMS: datasets are named, and read to see whether they are still there."""

from __future__ import annotations

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Facts, Gone, Moved
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._answers import expect, json_of, seen, text

MDR = DATABASES["mdr"]
_POLICY = Policy(hosts=("mdr.nims.go.jp",), per_second=1.0, days=90.0)


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    answer = http.get(iri, policy=_POLICY, accept="application/ld+json")
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    if answer.moved:
        try:
            now = MDR.canonical(answer.moved)
        except ValueError as error:
            raise Unreachable("moved to an address that names no dataset", where=answer.moved) from error
        if now != iri:
            return Moved(iri, now)
    body = json_of(answer)
    if not {"@graph", "@id", "@type", "name"} & body.keys():
        raise Unreachable("the answer is about no dataset", where=answer.url[:300])
    title = text(body.get("name"))
    return Facts(iri=iri, label={"en": title} if title else {}, **seen(answer))


RESOLVER = Resolver(
    name="mdr",
    title={"en": "Materials Data Repository of NIMS", "ja": "NIMS材料データリポジトリ（MDR）"},
    databases=(MDR,),
    policy=_POLICY,
    read=_read,
    order=75,
)
