"""A record as schema.org ``Dataset`` JSON-LD, as search engines read it; as RDF/XML for OAI-PMH."""

from __future__ import annotations

import json
from typing import Any

from catalog.exports import Export, Harvested
from catalog.exports._instrument import laboratory
from catalog.exports._rdfxml import BLANK, TYPE, XSD, Literal, Node, Statement, rdf_xml
from catalog.facts import Creator, Facts, Funding, Named, Texts, best, facts
from catalog.mapping import RecordDocument

PROFILE = "https://schema.org/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
# Google asks for at least 50 characters of description.
LEAST_DESCRIPTION = 50
# Keys whose values are addresses of things.
ADDRESSES = frozenset(
    {"url", "license", "contentUrl", "sameAs", "isBasedOn", "isPartOf", "citation", "conditionsOfAccess"}
    | {"additionalType"}
)


def dataset(document: RecordDocument, catalog: RecordDocument | None = None) -> dict[str, Any]:
    """The ``Dataset`` as JSON-LD with schema.org's context."""
    fact = facts(document, catalog)
    made: dict[str, Any] = {
        "@context": PROFILE,
        "@type": "Dataset",
        "@id": fact.iri,
        "additionalType": fact.kind.iri if fact.kind else "",
        "url": fact.iri,
        "name": _said(fact.titles),
        "description": _description(fact),
        "identifier": list(dict.fromkeys((fact.identifier, fact.iri))),
        "sameAs": fact.identifier if fact.doi else "",
        "creator": [_creator(item) for item in fact.creators],
        "publisher": _publisher(fact),
        "license": fact.licence,
        "isAccessibleForFree": fact.is_open,
        "conditionsOfAccess": _conditions(fact),
        "keywords": list(fact.keywords),
        "datePublished": fact.issued,
        "dateModified": fact.modified,
        "temporalCoverage": list(fact.collected),
        "measurementTechnique": _techniques(fact),
        "variableMeasured": _variables(fact),
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "@id": fact.catalog.iri,
            "name": _said(fact.catalog.names),
        },
        "citation": list(fact.papers),
        "isPartOf": _series(fact),
        "funder": [_funder(item) for item in dict.fromkeys(item.funder for item in fact.funding)],
        "funding": [_grant(item) for item in fact.funding],
        "distribution": _distributions(fact),
        "about": _sample(fact),
        "spatialCoverage": _place(fact.facility),
        "locationCreated": _beamline(fact),
    }
    kept: dict[str, Any] = _without_empty(made)
    return kept


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """The JSON-LD document."""
    return (json.dumps(dataset(document, catalog), ensure_ascii=False, indent=1) + "\n").encode()


def payload(document: RecordDocument, catalog: RecordDocument | None = None) -> str:
    """The same as RDF/XML."""
    statements: list[Statement] = []
    body = dataset(document, catalog)
    del body["@context"]
    _emit(body, str(document["id"]), statements)
    return rdf_xml(statements)


def _creator(creator: Creator) -> dict[str, Any]:
    return {
        "@type": creator.kind,
        "@id": creator.iri,
        "name": _said(creator.names),
        "affiliation": _affiliation(creator.affiliation),
    }


def _publisher(fact: Facts) -> Any:
    if not fact.publisher.names:
        return ""
    return {"@type": "Organization", "@id": fact.publisher_iri, "name": _said(fact.publisher.names)}


def _affiliation(place: Named | None) -> Any:
    return {"@type": "Organization", "@id": place.iri, "name": _said(place.names)} if place else ""


def _series(fact: Facts) -> Any:
    """The collection by its address, the round-robin with its name as well."""
    if not fact.round:
        return fact.collection
    # No Dataset: search engines would ask for all that they want to know of one.
    series = {"@type": "Collection", "@id": fact.round.iri, "name": _said(fact.round.names)}
    return [fact.collection, series] if fact.collection else series


def _funder(funder: Named) -> dict[str, Any]:
    return {"@type": "Organization", "@id": funder.iri, "name": _said(funder.names)}


def _grant(item: Funding) -> dict[str, Any]:
    return {
        "@type": "Grant",
        "identifier": item.award,
        "name": _said(item.title),
        "url": item.url,
        "funder": _funder(item.funder),
    }


def _conditions(fact: Facts) -> list[Any]:
    """The access right, and in words when an embargo ends: the vocabulary has no term for one."""
    if not fact.available:
        return [fact.access]
    ends = (("en", f"open from {fact.available}"), ("ja", f"{fact.available}に公開"))
    return [fact.access, *({"@value": text, "@language": tag} for tag, text in ends)]


def _description(fact: Facts) -> Any:
    if fact.descriptions and len(best(fact.descriptions)) >= LEAST_DESCRIPTION:
        return _said((*fact.descriptions, *fact.notes))
    edges = ", ".join(edge.text for edge in fact.edges) or "X-ray absorption"
    place = f", {best(fact.facility.names)}" if fact.facility else ""
    more = f"X-ray absorption (XAFS) data: {edges}{place}."
    return _said((*fact.descriptions, ("en", more), *fact.notes))


def _variables(fact: Facts) -> list[dict[str, Any]]:
    energy: dict[str, Any] = {"@type": "PropertyValue", "name": "photon energy", "unitText": "eV"}
    if fact.energy_ev != ("", ""):
        energy |= {"minValue": fact.energy_ev[0], "maxValue": fact.energy_ev[1]}
    absorption = [
        {"@type": "PropertyValue", "name": f"X-ray absorption at the {edge.text}", "propertyID": edge.iri}
        for edge in fact.edges
    ]
    return [energy, *absorption]


def _distributions(fact: Facts) -> list[dict[str, Any]]:
    return [
        {
            "@type": "DataDownload",
            "name": file.name,
            "contentUrl": file.url,
            "encodingFormat": file.media_type,
            "contentSize": f"{file.bytes} B" if file.bytes is not None else "",
            "sha256": file.sha256,
            "license": file.licence,
        }
        for file in fact.files
        if file.url
    ]


def _techniques(fact: Facts) -> list[Any]:
    """Techniques and modes; in words the source of a laboratory, as only an action has an instrument."""
    terms: list[Any] = [_term(item) for item in (*fact.techniques, *fact.modes)]
    return [*terms, *filter(None, [laboratory(fact)])]


def _sample(fact: Facts) -> Any:
    if not fact.sample and not fact.formula:
        return ""
    return {
        "@type": "Thing",
        "@id": fact.specimen,
        "name": _said(fact.sample),
        "alternateName": fact.formula,
    }


def _place(item: Named | None) -> Any:
    return {"@type": "Place", "name": _said(item.names)} if item else ""


def _beamline(fact: Facts) -> Any:
    if not fact.beamline:
        return ""
    return {
        **_place(fact.beamline),
        "@id": fact.beamline.iri,
        "containedInPlace": _place(fact.facility),
    }


def _term(item: Named) -> dict[str, Any]:
    return {"@type": "DefinedTerm", "@id": item.iri, "name": _said(item.names)}


def _said(pairs: Texts) -> Any:
    values = [{"@value": text, "@language": tag} if tag else text for tag, text in pairs]
    return values[0] if len(values) == 1 else values


def _without_empty(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for key, item in value.items():
        stated = _without_empty(item) if isinstance(item, dict | list) else item
        if stated or stated is False:
            kept[key] = stated
    return kept


def _emit(node: dict[str, Any], subject: str, statements: list[Statement]) -> None:
    # Words are expanded here and not by a remote context, which nobody should need to fetch.
    for key, value in node.items():
        if key == "@id":
            continue
        if key == "@type":
            statements.append((subject, TYPE, Node(PROFILE + value)))
            continue
        predicate = PROFILE + key
        for item in value if isinstance(value, list) else [value]:
            statements.append((subject, predicate, _term_of(item, key, statements)))


def _term_of(item: Any, key: str, statements: list[Statement]) -> Node | Literal:
    if isinstance(item, dict):
        if "@value" in item:
            return Literal(item["@value"], item["@language"])
        # Numbered by where it stands, so that equal records give equal bytes.
        name = str(item["@id"]) if "@id" in item else f"{BLANK}n{len(statements)}"
        _emit(item, name, statements)
        return Node(name)
    if isinstance(item, bool):
        return Literal(str(item).lower(), datatype=XSD + "boolean")
    return Node(item) if key in ADDRESSES else Literal(item)


EXPORT = Export(
    name="schemaorg",
    media_type="application/ld+json",
    profile=PROFILE,
    extension="schemaorg",
    title={"en": "schema.org JSON-LD", "ja": "schema.org JSON-LD"},
    write=write,
    order=67,
    oai=(Harvested("schemaorg", "http://www.openarchives.org/OAI/2.0/rdf.xsd", RDF, payload),),
)
