"""A record as Turtle."""

from __future__ import annotations

import pyoxigraph as ox

from catalog.exports import Export
from catalog.mapping import RecordDocument, to_bytes


def write(document: RecordDocument, _catalog: RecordDocument | None = None, /) -> bytes:
    """The record's triples as Turtle."""
    return to_bytes(document, ox.RdfFormat.TURTLE)


EXPORT = Export(
    name="turtle",
    media_type="text/turtle",
    extension="ttl",
    title={"en": "Turtle", "ja": "Turtle"},
    write=write,
    rdf_format=ox.RdfFormat.TURTLE,
    order=10,
)
