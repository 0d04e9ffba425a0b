"""The shipped authorities as pages show them: labels, definitions and facts in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from catalog.mapping import RDF_TYPE, context
from server.public.languages import gettext
from server.public.links import NAMESPACE, local_path
from server.public.values import UNITS

if TYPE_CHECKING:
    from catalog.vocabulary import Vocabulary

RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
QUDT = "http://qudt.org/schema/qudt/"
LABELS = (SKOS + "prefLabel", RDFS + "label")
DEFINITION = SKOS + "definition"


@dataclass(frozen=True, slots=True)
class AuthorityView:
    """A shipped thing: its IRI, its page here, and its texts by language."""

    iri: str
    href: str
    name: str
    labels: Mapping[str, str]
    definitions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about a thing: the property, the value as text, link and language."""

    property: str
    text: str
    href: str = ""
    lang: str = ""


def authority(vocabulary: Vocabulary, iri: str) -> AuthorityView | None:
    """The view of a shipped thing; None when there is none of that IRI."""
    triples = [item for item in vocabulary.authority_triples(iri) if _text(item.subject) == iri]
    if not triples:
        return None
    labels: dict[str, str] = {}
    for predicate in reversed(LABELS):
        labels.update(_texts(triples, predicate))
    name = iri[len(NAMESPACE) :].partition("/")[2] if iri.startswith(NAMESPACE) else iri
    return AuthorityView(iri, local_path(iri) or iri, name or iri, labels, _texts(triples, DEFINITION))


def members(vocabulary: Vocabulary, kind: str) -> list[AuthorityView]:
    """The shipped things of a kind: those whose page stands under ``/kind/``, and the concepts of that scheme."""
    scheme = NAMESPACE + kind
    iris = {
        _text(item.object if item.predicate.value.endswith("#hasTopConcept") else item.subject): None
        for item in vocabulary.shipped_triples()
        if (item.predicate.value == SKOS + "hasTopConcept" and _text(item.subject) == scheme)
        or (item.predicate == RDF_TYPE and _text(item.subject).startswith(scheme + "/"))
    }
    plain = [iri for iri in iris if "#" not in iri.removeprefix(NAMESPACE) or not iri.startswith(NAMESPACE)]
    return [view for iri in plain if (view := authority(vocabulary, iri))]


def siblings(vocabulary: Vocabulary, iri: str) -> list[AuthorityView]:
    """The other phases of the substance that a phase belongs to; empty for anything else."""
    graph = vocabulary.materials
    found = [
        other
        for substance in graph.values(iri, SKOS + "broader")
        for other in graph.values(substance, SKOS + "narrower")
        if other != iri
    ]
    return [view for other in found if (view := authority(vocabulary, other))]


def facts(vocabulary: Vocabulary, iri: str, language: str) -> list[Fact]:
    """What is stated of a shipped thing, beside its labels and definition."""
    triples = vocabulary.authority_triples(iri)
    found = []
    for item in triples:
        predicate = item.predicate.value
        if _text(item.subject) != iri or item.predicate == RDF_TYPE or predicate in (*LABELS, DEFINITION):
            continue
        words = (
            _words().get(predicate) or vocabulary.label(predicate, language) or context().compact(predicate)
        )
        name = words[:1].upper() + words[1:]
        if isinstance(item.object, ox.Literal):
            found.append(Fact(name, item.object.value, lang=item.object.language or ""))
        else:
            found.append(_linked(vocabulary, name, _text(item.object), triples, language))
    return sorted(found, key=lambda fact: (fact.property, fact.lang, fact.text))


def _words() -> dict[str, str]:
    return {
        SKOS + "altLabel": gettext("Also called"),
        SKOS + "hiddenLabel": gettext("Found in files as"),
        SKOS + "notation": gettext("Notation"),
        SKOS + "broader": gettext("Broader"),
        SKOS + "narrower": gettext("Narrower"),
        SKOS + "inScheme": gettext("In the list"),
        SKOS + "closeMatch": gettext("Close match elsewhere"),
        SKOS + "hasTopConcept": gettext("Members"),
        "http://www.w3.org/2002/07/owl#sameAs": gettext("Same as"),
        "http://purl.org/dc/terms/subject": gettext("Subject"),
        "http://purl.org/dc/terms/isPartOf": gettext("Part of"),
        "http://xmlns.com/foaf/0.1/name": gettext("Name"),
        "https://schema.org/addressCountry": gettext("Country"),
    }


def _linked(vocabulary: Vocabulary, name: str, iri: str, triples: Iterable[ox.Triple], language: str) -> Fact:
    own = [item for item in triples if _text(item.subject) == iri]
    value = next((_text(item.object) for item in own if item.predicate.value == QUDT + "numericValue"), "")
    if value:
        unit = next((_text(item.object) for item in own if item.predicate.value == QUDT + "hasUnit"), "")
        return Fact(name, f"{value} {UNITS.get(context().compact(unit), '')}".strip())
    label = vocabulary.label(iri, language) or context().compact(iri)
    return Fact(name, label, href=local_path(iri) or iri)


def _texts(triples: Iterable[ox.Triple], predicate: str) -> dict[str, str]:
    return {
        item.object.language or "@none": item.object.value
        for item in triples
        if item.predicate.value == predicate and isinstance(item.object, ox.Literal)
    }


def _text(term: object) -> str:
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else str(term)
