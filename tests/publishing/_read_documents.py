"""DataCite, JPCOAR, Dublin Core and schema.org read back into the facts they state."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from rdflib import RDF

from ._facts_stated import (
    COAR,
    EU_REPO,
    NO_ROUND,
    OPEN,
    Award,
    Found,
    Person,
    Said,
    doi_of,
    lines,
    listed,
    named,
    sample_in,
    terms,
    until,
    words,
)
from .conftest import BASE

KERNEL = "{http://datacite.org/schema/kernel-4}"
DC = "{http://purl.org/dc/elements/1.1/}"
DATACITE = "{https://schema.datacite.org/meta/kernel-4/}"
DATE = f"{DATACITE}date"
RESOURCE = f"{{{RDF}}}resource"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def schemed(found: Iterable[tuple[str | None, str]]) -> Found:
    """Elements and edges among subjects that say of which scheme they are."""
    pairs = list(found)
    return {
        fact: frozenset(text for own, text in pairs if own == scheme)
        for fact, scheme in (("element", "chemical element"), ("edge", "xafscat edges"))
    }


def part_of(targets: Iterable[str]) -> tuple[str, Said]:
    """The round-robin among what a record is related to."""
    return "".join(text for text in targets if text.startswith(f"{BASE}/round/")), frozenset()


def of_xml(items: Iterable[Any]) -> Said:
    return frozenset((item.get(LANG, ""), item.text) for item in items)


def right(texts: Iterable[str]) -> tuple[str, str]:
    """Licence and access right among rights."""
    found = sorted(texts, key=lambda text: text.startswith((COAR, "info:")))
    assert len(found) == 2
    access = found[1].removeprefix("info:eu-repo/semantics/").removesuffix("Access")
    return found[0], COAR + EU_REPO[access] if access in EU_REPO else found[1]


def from_datacite(root: Any) -> Found:
    every = lambda path: root.iterfind(f".//{KERNEL}{path}")  # noqa: E731
    one = lambda kind: [item.text for item in every("date") if item.get("dateType") == kind]  # noqa: E731
    licence, access = right(item.get("rightsURI") for item in every("rights"))
    identifier = next(every("identifier"))
    assert (identifier.get("identifierType") == "DOI") != identifier.text.startswith("http")
    return {
        "title": of_xml(every("title")),
        "creators": tuple(
            Person(
                of_xml(item.iterfind(f"{KERNEL}creatorName")),
                item.findtext(f"{KERNEL}nameIdentifier", ""),
                of_xml(item.iterfind(f"{KERNEL}affiliation")),
                "".join(
                    place.get("affiliationIdentifier", "") for place in item.iterfind(f"{KERNEL}affiliation")
                ),
            )
            for item in every("creator")
        ),
        "licence": licence,
        "access": access,
        "collected": frozenset(one("Collected")),
        "available": "".join(one("Available")),
        "issued": "".join(one("Issued")),
        "publisher": next(
            (item.get("publisherIdentifier", ""), frozenset({("", item.text)})) for item in every("publisher")
        ),
        **schemed((item.get("subjectScheme"), item.text) for item in every("subject")),
        **terms(item.get("valueURI") for item in every("subject")),
        "sample": of_xml(item for item in every("subject") if item.get("subjectScheme") == "sample"),
        "facility": of_xml(
            item.find(f"{KERNEL}contributorName")
            for item in every("contributor")
            if item.get("contributorType") == "HostingInstitution"
        ),
        **lines(
            (item.get(LANG, ""), item.text)
            for item in every("description")
            if item.get("descriptionType") == "TechnicalInfo"
        ),
        "doi": identifier.text if identifier.get("identifierType") == "DOI" else "",
        "round": part_of(
            item.text for item in every("relatedIdentifier") if item.get("relationType") == "IsPartOf"
        ),
        "funding": tuple(funded(item, KERNEL, KERNEL, KERNEL) for item in every("fundingReference")),
    }


def funded(item: Any, space: str, own: str, title: str) -> Award:
    """A funding reference of DataCite or JPCOAR: namespaces of identifier and number, of the name, and of the title."""
    number = item.find(f"{space}awardNumber")
    page = number.get("awardURI", "") if number is not None else ""
    stated = number.text if number is not None and number.text != page else ""
    identifier = item.find(f"{space}funderIdentifier")
    if identifier is not None:
        kind = identifier.get("funderIdentifierType")
        assert (kind in {"ROR", "Other"}) == identifier.text.startswith("https://ror.org/"), kind
    return Award(
        of_xml(item.iterfind(f"{own}funderName")),
        "" if identifier is None else identifier.text,
        stated,
        of_xml(item.iterfind(f"{title}awardTitle")),
        page,
    )


def from_datacite_json(content: bytes) -> Found:
    body = json.loads(content)
    one = lambda kind: [item["date"] for item in body["dates"] if item["dateType"] == kind]  # noqa: E731
    licence, access = right(item["rightsUri"] for item in body["rightsList"])
    return {
        "title": frozenset((item.get("lang", ""), item["title"]) for item in body["titles"]),
        "creators": tuple(
            Person(
                frozenset({("", item["name"])}),
                "".join(each["nameIdentifier"] for each in item.get("nameIdentifiers", [])),
                frozenset(("", place["name"]) for place in item.get("affiliation", [])),
                "".join(place.get("affiliationIdentifier", "") for place in item.get("affiliation", [])),
            )
            for item in body["creators"]
        ),
        "licence": licence,
        "access": access,
        "collected": frozenset(one("Collected")),
        "available": "".join(one("Available")),
        "issued": "".join(one("Issued")),
        "publisher": (
            body["publisher"].get("publisherIdentifier", ""),
            frozenset({("", body["publisher"]["name"])}),
        ),
        **schemed((item.get("subjectScheme"), item["subject"]) for item in body["subjects"]),
        **terms(item.get("valueUri") for item in body["subjects"]),
        "sample": frozenset(
            (item.get("lang", ""), item["subject"])
            for item in body["subjects"]
            if item.get("subjectScheme") == "sample"
        ),
        "facility": frozenset(
            ("", item["name"])
            for item in body["contributors"]
            if item["contributorType"] == "HostingInstitution"
        ),
        **lines(
            (item.get("lang", ""), item["description"])
            for item in body.get("descriptions", [])
            if item["descriptionType"] == "TechnicalInfo"
        ),
        "doi": body.get("doi", ""),
        "round": part_of(
            item["relatedIdentifier"]
            for item in body.get("relatedIdentifiers", [])
            if item["relationType"] == "IsPartOf"
        ),
        "funding": tuple(
            Award(
                frozenset({("", item["funderName"])}),
                item.get("funderIdentifier", ""),
                item.get("awardNumber", ""),
                frozenset(("", text) for text in [item.get("awardTitle")] if text),
                item.get("awardUri", ""),
            )
            for item in body.get("fundingReferences", [])
        ),
    }


def from_jpcoar(root: Any) -> Found:
    own = root.tag.removesuffix("jpcoar")
    one = lambda kind: [item.text for item in root.iterfind(DATE) if item.get("dateType") == kind]  # noqa: E731
    identifier = lambda item, path, key: "".join(  # noqa: E731
        each.get("nameIdentifierURI")
        for each in item.iterfind(path)
        if each.get("nameIdentifierScheme") == key
    )
    place = f"{own}affiliation/{own}"
    return {
        "title": of_xml(root.iterfind(f"{DC}title")),
        "creators": tuple(
            Person(
                of_xml(item.iterfind(f"{own}creatorName")),
                identifier(item, f"{own}nameIdentifier", "ORCID")
                + identifier(item, f"{own}nameIdentifier", "ROR"),
                of_xml(item.iterfind(f"{place}affiliationName")),
                identifier(item, f"{place}nameIdentifier", "ROR"),
            )
            for item in root.iterfind(f"{own}creator")
        ),
        "licence": "".join({item.get(RESOURCE) for item in root.iterfind(f"{DC}rights")}),
        "access": root.find("{http://purl.org/dc/terms/}accessRights").get(RESOURCE),
        "collected": frozenset(one("Collected")),
        "available": "".join(one("Available")),
        "issued": "".join(one("Issued")),
        "publisher": ("", of_xml(root.iterfind(f"{DC}publisher"))),
        **words(item.text for item in root.iterfind(f"{own}subject")),
        **terms(item.get("subjectURI") for item in root.iterfind(f"{own}subject")),
        "sample": sample_in(of_xml(root.iterfind(f"{own}subject"))),
        "facility": of_xml(
            root.iterfind(f"{own}contributor[@contributorType='HostingInstitution']/{own}contributorName")
        ),
        **lines(of_xml(root.iterfind(f"{DATACITE}description[@descriptionType='TechnicalInfo']"))),
        "doi": doi_of(
            "".join(item.text for item in root.iterfind(f"{own}identifier[@identifierType='DOI']"))
        ),
        "round": part_of(
            item.text
            for item in root.iterfind(f"{own}relation[@relationType='isPartOf']/{own}relatedIdentifier")
        ),
        "funding": tuple(
            funded(item, DATACITE if "/1.0/" in own else own, own, own)
            for item in root.iterfind(f"{own}fundingReference")
        ),
    }


def from_dublin_core(root: Any) -> Found:
    every = lambda name: list(root.iterfind(DC + name))  # noqa: E731
    licence, access = right(item.text for item in every("rights"))
    dates = [item.text for item in every("date")]
    (issued,) = [text for text in dates if not text.startswith("info:")]
    ends = [text.rpartition("/")[2] for text in dates if text.startswith("info:eu-repo/date/embargoEnd/")]
    return {
        "title": of_xml(every("title")),
        "creators": sorted((item.get(LANG, ""), item.text) for item in every("creator")),
        "licence": licence,
        "access": access,
        "available": "".join(ends) or (issued if access == OPEN else ""),
        "issued": issued,
        "publisher": ("", of_xml(every("publisher"))),
        **words(item.text for item in every("subject")),
        "sample": sample_in(of_xml(every("subject"))),
        "facility": of_xml(every("contributor")),
        **lines(of_xml(every("description"))),
        "doi": doi_of(every("identifier")[0].text),
        "round": part_of(item.text for item in every("relation")),
    }


def spoken(value: Any) -> Said:
    return frozenset(
        (item["@language"], item["@value"]) if isinstance(item, dict) else ("", item)
        for item in listed(value)
    )


def from_schema_org(content: bytes) -> Found:
    body = json.loads(content)
    used = body.get("measurementTechnique", [])
    access, ends = until([text for _, text in spoken(body["conditionsOfAccess"])], body["datePublished"])
    return {
        "title": spoken(body["name"]),
        "creators": tuple(
            Person(
                spoken(item["name"]),
                item.get("@id", ""),
                spoken(item["affiliation"]["name"]) if "affiliation" in item else frozenset(),
                item.get("affiliation", {}).get("@id", ""),
            )
            for item in body["creator"]
        ),
        "licence": body["license"],
        "access": access,
        "collected": frozenset(body.get("temporalCoverage", [])),
        "available": ends or (body["datePublished"] if body["isAccessibleForFree"] else ""),
        "issued": body["datePublished"],
        "publisher": (body["publisher"]["@id"], spoken(body["publisher"]["name"])),
        **words(body["keywords"]),
        **terms([body["additionalType"], *(item["@id"] for item in used if isinstance(item, dict))]),
        "sample": spoken(body["about"]["name"]),
        "facility": spoken(body["spatialCoverage"]["name"]),
        "beamline": spoken(body["locationCreated"]["name"]),
        "source": lines(("", item) for item in used if isinstance(item, str))["source"],
        "doi": doi_of(body["identifier"][0]),
        "round": next(
            (
                (item["@id"], named(item["@id"], spoken(item["name"])))
                for item in listed(body.get("isPartOf", []))
                if isinstance(item, dict)
            ),
            NO_ROUND,
        ),
        "funding": tuple(
            Award(
                spoken(item["funder"]["name"]),
                item["funder"].get("@id", ""),
                item.get("identifier", ""),
                spoken(item.get("name", [])),
                item.get("url", ""),
            )
            for item in body.get("funding", [])
        ),
    }
