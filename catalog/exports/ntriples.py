"""A record as N-Triples."""

from __future__ import annotations

import pyoxigraph as ox

from catalog.exports import Export
from catalog.mapping import RecordDocument, to_bytes


def write(document: RecordDocument, _catalog: RecordDocument | None = None, /) -> bytes:
    """The record's triples as N-Triples."""
    return to_bytes(document, ox.RdfFormat.N_TRIPLES)


EXPORT = Export(
    name="ntriples",
    media_type="application/n-triples",
    extension="nt",
    title={"en": "N-Triples", "ja": "N-Triples"},
    write=write,
    rdf_format=ox.RdfFormat.N_TRIPLES,
    order=30,
)
