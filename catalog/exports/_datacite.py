"""A record in DataCite's terms, once: the JSON and the XML of kernel 4.6 are two spellings of it.

Source: https://datacite-metadata-schema.readthedocs.io/en/4.6/ .
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from catalog.exports._instrument import instrument
from catalog.exports._openaire import openaire_access
from catalog.facts import DOI, EDGE_SCHEME, ORCID, ROR, Creator, Facts, Funding, best

SCHEMA_VERSION = "http://datacite.org/schema/kernel-4"
# DataCite's standard value (appendix 3) for what must be there and is not to be had.
UNAVAILABLE = ":unav"
SPDX = "https://spdx.org/licenses/"


def datacite(fact: Facts) -> dict[str, Any]:
    """The attributes of DataCite's JSON schema for kernel 4."""
    body: dict[str, Any] = {
        "url": fact.iri,
        "creators": [_agent(item) for item in fact.creators] or [_organisation(_publisher(fact)["name"])],
        "titles": [_tagged("title", tag, text) for tag, text in fact.titles],
        "publisher": _publisher(fact),
        "publicationYear": fact.year,
        "types": {"resourceType": "XAFS spectra", "resourceTypeGeneral": "Dataset"},
        "subjects": _subjects(fact),
        "contributors": _contributors(fact),
        "dates": _dates(fact),
        "language": "en" if any(tag == "en" for tag, _ in fact.titles) else fact.titles[0][0],
        "alternateIdentifiers": _alternate(fact),
        "relatedIdentifiers": _related(fact),
        "sizes": list(dict.fromkeys(f"{file.bytes} bytes" for file in fact.files if file.bytes is not None)),
        "formats": list(dict.fromkeys(file.media_type for file in fact.files if file.media_type)),
        "rightsList": _rights(fact),
        "descriptions": [
            {**_tagged("description", tag, text), "descriptionType": "Abstract"}
            for tag, text in fact.descriptions
        ]
        + [{**_tagged("description", tag, text), "descriptionType": "Other"} for tag, text in fact.notes]
        + [
            {**_tagged("description", tag, text), "descriptionType": "TechnicalInfo"}
            for tag, text in instrument(fact)
        ],
        "fundingReferences": [_funding(item) for item in fact.funding],
        "geoLocations": [{"geoLocationPlace": place} for place in _places(fact)],
        "schemaVersion": SCHEMA_VERSION,
    }
    if fact.doi:
        body["doi"] = fact.doi
        body["prefix"], _, body["suffix"] = fact.doi.partition("/")
    return {key: item for key, item in body.items() if item not in ([], "")}


def _alternate(fact: Facts) -> list[dict[str, str]]:
    own = [{"alternateIdentifier": fact.id, "alternateIdentifierType": "xafscat record"}]
    if fact.doi:
        own.insert(0, {"alternateIdentifier": fact.iri, "alternateIdentifierType": "URL"})
    return own


def _agent(creator: Creator) -> dict[str, Any]:
    if creator.kind == "Organization":
        made = _organisation(best(creator.names), creator.iri)
    else:
        made = {"name": best(creator.names)}
        if creator.kind:
            made["nameType"] = "Personal"
            own = {"nameIdentifier": creator.iri, "nameIdentifierScheme": "ORCID"}
            made["nameIdentifiers"] = [{**own, "schemeUri": ORCID.rstrip("/")}]
    if creator.affiliation:
        place: dict[str, str] = {"name": best(creator.affiliation.names)}
        if creator.affiliation.iri:
            place |= {
                "affiliationIdentifier": creator.affiliation.iri,
                "affiliationIdentifierScheme": "ROR",
                "schemeUri": ROR.rstrip("/"),
            }
        made["affiliation"] = [place]
    return made


def _organisation(name: str, ror: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "nameType": "Organizational"}
    if ror:
        made["nameIdentifiers"] = [
            {"nameIdentifier": ror, "nameIdentifierScheme": "ROR", "schemeUri": ROR.rstrip("/")}
        ]
    return made


def _contributors(fact: Facts) -> list[dict[str, Any]]:
    # Who is credited here measured the data.
    made = [
        {**_agent(item), "contributorType": "DataCollector"}
        for item in fact.creators
        if item.kind != "Organization"
    ]
    if fact.facility:
        made.append(
            {
                **_organisation(best(fact.facility.names), fact.facility_ror),
                "contributorType": "HostingInstitution",
            }
        )
    return made


def _publisher(fact: Facts) -> dict[str, str]:
    made = {"name": best(fact.publisher.names) or UNAVAILABLE}
    if fact.publisher_iri.startswith(ROR):
        made |= {
            "publisherIdentifier": fact.publisher_iri,
            "publisherIdentifierScheme": "ROR",
            "schemeUri": ROR.rstrip("/"),
        }
    return made


def _subjects(fact: Facts) -> list[dict[str, str]]:
    made = []
    for edge in fact.edges:
        subject = {"subject": edge.text, "subjectScheme": "xafscat edges", "schemeUri": EDGE_SCHEME}
        made.append({**subject, "valueUri": edge.iri} if edge.iri else subject)
    made += [{"subject": symbol, "subjectScheme": "chemical element"} for symbol in fact.elements]
    for item in (*fact.techniques, *fact.modes, *([fact.kind] if fact.kind else [])):
        made += [_tagged("subject", tag, text) | {"valueUri": item.iri} for tag, text in item.names]
    made += [_tagged("subject", tag, text) | {"subjectScheme": "sample"} for tag, text in fact.sample]
    if fact.formula:
        made.append({"subject": fact.formula, "subjectScheme": "chemical formula"})
    if fact.cas:
        made.append({"subject": fact.cas, "subjectScheme": "CAS Registry Number"})
    return made


def _dates(fact: Facts) -> list[dict[str, str]]:
    made = [{"date": value, "dateType": "Collected"} for value in fact.collected]
    for kind, value in (
        ("Available", fact.public_from),
        ("Issued", fact.issued),
        ("Updated", fact.modified),
    ):
        if value:
            made.append({"date": value, "dateType": kind})
    return made


def _related(fact: Facts) -> list[dict[str, str]]:
    made = [_relation(paper, "IsSupplementTo", "JournalArticle") for paper in fact.papers]
    if fact.beamline and fact.beamline.iri:
        made.append(_relation(fact.beamline.iri, "IsCollectedBy", "Instrument"))
    if fact.collection:
        made.append(_relation(fact.collection, "IsPartOf", "Collection"))
    if fact.round:
        made.append(_relation(fact.round.iri, "IsPartOf", "Collection"))
    if fact.specimen:
        made.append(_relation(fact.specimen, "References", "PhysicalObject"))
    made += [_relation(iri, "References", "Dataset") for iri in fact.references]
    made += [_relation(file.url, "HasPart", "") for file in fact.files if file.url]
    return made


def _relation(target: str, relation: str, kind: str) -> dict[str, str]:
    is_doi = target.startswith(DOI)
    made = {
        "relatedIdentifier": unquote(target.removeprefix(DOI)) if is_doi else target,
        "relatedIdentifierType": "DOI" if is_doi else "URL",
        "relationType": relation,
    }
    return {**made, "resourceTypeGeneral": kind} if kind else made


def _rights(fact: Facts) -> list[dict[str, str]]:
    made = []
    if fact.licence:
        right = {"rights": best(fact.licence_names) or fact.licence, "rightsUri": fact.licence}
        if fact.licence_id:
            right |= {
                "rightsIdentifier": fact.licence_id,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": SPDX,
            }
        made.append(right)
    if fact.access:
        made.append({"rights": best(fact.access_names) or fact.access, "rightsUri": openaire_access(fact)})
    return made


def _funding(item: Funding) -> dict[str, str]:
    made = {"funderName": best(item.funder.names)}
    if item.funder.iri:
        kind = "ROR" if item.funder.iri.startswith(ROR) else "Crossref Funder ID"
        made |= {"funderIdentifier": item.funder.iri, "funderIdentifierType": kind}
    stated = {"awardNumber": item.award, "awardUri": item.url, "awardTitle": best(item.title)}
    return made | {key: text for key, text in stated.items() if text}


def _places(fact: Facts) -> list[str]:
    if not fact.facility:
        return []
    return [", ".join(filter(None, (best(fact.facility.names), fact.country)))]


def _tagged(key: str, tag: str, text: str) -> dict[str, str]:
    return {key: text, "lang": tag} if tag else {key: text}
