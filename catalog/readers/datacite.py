"""Repository records in DataCite metadata (JSON, XML) and in schema.org or CodeMeta JSON-LD.

A record says who made what under which licence, seldom which edge; one that is not about X-ray absorption is refused.
"""

from __future__ import annotations

import re

from catalog.readers import Reader, Reading, Source
from catalog.readers._datacite import from_json, from_xml
from catalog.readers._foreign import Tree, outline, trees
from catalog.readers._repository import Record, fill_record, refusal
from catalog.readers._schema_org import schema_org_record

_JSON_KEYS = frozenset({"titles", "creators"})
_YEARS = frozenset({"publicationYear", "publication-year", "publication_year"})
_BESIDE = _YEARS | {"types", "doi", "identifier", "identifiers"}
_XML = re.compile(rb"https?://datacite\.org/schema/kernel-")
_LINKED = (b"schema.org", b"codemeta")
# Contexts that other readers answer for.
_OTHERS = (b"w3id.org/cdif", b"cdi4exas", b"ddialliance.org", b"nims.go.jp", b"10.48505/nims.")


def sniff(source: Source) -> int:
    """Sure by the namespace of DataCite XML, the outermost keys of DataCite JSON, or the context of schema.org."""
    head = source.head
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<" or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return 90 if _XML.search(head.replace(b"\0", b"")) else 0
    if b"titles" in head and b"creators" in head and b"visibility" not in head:
        keys = outline(source)
        return 85 if keys >= _JSON_KEYS and keys & _BESIDE else _envelope(source)
    if (
        b"@context" in head
        and any(sign in head for sign in _LINKED)
        and not any(sign in head for sign in _OTHERS)
    ):
        return 70 if "@context" in outline(source) else 0
    return 0


def read(source: Source) -> Reading:
    """A form per record of the file, or the reason why it is none of X-ray absorption.

    Raises UnreadableInput, with the line, for what is no safe XML or JSON.
    """
    content = source.content()
    reading = Reading()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        records = [from_xml(content, source.name)]
    else:
        records = [_record(tree) for tree in trees(source)]
    for record in records:
        if not refusal(record, source.name, reading):
            fill_record(record, source.name, "datacite", reading).finish()
    reading.is_xafs = bool(reading.forms)
    return reading


def _record(tree: Tree) -> Record:
    return schema_org_record(tree)[0] if tree.child("@context") else from_json(tree)


def _envelope(source: Source) -> int:
    return 85 if b'"attributes"' in source.head and "data" in outline(source) else 0


READER = Reader(
    name="datacite",
    title={
        "en": "Repository record (DataCite JSON or XML, schema.org)",
        "ja": "リポジトリのレコード（DataCite JSON・XML、schema.org）",
    },
    specification="https://datacite-metadata-schema.readthedocs.io/",
    sniff=sniff,
    read=read,
)
