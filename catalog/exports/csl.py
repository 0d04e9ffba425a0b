"""A citation as CSL-JSON, which reference managers and citation styles read."""

from __future__ import annotations

import json
from typing import Any

from catalog.exports import Export
from catalog.exports._citing import split_name
from catalog.facts import best, facts
from catalog.mapping import RecordDocument


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """One CSL item."""
    fact = facts(document, catalog)
    authors: list[dict[str, str]] = []
    for creator in fact.creators:
        parts = split_name(creator)
        authors.append({"family": parts[0], "given": parts[1]} if parts else {"literal": best(creator.names)})
    item: dict[str, Any] = {
        "id": fact.identifier,
        "type": "dataset",
        "title": best(fact.titles),
        "author": authors,
        "issued": _date(fact.issued),
        "available-date": _date(fact.public_from),
        "collection-title": best(fact.round.names) if fact.round else "",
        "publisher": best(fact.publisher.names),
        "URL": fact.identifier,
        "DOI": fact.doi,
        "language": "en" if any(tag == "en" for tag, _ in fact.titles) else fact.titles[0][0],
        "keyword": ", ".join(fact.keywords),
        "license": fact.licence,
    }
    kept = {key: value for key, value in item.items() if value not in ("", [], None)}
    return (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode()


def _date(text: str) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [[int(part) for part in text.split("-")]]} if text else None


EXPORT = Export(
    name="csl",
    media_type="application/vnd.citationstyles.csl+json",
    extension="csl",
    title={"en": "CSL-JSON", "ja": "CSL-JSON"},
    write=write,
    order=70,
)
