"""The facts of a record, and what each format has no way to say of them (``LOSSES``, and docs/harvest.md)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import rdflib
from rdflib import URIRef
from rdflib.namespace import OWL, SKOS

from catalog.mapping import RecordDocument
from catalog.xray import ELEMENTS

PROJECT = Path(__file__).resolve().parents[2]
COAR = "http://purl.org/coar/access_right/"
OPEN = COAR + "c_abf2"
# OpenAIRE's words for COAR's access rights.
EU_REPO = {"open": "c_abf2", "embargoed": "c_f1cf", "restricted": "c_16ec", "closed": "c_14cb"}
Said = frozenset[tuple[str, str]]
Found = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A credit: (language, name) pairs, ORCID or ROR address, (language, name) pairs and ROR of the affiliation."""

    names: Said
    iri: str = ""
    affiliation: Said = frozenset()
    ror: str = ""


@dataclass(frozen=True)
class Award:
    """A funder's (language, name) pairs and address, and of its award number, (language, title) pairs and address."""

    funder: Said
    iri: str = ""
    number: str = ""
    title: Said = frozenset()
    page: str = ""


FACTS = frozenset(
    ["title", "creators", "licence", "access", "collected", "available", "issued", "element", "edge", "doi"]
) | {"round", "funding", "facility", "beamline", "mode", "kind", "source", "sample", "publisher"}


def first(said: Said) -> Said:
    """The English name, else the one without a language, else the Japanese one; of no stated language."""
    order = {"en": 0, "": 1, "ja": 2}
    return frozenset([("", text) for _, text in sorted(said, key=lambda pair: order[pair[0]])][:1])


def one_language(people: tuple[Person, ...]) -> tuple[Person, ...]:
    return tuple(
        replace(item, names=first(item.names), affiliation=first(item.affiliation)) for item in people
    )


def no_ror(people: tuple[Person, ...]) -> tuple[Person, ...]:
    return tuple(replace(item, ror="", iri=item.iri if "orcid.org" in item.iri else "") for item in people)


def names_only(people: tuple[Person, ...]) -> tuple[Person, ...]:
    return tuple(Person(first(item.names)) for item in people)


def untagged(said: Iterable[tuple[str, str]]) -> Said:
    return frozenset(("", text) for _, text in said)


def to_seconds(texts: frozenset[str]) -> frozenset[str]:
    return frozenset(text[:10] if "." in text else text for text in texts)


@dataclass(frozen=True)
class Loss:
    """A fact, or a part of it, that a format cannot say: why, and what is left of it (None: nothing)."""

    fact: str
    why: str
    left: Callable[[Any], Any] | None = None


ONE_LANGUAGE = Loss("creators", "names and affiliations in one language each, English first", one_language)
ONE_FUNDER = Loss(
    "funding",
    "funder and title in one language each, English first",
    lambda awards: tuple(
        replace(item, funder=first(item.funder), title=first(item.title)) for item in awards
    ),
)
ROUND_ADDRESS = Loss("round", "its address", lambda pair: (pair[0], frozenset()))
NAMES_ONLY = Loss("creators", "names in one language; no ORCID, no affiliations", names_only)
NOT_SAID = "no field for it"
ONE_TITLE = Loss("title", "one title, English first", first)
NO_CONTEXT = (Loss("round", NOT_SAID), Loss("funding", NOT_SAID))
NO_INSTRUMENT = tuple(Loss(fact, NOT_SAID) for fact in ("facility", "beamline", "source", "sample"))
PUBLISHER = Loss("publisher", "its name in one language, English first", lambda pair: ("", first(pair[1])))
PUBLISHER_NAMES = Loss("publisher", "its names", lambda pair: ("", pair[1]))
ONE_PUBLISHER = Loss(
    "publisher", "name in one language, English first", lambda pair: (pair[0], first(pair[1]))
)
FACILITY = Loss("facility", "its name in one language, English first", first)
# Words to find the record by.
TERMS = (
    Loss("kind", "its English name", lambda iri: dict(labels(iri))["en"]),
    Loss("mode", "their English names", lambda iris: frozenset(dict(labels(iri))["en"] for iri in iris)),
)
LOSSES: dict[str, tuple[Loss, ...]] = {
    "datacite": (ONE_LANGUAGE, ONE_FUNDER, ROUND_ADDRESS, FACILITY, ONE_PUBLISHER),
    "oai_datacite": (ONE_LANGUAGE, ONE_FUNDER, ROUND_ADDRESS, FACILITY, ONE_PUBLISHER),
    "datacite_json": (ONE_LANGUAGE, ONE_FUNDER, ROUND_ADDRESS, FACILITY, ONE_PUBLISHER),
    "jpcoar_1.0": (
        PUBLISHER_NAMES,
        ROUND_ADDRESS,
        Loss("creators", "no ROR", no_ror),
        Loss(
            "collected",
            "days, those of beginning and end one by one",
            lambda texts: frozenset(part[:10] for text in texts for part in text.split("/")),
        ),
    ),
    "jpcoar_2.0": (
        PUBLISHER_NAMES,
        ROUND_ADDRESS,
        Loss("collected", "a moment with fractions of a second is its day", to_seconds),
    ),
    "oai_dc": (
        PUBLISHER_NAMES,
        Loss(
            "creators",
            "names one after another, those of one person too; no ORCID, no affiliations",
            lambda people: sorted(pair for item in people for pair in item.names),
        ),
        Loss("collected", NOT_SAID),
        ROUND_ADDRESS,
        Loss("funding", NOT_SAID),
        *TERMS,
    ),
    "schemaorg": (),
    "schemaorg (OAI-PMH)": (
        Loss("creators", "RDF keeps no order", frozenset),
        Loss("funding", "RDF keeps no order", frozenset),
    ),
    "dcat": (),
    "csl": (
        PUBLISHER,
        *NO_INSTRUMENT,
        *TERMS,
        ONE_TITLE,
        NAMES_ONLY,
        Loss("round", "its name, English first", lambda pair: ("", first(pair[1]))),
        *(Loss(fact, NOT_SAID) for fact in ("collected", "access", "funding")),
    ),
    "bibtex": (
        PUBLISHER,
        *NO_CONTEXT,
        *NO_INSTRUMENT,
        *TERMS,
        ONE_TITLE,
        NAMES_ONLY,
        *(Loss(fact, NOT_SAID) for fact in ("collected", "access", "available")),
    ),
    "ris": (
        PUBLISHER,
        *NO_CONTEXT,
        *NO_INSTRUMENT,
        *TERMS,
        Loss("title", "no languages", untagged),
        NAMES_ONLY,
        *(Loss(fact, NOT_SAID) for fact in ("collected", "access", "available")),
    ),
    "citation": (
        Loss("publisher", "its names", lambda pair: ("", untagged(pair[1]))),
        *NO_CONTEXT,
        *NO_INSTRUMENT,
        Loss("title", "no languages", untagged),
        NAMES_ONLY,
        Loss("issued", "the year", lambda text: text[:4]),
        *(
            Loss(fact, NOT_SAID)
            for fact in ("licence", "access", "collected", "available", "element", "edge", "mode", "kind")
        ),
    ),
    "record as RDF": (),
    "meta tags": (
        PUBLISHER,
        *NO_CONTEXT,
        *NO_INSTRUMENT,
        *TERMS,
        Loss(
            "creators",
            "names and affiliations in one language each; no ROR",
            lambda people: no_ror(one_language(people)),
        ),
        Loss("collected", NOT_SAID),
    ),
    "signposting": (
        Loss("creators", "ORCID iDs and RORs", lambda people: tuple(item.iri for item in people if item.iri)),
        *(Loss(fact, NOT_SAID) for fact in sorted(FACTS - {"creators", "licence", "doi"})),
    ),
}


PUBLISHER_STATED = ("https://ror.org/01g5y5k24", {"en": "Example & Co. <press>", "ja": "例示出版"})


def truth(document: RecordDocument) -> Found:
    """The facts as the public document and the settings of its catalog have them."""
    spectra = document["spectra"]
    edges = [(item["element"], shell) for item in spectra for shell in listed(item["edge"])]
    return {
        "title": tagged(document["title"]),
        "creators": tuple(credited(credit) for credit in document["credits"]),
        "licence": document["license"],
        "access": document["access"],
        "collected": frozenset(
            "/".join(filter(None, (begun, item.get("ended", item.get("ended_date")))))
            for spectrum in spectra
            for item in [spectrum.get("measurement", {})]
            for begun in [
                item.get("started", item.get("date", item.get("date_month", item.get("date_year"))))
            ]
            if begun
        ),
        "available": document.get("available", document["issued"] if document["access"] == OPEN else ""),
        "issued": document["issued"],
        "element": frozenset(element for element, _ in edges),
        "edge": frozenset(f"{element} {shell}-edge" for element, shell in edges),
        "doi": document.get("doi", "").removeprefix("https://doi.org/"),
        "round": (document.get("round", ""), tagged(document.get("round_name", {}))),
        "publisher": (PUBLISHER_STATED[0], tagged(PUBLISHER_STATED[1])),
        "facility": names_of(document.get("facility", "")),
        "beamline": names_of(document.get("beamline", "")),
        "mode": frozenset(
            item["measurement"]["mode"] for item in spectra if "mode" in item.get("measurement", {})
        ),
        "kind": document["kind"],
        "source": document.get("laboratory_source", ""),
        "sample": tagged(document["sample"]["sample_name"]),
        "funding": tuple(
            Award(
                tagged(grant["funder_name"]),
                grant["funder"] if isinstance(grant["funder"], str) else "",
                grant.get("award", ""),
                tagged(grant.get("award_title", {})),
                grant.get("award_uri", ""),
            )
            for grant in document.get("funding", [])
        ),
    }


def credited(credit: RecordDocument) -> Person:
    agent, place = credit["agent"], credit.get("affiliation", "")
    return Person(
        tagged(credit["credit_name"]),
        identified(agent) if isinstance(agent, str) else "",
        tagged(credit.get("affiliation_name", {})),
        identified(place),
    )


def identified(iri: str) -> str:
    """The ORCID or ROR address of a person, an organisation, or a facility of the vocabulary."""
    return iri if not iri or "orcid.org" in iri or "ror.org" in iri else ror_of(iri)


@cache
def ror_of(facility: str) -> str:
    graph = rdflib.Graph().parse(PROJECT / "ontology/facilities.ttl")
    same = [str(item) for item in graph.objects(URIRef(facility), OWL.sameAs)]
    return next((item for item in same if item.startswith("https://ror.org/")), "")


def names_of(place: Any) -> Said:
    """The names of a facility or beamline: its own, or those that the vocabulary has for its IRI."""
    return labels(place) if isinstance(place, str) else tagged(place["name"])


@cache
def labels(iri: str) -> Said:
    """What the vocabulary calls something."""
    return frozenset((item.language, str(item)) for item in shipped().objects(URIRef(iri), SKOS.prefLabel))


@cache
def shipped() -> rdflib.Graph:
    graph = rdflib.Graph()
    for name in ("facilities", "beamlines", "schemes"):
        graph.parse(PROJECT / f"ontology/{name}.ttl")
    return graph


@cache
def members(scheme: str) -> frozenset[str]:
    """The terms of a scheme of the vocabulary, some of them of other vocabularies."""
    own = URIRef(f"https://w3id.org/xafscat/{scheme}")
    return frozenset(str(term) for term in shipped().objects(own, SKOS.hasTopConcept))


def names_in(scheme: str) -> frozenset[str]:
    """The names of all terms of a scheme of the vocabulary."""
    return frozenset(text for term in members(scheme) for _, text in labels(term))


def lines(found: Iterable[tuple[str, str]]) -> Found:
    """Beamline and laboratory source among descriptions, a word before each."""
    parts = [(tag, *text.partition(": ")[::2]) for tag, text in found]
    return {
        "beamline": frozenset(
            (tag, name)
            for tag, word, name in parts
            if word == ("ビームライン" if tag == "ja" else "Beamline")
        ),
        "source": "".join(name for _, word, name in parts if word == "Laboratory source"),
    }


def sample_in(found: Iterable[tuple[str, str]]) -> Said:
    """The sample among subjects: what is nothing else of what subjects say."""
    known = frozenset[str]().union(*map(names_in, ("mode", "kind", "technique"))) | {"XAFS"}
    return frozenset(
        (tag, text)
        for tag, text in found
        if text not in known and not text.endswith("-edge") and not re.fullmatch(r"([A-Z][a-z]?\d*)+", text)
    )


def terms(iris: Iterable[str | None]) -> Found:
    """Kind and modes among the IRIs of terms."""
    found = frozenset(iri for iri in iris if iri)
    return {"kind": "".join(found & members("kind")), "mode": found & members("mode")}


def tagged(texts: dict[str, str]) -> Said:
    return frozenset(("" if tag == "@none" else tag, text) for tag, text in texts.items())


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def words(found: Iterable[str]) -> Found:
    """Elements, edges, kind and modes among subjects."""
    texts = frozenset(found)
    return {
        "kind": "".join(texts & names_in("kind")),
        "mode": texts & names_in("mode"),
        "element": frozenset(text for text in texts if text in ELEMENTS),
        "edge": frozenset(text for text in texts if text.endswith("-edge")),
    }


def doi_of(address: str) -> str:
    found = address.removeprefix("https://doi.org/")
    return found if found != address else ""


def until(words: Iterable[str], issued: str) -> tuple[str, str]:
    """Access right, and when the data are to be had, from schema.org's conditions of access."""
    (access,) = [text for text in words if text.startswith(COAR)]
    ends = {found[0] for text in words if (found := re.search(r"\d{4}-\d\d-\d\d", text))}
    return access, "".join(ends)


NO_ROUND: tuple[str, Said] = ("", frozenset())


def expected(name: str, facts: Found) -> Found:
    """What a format is to say: the facts less what it cannot hold."""
    left = dict(facts)
    for loss in LOSSES[name]:
        if loss.left is None:
            del left[loss.fact]
        else:
            left[loss.fact] = loss.left(left[loss.fact])
    return left


def named(iri: str, names: Said) -> Said:
    """The names of a round; where nobody named it, its id stands for one."""
    return names - {("", iri.rpartition("/")[2])}
