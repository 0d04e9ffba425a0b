"""A record as simple Dublin Core, the format every OAI-PMH harvester reads."""

from __future__ import annotations

from catalog.exports import Export, Harvested
from catalog.exports._instrument import instrument
from catalog.exports._openaire import EMBARGO_END, openaire_access
from catalog.facts import facts
from catalog.mapping import RecordDocument
from catalog.xml_writing import Element, add, root, to_bytes, to_text

NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
DC = "http://purl.org/dc/elements/1.1/"


def element(document: RecordDocument, catalog: RecordDocument | None = None) -> Element:
    """The ``oai_dc:dc`` element."""
    fact = facts(document, catalog)
    made = root(NAMESPACE, "dc", SCHEMA, {"oai_dc": NAMESPACE, "dc": DC})
    for tag, text in fact.titles:
        add(made, DC, "title", text, tag)
    for creator in fact.creators:
        for tag, text in creator.names:
            add(made, DC, "creator", text, tag)
    for word in fact.keywords:
        add(made, DC, "subject", word)
    for tag, text in fact.sample:
        add(made, DC, "subject", text, tag)
    for tag, text in (*fact.descriptions, *fact.notes, *instrument(fact)):
        add(made, DC, "description", text, tag)
    for tag, text in fact.publisher.names:
        add(made, DC, "publisher", text, tag)
    if fact.facility:
        for tag, text in fact.facility.names:
            add(made, DC, "contributor", text, tag)
    add(made, DC, "date", fact.issued)
    if fact.available:
        # OpenAIRE's word for it; simple Dublin Core has none.
        add(made, DC, "date", EMBARGO_END + fact.available)
    add(made, DC, "type", "Dataset")
    for media_type in dict.fromkeys(file.media_type for file in fact.files if file.media_type):
        add(made, DC, "format", media_type)
    for identifier in dict.fromkeys((fact.identifier, fact.iri)):
        add(made, DC, "identifier", identifier)
    for target in (*fact.papers, *filter(None, (fact.collection, fact.round.iri if fact.round else ""))):
        add(made, DC, "relation", target)
    for right in filter(None, (fact.licence, openaire_access(fact))):
        add(made, DC, "rights", right)
    return made


def payload(document: RecordDocument, catalog: RecordDocument | None = None) -> str:
    """The same for OAI-PMH."""
    return to_text(element(document, catalog))


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """The record as a document of its own."""
    return to_bytes(element(document, catalog))


EXPORT = Export(
    name="oai_dc",
    media_type="application/xml",
    profile=NAMESPACE,
    extension="dc",
    title={"en": "Dublin Core", "ja": "ダブリン・コア"},
    write=write,
    order=66,
    oai=(Harvested("oai_dc", SCHEMA, NAMESPACE, payload),),
)
