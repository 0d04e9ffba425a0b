"""What a Wikibase such as Wikidata says of an item, by the address every Wikibase has."""

from __future__ import annotations

from typing import Any

from catalog.errors import Unreachable
from catalog.linking.databases import Database
from catalog.linking.model import Facts, Gone, Moved
from catalog.resolvers import Http, Policy
from catalog.resolvers._answers import expect, formula, inside, items, json_of, seen, text

LANGUAGES = ("en", "ja")
FORMULA, CAS, INCHIKEY = "P274", "P231", "P235"


def read_item(
    iri: str, http: Http, *, database: Database, site: str, policy: Policy, chemical: bool
) -> Facts | Gone | Moved:
    """The facts of an item; those of chemistry only where the properties are Wikidata's (``chemical``)."""
    item = database.identifier(iri)
    answer = http.get(f"{site}/wiki/Special:EntityData/{item}.json", policy=policy)
    if answer.status in {404, 410}:
        return Gone(iri, f"HTTP {answer.status}")
    expect(answer)
    entities = json_of(answer).get("entities")
    if not isinstance(entities, dict) or len(entities) != 1:
        raise Unreachable("the answer is not about one item", where=answer.url)
    ((identifier, entity),) = entities.items()
    if identifier != item:
        # An item that was merged answers with the one it is now.
        try:
            return Moved(iri, database.canonical(str(identifier)))
        except ValueError as error:
            raise Unreachable("the answer is about something else", where=answer.url) from error
    if inside(entity, "missing") is not None:
        return Gone(iri, "the item was deleted")
    if text(inside(entity, "id")) != item:
        raise Unreachable("the answer is not about one item", where=answer.url[:300])
    labels = {tag: text(inside(entity, "labels", tag, "value")) for tag in LANGUAGES}
    written, short = formula(_first(entity, FORMULA)) if chemical else ("", "")
    return Facts(
        iri=iri,
        label={tag: label for tag, label in labels.items() if label},
        formula=written,
        reduced=short,
        cas=tuple(_values(entity, CAS)) if chemical else (),
        inchikey=_first(entity, INCHIKEY) if chemical else "",
        version=text(inside(entity, "lastrevid")),
        **seen(answer),
    )


def _values(entity: Any, property_id: str) -> list[str]:
    """The values of a property, those of the best rank first; deprecated ones are none."""
    found = []
    for claim in items(inside(entity, "claims", property_id)):
        value = text(inside(claim, "mainsnak", "datavalue", "value"))
        if value and claim.get("rank") != "deprecated":
            found.append((claim.get("rank") != "preferred", value))
    return [value for _, value in sorted(found, key=lambda item: item[0])]


def _first(entity: Any, property_id: str) -> str:
    values = _values(entity, property_id)
    return values[0] if values else ""
