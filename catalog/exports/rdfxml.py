"""A record as RDF/XML."""

from __future__ import annotations

import pyoxigraph as ox

from catalog.exports import Export
from catalog.mapping import RecordDocument, to_bytes


def write(document: RecordDocument, _catalog: RecordDocument | None = None, /) -> bytes:
    """The record's triples as RDF/XML."""
    return to_bytes(document, ox.RdfFormat.RDF_XML)


EXPORT = Export(
    name="rdfxml",
    media_type="application/rdf+xml",
    extension="rdf",
    title={"en": "RDF/XML", "ja": "RDF/XML"},
    write=write,
    rdf_format=ox.RdfFormat.RDF_XML,
    order=40,
)
