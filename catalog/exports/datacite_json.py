"""A record as DataCite JSON, as the DataCite REST API and the ``datacite`` package take it."""

from __future__ import annotations

import json

from catalog.exports import Export
from catalog.exports._datacite import datacite
from catalog.facts import facts
from catalog.mapping import RecordDocument


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """The attributes of DataCite's JSON schema, kernel 4."""
    return (json.dumps(datacite(facts(document, catalog)), ensure_ascii=False, indent=1) + "\n").encode()


EXPORT = Export(
    name="datacite_json",
    media_type="application/vnd.datacite.datacite+json",
    extension="datacitejson",
    title={"en": "DataCite JSON", "ja": "DataCite JSON"},
    write=write,
    order=61,
)
