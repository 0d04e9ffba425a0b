"""A citation as RIS."""

from __future__ import annotations

import re

from catalog.exports import Export
from catalog.exports._citing import names
from catalog.facts import best, facts
from catalog.mapping import RecordDocument


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """One ``DATA`` reference; lines end as the format has it, with carriage return and line feed."""
    fact = facts(document, catalog)
    lines = [("TY", "DATA")]
    lines += [("AU", name) for name in names(fact)]
    lines += [
        ("TI", best(fact.titles)),
        *(("TT", text) for _, text in fact.titles[1:]),
        ("PY", fact.year),
        ("DA", fact.issued.replace("-", "/")),
        ("PB", best(fact.publisher.names)),
        ("AB", best(fact.descriptions)),
        ("DO", fact.doi),
        ("UR", fact.identifier),
        ("C1", fact.licence),
    ]
    lines += [("KW", word) for word in fact.keywords]
    text = "".join(f"{tag}  - {_one_line(value)}\r\n" for tag, value in lines if value)
    return f"{text}ER  - \r\n".encode()


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


EXPORT = Export(
    name="ris",
    media_type="application/x-research-info-systems",
    extension="ris",
    title={"en": "RIS", "ja": "RIS"},
    write=write,
    order=72,
)
