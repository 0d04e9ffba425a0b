"""A record in the JPCOAR schema, versions 1.0 and 2.0, as Japan's IRDB and CiNii Research harvest it.

Source: https://schema.irdb.nii.ac.jp/ . Both versions ask for the same elements where a data set is concerned.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from catalog.exports import Export, Harvested
from catalog.exports._instrument import instrument
from catalog.facts import COAR_DATASET, DOI, ROR, Creator, Facts, Funding, best, facts
from catalog.mapping import RecordDocument
from catalog.xml_writing import Element, add, nest, root, to_bytes, to_text

DC = "http://purl.org/dc/elements/1.1/"
DCTERMS = "http://purl.org/dc/terms/"
DATACITE = "https://schema.datacite.org/meta/kernel-4/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RESOURCE = "rdf:resource"
# JPCOAR's words for COAR's access rights.
ACCESS = {
    "c_abf2": "open access",
    "c_f1cf": "embargoed access",
    "c_16ec": "restricted access",
    "c_14cb": "metadata only access",
}
LANGUAGES = {"en": "eng", "ja": "jpn"}
_W3C_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?)?)?")


def namespace(version: str) -> str:
    """The namespace of a version of the schema."""
    return f"https://github.com/JPCOAR/schema/blob/master/{version}/"


def schema(version: str) -> str:
    """The address of the XSD of a version."""
    return f"https://raw.githubusercontent.com/JPCOAR/schema/master/{version}/jpcoar_scm.xsd"


def export(version: str, order: int) -> Export:
    """The export of a version of the schema."""

    def payload(document: RecordDocument, catalog: RecordDocument | None = None) -> str:
        return to_text(jpcoar(facts(document, catalog), version))

    def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
        return to_bytes(jpcoar(facts(document, catalog), version))

    major = version.partition(".")[0]
    return Export(
        name=f"jpcoar_{major}",
        media_type="application/xml",
        profile=namespace(version),
        extension=f"jpcoar{major}",
        title={"en": f"JPCOAR {version}", "ja": f"JPCOARスキーマ {version}"},
        write=write,
        order=order,
        oai=(Harvested(f"jpcoar_{version}", schema(version), namespace(version), payload),),
    )


def jpcoar(fact: Facts, version: str) -> Element:
    """The ``jpcoar`` element, its parts in the order of the schema."""
    own = namespace(version)
    made = root(
        own,
        "jpcoar",
        schema(version),
        {"jpcoar": own, "dc": DC, "dcterms": DCTERMS, "datacite": DATACITE, "rdf": RDF},
    )
    for tag, text in fact.titles:
        add(made, DC, "title", text, tag)
    for creator in fact.creators:
        _agent(made, own, creator, "creator")
    for creator in fact.creators:
        if creator.kind != "Organization":
            _agent(made, own, creator, "contributor").set("contributorType", "DataCollector")
    _hosting(made, own, fact)
    if word := ACCESS.get(fact.access.rpartition("/")[2]):
        add(made, DCTERMS, "accessRights", word, **{RESOURCE: fact.access})
    if fact.licence:
        for tag, text in fact.licence_names or (("", fact.licence),):
            add(made, DC, "rights", text, tag, **{RESOURCE: fact.licence})
    for edge in fact.edges:
        add(made, own, "subject", edge.text, "en", subjectScheme="Other", subjectURI=edge.iri)
    for symbol in fact.elements:
        add(made, own, "subject", symbol, "en", subjectScheme="Other")
    for term in (*fact.techniques, *fact.modes, *([fact.kind] if fact.kind else [])):
        for tag, text in term.names:
            add(made, own, "subject", text, tag, subjectScheme="Other", subjectURI=term.iri)
    for tag, text in fact.sample:
        add(made, own, "subject", text, tag, subjectScheme="Other")
    for tag, text in fact.descriptions:
        add(made, DATACITE, "description", text, tag, descriptionType="Abstract")
    for tag, text in fact.notes:
        add(made, DATACITE, "description", text, tag, descriptionType="Other")
    for tag, text in instrument(fact):
        add(made, DATACITE, "description", text, tag, descriptionType="TechnicalInfo")
    for tag, text in fact.publisher.names:
        add(made, DC, "publisher", text, tag)
    _dates(made, fact, _days if own == namespace("1.0") else _w3c)
    for code in dict.fromkeys(LANGUAGES[tag] for tag, _ in fact.titles if tag in LANGUAGES):
        add(made, DC, "language", code)
    add(made, DC, "type", "dataset", **{RESOURCE: COAR_DATASET})
    if fact.doi:
        add(made, own, "identifier", fact.identifier, identifierType="DOI")
    add(made, own, "identifier", fact.iri, identifierType="URI")
    for paper in fact.papers:
        _relation(made, own, paper, "isSupplementTo")
    if fact.collection:
        _relation(made, own, fact.collection, "isPartOf")
    if fact.round:
        _relation(made, own, fact.round.iri, "isPartOf")
    for reference in fact.references:
        _relation(made, own, reference, "references")
    if fact.facility:
        add(nest(made, DATACITE, "geoLocation"), DATACITE, "geoLocationPlace", best(fact.facility.names))
    for item in fact.funding:
        _funding(made, own, item)
    for file in fact.files:
        if file.url:
            part = nest(made, own, "file")
            add(part, own, "URI", file.url, objectType="dataset", label=file.name)
            if file.media_type:
                add(part, own, "mimeType", file.media_type)
            if file.bytes is not None:
                add(part, own, "extent", f"{file.bytes} bytes")
    return made


def _agent(parent: Element, own: str, creator: Creator, name: str) -> Element:
    made = nest(parent, own, name)
    if creator.kind == "Organization":
        if creator.iri:
            _ror(made, own, creator.iri)
    elif creator.iri:
        identifier = creator.iri.rpartition("/")[2]
        add(
            made,
            own,
            "nameIdentifier",
            identifier,
            nameIdentifierScheme="ORCID",
            nameIdentifierURI=creator.iri,
        )
    kind = "" if creator.kind != "Organization" or own == namespace("1.0") else "Organizational"
    for tag, text in creator.names:
        add(made, own, f"{name}Name", text, tag, nameType=kind)
    if creator.affiliation:
        place = nest(made, own, "affiliation")
        if creator.affiliation.iri:
            _ror(place, own, creator.affiliation.iri)
        for tag, text in creator.affiliation.names:
            add(place, own, "affiliationName", text, tag)
    return made


def _hosting(parent: Element, own: str, fact: Facts) -> None:
    if not fact.facility:
        return
    made = nest(parent, own, "contributor", contributorType="HostingInstitution")
    if fact.facility_ror:
        _ror(made, own, fact.facility_ror)
    for tag, text in fact.facility.names:
        add(made, own, "contributorName", text, tag)


def _ror(parent: Element, own: str, address: str) -> None:
    # Version 1.0 knows no ROR; what it does not know is left out there.
    if own != namespace("1.0"):
        add(parent, own, "nameIdentifier", address, nameIdentifierScheme="ROR", nameIdentifierURI=address)


def _dates(parent: Element, fact: Facts, written: Callable[[str], str]) -> None:
    collected = dict.fromkeys(part for text in fact.collected for part in written(text).split(" "))
    for kind, value in (
        *(("Collected", text) for text in collected),
        ("Available", fact.public_from),
        ("Issued", fact.issued),
        ("Updated", day(fact.modified)),
    ):
        if value:
            add(parent, DATACITE, "date", value, dateType=kind)


def _days(text: str) -> str:
    """A date or period as version 1.0 takes it, which knows neither moments nor periods: its days, a blank between."""
    return " ".join(dict.fromkeys(day(part) or part for part in text.split("/")))


def _w3c(text: str) -> str:
    """A date or period as the schema takes it: a moment to the second and with its zone, else its day."""
    parts = [part if _W3C_DATE.fullmatch(part) else day(part) for part in text.split("/")]
    return "/".join(dict.fromkeys(parts))


def day(text: str) -> str:
    """The date of a date or date-time, "" for anything coarser."""
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


def _funding(parent: Element, own: str, item: Funding) -> None:
    made = nest(parent, own, "fundingReference")
    # Version 1.0 takes identifier and number from DataCite, and knows no ROR.
    space, ror = (DATACITE, "Other") if own == namespace("1.0") else (own, "ROR")
    if item.funder.iri:
        kind = ror if item.funder.iri.startswith(ROR) else "Crossref Funder"
        add(made, space, "funderIdentifier", item.funder.iri, funderIdentifierType=kind)
    for tag, text in item.funder.names:
        add(made, own, "funderName", text, tag)
    if item.award or item.url:
        add(made, space, "awardNumber", item.award or item.url, awardURI=item.url)
    for tag, text in item.title:
        add(made, own, "awardTitle", text, tag)


def _relation(parent: Element, own: str, target: str, relation: str) -> None:
    made = nest(parent, own, "relation", relationType=relation)
    add(made, own, "relatedIdentifier", target, identifierType="DOI" if target.startswith(DOI) else "URI")
