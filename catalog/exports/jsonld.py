"""A record as JSON-LD: the record document with its context inside.

The context travels with the document, so that reading it never depends on another request.
"""

from __future__ import annotations

import json

import pyoxigraph as ox

from catalog.exports import Export
from catalog.mapping import RecordDocument, context_json


def write(document: RecordDocument, _catalog: RecordDocument | None = None, /) -> bytes:
    """The record document with ``@context``, keys in the document's own order."""
    body = {"@context": context_json(), **document}
    return (json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


EXPORT = Export(
    name="jsonld",
    media_type="application/ld+json",
    extension="jsonld",
    title={"en": "JSON-LD", "ja": "JSON-LD"},
    write=write,
    rdf_format=ox.RdfFormat.JSON_LD,
    order=20,
)
