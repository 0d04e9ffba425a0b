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
from rdflib.namespace import OWL

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
    """A credit: (language, name) pairs, ORCID address, (language, name) pairs and ROR address of the affiliation."""

    names: Said
    orcid: str = ""
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
) | {"round", "funding"}


def first(said: Said) -> Said:
    """The English name, else the one without a language, else the Japanese one; of no stated language."""
    order = {"en": 0, "": 1, "ja": 2}
    return frozenset([("", text) for _, text in sorted(said, key=lambda pair: order[pair[0]])][:1])


def one_language(people: tuple[Person, ...]) -> tuple[Person, ...]:
    return tuple(
        replace(item, names=first(item.names), affiliation=first(item.affiliation)) for item in people
    )


def no_ror(people: tuple[Person, ...]) -> tuple[Person, ...]:
    return tuple(replace(item, ror="") for item in people)


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
LOSSES: dict[str, tuple[Loss, ...]] = {
    "datacite": (ONE_LANGUAGE, ONE_FUNDER, ROUND_ADDRESS),
    "oai_datacite": (ONE_LANGUAGE, ONE_FUNDER, ROUND_ADDRESS),
    "datacite_json": (ONE_LANGUAGE, ONE_FUNDER, ROUND_ADDRESS),
    "jpcoar_1.0": (
        ROUND_ADDRESS,
        Loss("creators", "no ROR of affiliations", no_ror),
        Loss(
            "collected",
            "days, those of beginning and end one by one",
            lambda texts: frozenset(part[:10] for text in texts for part in text.split("/")),
        ),
    ),
    "jpcoar_2.0": (
        ROUND_ADDRESS,
        Loss("collected", "a moment with fractions of a second is its day", to_seconds),
    ),
    "oai_dc": (
        Loss(
            "creators",
            "names one after another, those of one person too; no ORCID, no affiliations",
            lambda people: sorted(pair for item in people for pair in item.names),
        ),
        Loss("collected", NOT_SAID),
        ROUND_ADDRESS,
        Loss("funding", NOT_SAID),
    ),
    "schemaorg": (),
    "schemaorg (OAI-PMH)": (
        Loss("creators", "RDF keeps no order", frozenset),
        Loss("funding", "RDF keeps no order", frozenset),
    ),
    "dcat": (),
    "csl": (
        ONE_TITLE,
        NAMES_ONLY,
        Loss("round", "its name, English first", lambda pair: ("", first(pair[1]))),
        *(Loss(fact, NOT_SAID) for fact in ("collected", "access", "funding")),
    ),
    "bibtex": (
        *NO_CONTEXT,
        ONE_TITLE,
        NAMES_ONLY,
        *(Loss(fact, NOT_SAID) for fact in ("collected", "access", "available")),
    ),
    "ris": (
        *NO_CONTEXT,
        Loss("title", "no languages", untagged),
        NAMES_ONLY,
        *(Loss(fact, NOT_SAID) for fact in ("collected", "access", "available")),
    ),
    "citation": (
        *NO_CONTEXT,
        Loss("title", "no languages", untagged),
        NAMES_ONLY,
        Loss("issued", "the year", lambda text: text[:4]),
        *(
            Loss(fact, NOT_SAID)
            for fact in ("licence", "access", "collected", "available", "element", "edge")
        ),
    ),
    "record as RDF": (),
    "meta tags": (
        *NO_CONTEXT,
        Loss(
            "creators",
            "names and affiliations in one language each; no ROR",
            lambda people: no_ror(one_language(people)),
        ),
        Loss("collected", NOT_SAID),
    ),
    "signposting": (
        Loss("creators", "ORCID iDs", lambda people: tuple(item.orcid for item in people if item.orcid)),
        *(Loss(fact, NOT_SAID) for fact in sorted(FACTS - {"creators", "licence", "doi"})),
    ),
}


def truth(document: RecordDocument) -> Found:
    """The facts as the public document has them."""
    spectra = document["spectra"]
    edges = [(item["element"], shell) for item in spectra for shell in listed(item["edge"])]
    return {
        "title": tagged(document["title"]),
        "creators": tuple(credited(credit) for credit in document["credits"]),
        "licence": document["license"],
        "access": document["access"],
        "collected": frozenset(
            "/".join(filter(None, (begun, item.get("ended"))))
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
        agent if isinstance(agent, str) and "orcid.org" in agent else "",
        tagged(credit.get("affiliation_name", {})),
        place if not place or "ror.org" in place else ror_of(place),
    )


@cache
def ror_of(facility: str) -> str:
    graph = rdflib.Graph().parse(PROJECT / "ontology/facilities.ttl")
    same = [str(item) for item in graph.objects(URIRef(facility), OWL.sameAs)]
    return next((item for item in same if item.startswith("https://ror.org/")), "")


def tagged(texts: dict[str, str]) -> Said:
    return frozenset(("" if tag == "@none" else tag, text) for tag, text in texts.items())


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def words(found: Iterable[str]) -> Found:
    """Elements and edges among subjects."""
    texts = frozenset(found)
    return {
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
