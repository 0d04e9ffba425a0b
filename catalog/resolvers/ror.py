"""ROR: organisations, with the successor of one that was withdrawn."""

from __future__ import annotations

from catalog.errors import Unreachable
from catalog.linking.databases import DATABASES
from catalog.linking.model import Facts, Gone, Moved
from catalog.resolvers import Http, Policy, Resolver
from catalog.resolvers._answers import Json, expect, inside, items, json_of, seen, text

ROR = DATABASES["ror"]
_POLICY = Policy(hosts=("api.ror.org",), per_second=5.0, days=180.0)


def _read(iri: str, http: Http) -> Facts | Gone | Moved:
    answer = http.get(f"https://api.ror.org/v2/organizations/{iri.rpartition('/')[2]}", policy=_POLICY)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    body = json_of(answer)
    if _iri(body) != iri:
        raise Unreachable("the answer is about another organisation", where=answer.url[:300])
    if body.get("status") == "withdrawn":
        successors = (
            _iri(item)
            for item in items(body.get("relationships"))
            if text(item.get("type")).casefold() == "successor"
        )
        successor = next(filter(None, successors), "")
        return Moved(iri, successor) if successor else Gone(iri, "withdrawn")
    label: dict[str, str] = {}
    for name in items(body.get("names")):
        language, kinds = text(name.get("lang")) or "en", name.get("types")
        if (
            language in {"en", "ja"}
            and isinstance(kinds, list)
            and {"label", "ror_display"} & set(map(str, kinds))
        ):
            label.setdefault(language, text(name.get("value")))
    return Facts(
        iri=iri, label=label, version=text(inside(body, "admin", "last_modified", "date")), **seen(answer)
    )


def _iri(thing: Json) -> str:
    try:
        return ROR.canonical(text(thing.get("id")))
    except ValueError:
        return ""


RESOLVER = Resolver(
    name="ror",
    title={"en": "Research Organization Registry", "ja": "研究機関登録簿（ROR）"},
    databases=(ROR,),
    policy=_POLICY,
    read=_read,
    order=81,
)
