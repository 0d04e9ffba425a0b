"""A citation as text, in English and in Japanese."""

from __future__ import annotations

from catalog.exports import Export
from catalog.exports._citing import sentence
from catalog.facts import facts
from catalog.mapping import RecordDocument


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """One line in each language."""
    fact = facts(document, catalog)
    return f"{sentence(fact, 'en')}\n{sentence(fact, 'ja')}\n".encode()


__all__ = ["EXPORT", "sentence", "write"]

EXPORT = Export(
    name="citation",
    media_type="text/x-bibliography",
    extension="citation",
    title={"en": "Citation", "ja": "引用文"},
    write=write,
    order=73,
)
