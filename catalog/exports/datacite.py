"""A record as DataCite XML, kernel 4.6: raw, and wrapped for OAI-PMH as OpenAIRE's harvesters expect it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from catalog.exports import Export, Harvested
from catalog.exports._datacite import datacite
from catalog.facts import facts
from catalog.mapping import RecordDocument
from catalog.xml_writing import KEPT, LONG, Element, add, leaf, nest, root, to_bytes, to_text

NAMESPACE = "http://datacite.org/schema/kernel-4"
SCHEMA = "https://schema.datacite.org/meta/kernel-4.6/metadata.xsd"
OAI_NAMESPACE = "http://schema.datacite.org/oai/oai-1.1/"
OAI_SCHEMA = "http://schema.datacite.org/oai/oai-1.1/oai.xsd"
# The JSON schema has no place for these.
FUNDER_SCHEMES = {
    "ROR": "https://ror.org",
    "Crossref Funder ID": "https://www.crossref.org/services/funder-registry",
}
# OpenAIRE's wrapper names the data centre; a catalog without one says what it is made with.
CENTRE = "XAFSCAT"


def element(document: RecordDocument, catalog: RecordDocument | None = None) -> Element:
    """The ``resource`` element, its parts in the order of the kernel's documentation."""
    fact = facts(document, catalog)
    body = datacite(fact)
    made = root(NAMESPACE, "resource", SCHEMA, {"": NAMESPACE})
    add(made, NAMESPACE, "identifier", fact.doi or fact.iri, identifierType="DOI" if fact.doi else "URL")
    _agents(made, "creators", "creator", body["creators"])
    titles = nest(made, NAMESPACE, "titles")
    for item in body["titles"]:
        add(titles, NAMESPACE, "title", item["title"], item.get("lang", ""))
    publisher = body["publisher"]
    add(
        made,
        NAMESPACE,
        "publisher",
        publisher["name"],
        publisherIdentifier=publisher.get("publisherIdentifier", ""),
        publisherIdentifierScheme=publisher.get("publisherIdentifierScheme", ""),
        schemeURI=publisher.get("schemeUri", ""),
    )
    add(made, NAMESPACE, "publicationYear", body.get("publicationYear", ""))
    kinds = body["types"]
    add(
        made,
        NAMESPACE,
        "resourceType",
        kinds["resourceType"],
        resourceTypeGeneral=kinds["resourceTypeGeneral"],
    )
    _list(
        made,
        body,
        "subjects",
        "subject",
        "subject",
        subjectScheme="subjectScheme",
        schemeURI="schemeUri",
        valueURI="valueUri",
    )
    _agents(made, "contributors", "contributor", body.get("contributors", []))
    _list(made, body, "dates", "date", "date", dateType="dateType")
    if "language" in body:
        add(made, NAMESPACE, "language", body["language"])
    _list(
        made,
        body,
        "alternateIdentifiers",
        "alternateIdentifier",
        "alternateIdentifier",
        alternateIdentifierType="alternateIdentifierType",
    )
    _list(
        made,
        body,
        "relatedIdentifiers",
        "relatedIdentifier",
        "relatedIdentifier",
        relatedIdentifierType="relatedIdentifierType",
        relationType="relationType",
        resourceTypeGeneral="resourceTypeGeneral",
    )
    _plain(made, body, "sizes", "size")
    _plain(made, body, "formats", "format")
    _list(
        made,
        body,
        "rightsList",
        "rights",
        "rights",
        rightsURI="rightsUri",
        rightsIdentifier="rightsIdentifier",
        rightsIdentifierScheme="rightsIdentifierScheme",
        schemeURI="schemeUri",
    )
    _list(made, body, "descriptions", "description", "description", descriptionType="descriptionType")
    if "geoLocations" in body:
        places = nest(made, NAMESPACE, "geoLocations")
        for place in body["geoLocations"]:
            add(
                nest(places, NAMESPACE, "geoLocation"),
                NAMESPACE,
                "geoLocationPlace",
                place["geoLocationPlace"],
            )
    _funding(made, body)
    return made


def _funding(parent: Element, body: dict[str, Any]) -> None:
    if "fundingReferences" not in body:
        return
    listed = nest(parent, NAMESPACE, "fundingReferences")
    for item in body["fundingReferences"]:
        made = nest(listed, NAMESPACE, "fundingReference")
        add(made, NAMESPACE, "funderName", item["funderName"])
        if "funderIdentifier" in item:
            add(
                made,
                NAMESPACE,
                "funderIdentifier",
                item["funderIdentifier"],
                funderIdentifierType=item["funderIdentifierType"],
                schemeURI=FUNDER_SCHEMES[item["funderIdentifierType"]],
            )
        if "awardNumber" in item or "awardUri" in item:
            # The address is an attribute of the number, and stands for it where there is none.
            address = item.get("awardUri", "")
            add(made, NAMESPACE, "awardNumber", item.get("awardNumber", address), awardURI=address)
        if "awardTitle" in item:
            add(made, NAMESPACE, "awardTitle", item["awardTitle"])


def payload(document: RecordDocument, catalog: RecordDocument | None = None) -> str:
    """The ``resource`` for OAI-PMH."""
    return to_text(element(document, catalog))


def wrapped(document: RecordDocument, catalog: RecordDocument | None = None) -> str:
    """The ``oai_datacite`` element around the resource."""
    made = root(OAI_NAMESPACE, "oai_datacite", OAI_SCHEMA, {"": OAI_NAMESPACE})
    add(made, OAI_NAMESPACE, "schemaVersion", "4.6")
    add(made, OAI_NAMESPACE, "datacentreSymbol", CENTRE)
    nest(made, OAI_NAMESPACE, "payload").append(element(document, catalog))
    return to_text(made)


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """The resource as a document of its own."""
    return to_bytes(element(document, catalog))


def _agents(parent: Element, group: str, name: str, agents: list[dict[str, Any]]) -> None:
    if not agents:
        return
    listed = nest(parent, NAMESPACE, group)
    for agent in agents:
        made = nest(listed, NAMESPACE, name, contributorType=agent.get("contributorType", ""))
        add(made, NAMESPACE, f"{name}Name", agent["name"], nameType=agent.get("nameType", ""))
        for item in agent.get("nameIdentifiers", []):
            add(
                made,
                NAMESPACE,
                "nameIdentifier",
                item["nameIdentifier"],
                nameIdentifierScheme=item["nameIdentifierScheme"],
                schemeURI=item["schemeUri"],
            )
        for place in agent.get("affiliation", []):
            add(
                made,
                NAMESPACE,
                "affiliation",
                place["name"],
                affiliationIdentifier=place.get("affiliationIdentifier", ""),
                affiliationIdentifierScheme=place.get("affiliationIdentifierScheme", ""),
                schemeURI=place.get("schemeUri", ""),
            )


def _list(parent: Element, body: dict[str, Any], group: str, name: str, text: str, **attributes: str) -> None:
    if group in body:
        listed = nest(parent, NAMESPACE, group)
        stated = tuple(attributes.items())
        for item in body[group]:
            written = _item if len(item[text]) < LONG else _item.__wrapped__
            listed.append(written(name, text, stated, tuple(item.items())))


@lru_cache(maxsize=KEPT)
def _item(
    name: str, text: str, attributes: tuple[tuple[str, str], ...], item: tuple[tuple[str, str], ...]
) -> str:
    said = dict(item)
    stated = [(attribute, said.get(key, "")) for attribute, key in attributes]
    return leaf(name, said[text], said.get("lang", ""), *stated)


def _plain(parent: Element, body: dict[str, Any], group: str, name: str) -> None:
    if group in body:
        listed = nest(parent, NAMESPACE, group)
        for text in body[group]:
            add(listed, NAMESPACE, name, text)


EXPORT = Export(
    name="datacite",
    media_type="application/vnd.datacite.datacite+xml",
    extension="datacite",
    title={"en": "DataCite XML", "ja": "DataCite XML"},
    write=write,
    order=60,
    oai=(
        Harvested("datacite", SCHEMA, NAMESPACE, payload),
        Harvested("oai_datacite", OAI_SCHEMA, OAI_NAMESPACE, wrapped),
    ),
)
