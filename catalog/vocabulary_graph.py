"""Shipped triples by what they describe, and the terms of the ontology read from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

BASE = "https://w3id.org/xafscat/"
NS = f"{BASE}ns#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

_LABELS = {f"{SKOS}prefLabel", "http://www.w3.org/2000/01/rdf-schema#label"}
_OWL = "http://www.w3.org/2002/07/owl#"
_KINDS = {
    f"{_OWL}Class": "class",
    f"{_OWL}ObjectProperty": "property",
    f"{_OWL}DatatypeProperty": "property",
    f"{_OWL}AnnotationProperty": "annotation",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A class or property of the ontology: IRI, kind (``class``, ``property`` or ``annotation``), label and
    definition by language, classes it is used on, and the kinds of its values (IRIs)."""

    iri: str
    kind: str
    label: dict[str, str]
    definition: dict[str, str]
    used_on: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """The prefixed name, ``xafs:Deposit``."""
        return f"xafs:{self.iri.removeprefix(NS)}"


class Graph:
    """The triples of some Turtle files: ``owned`` by the thing they describe (fragments belong to their
    authority), ``labels`` by thing and language."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.triples: list[ox.Triple] = []
        self.owned: dict[str, list[ox.Triple]] = {}
        self.labels: dict[str, dict[str, str]] = {}
        for path in paths:
            self.triples.extend(quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE))
        for triple in self.triples:
            thing = subject_of(triple)
            self.owned.setdefault(owner_of(thing), []).append(triple)
            if isinstance(triple.object, ox.Literal) and triple.predicate.value in _LABELS:
                self.labels.setdefault(thing, {})[triple.object.language or ""] = triple.object.value

    def values(self, iri: str, *predicates: str) -> list[str]:
        """The values of ``iri`` for ``predicates``, in the order of the file."""
        return [
            object_of(triple)
            for triple in self.owned.get(iri, ())
            if triple.predicate.value in predicates and subject_of(triple) == iri
        ]

    def typed(self, kind: str) -> list[str]:
        """The things whose type is ``kind``, in the order of the files."""
        return [
            subject_of(triple)
            for triple in self.triples
            if triple.predicate.value == TYPE and object_of(triple) == kind
        ]

    def terms(self) -> tuple[Term, ...]:
        """The classes and properties, in the order of the files."""
        return tuple(
            self._term(subject_of(triple), kind)
            for triple in self.triples
            if triple.predicate.value == TYPE and (kind := _KINDS.get(object_of(triple)))
        )

    def _term(self, iri: str, kind: str) -> Term:
        definition = {
            triple.object.language or "": triple.object.value
            for triple in self.owned[iri]
            if isinstance(triple.object, ox.Literal) and triple.predicate.value == f"{SKOS}definition"
        }
        used_on = self.values(iri, "https://schema.org/domainIncludes")
        values = self.values(iri, "https://schema.org/rangeIncludes")
        return Term(iri, kind, dict(self.labels[iri]), definition, tuple(used_on), tuple(values))


def owner_of(iri: str) -> str:
    """The thing that owns a subject: itself, or for a fragment of an authority the authority."""
    return iri.partition("#")[0] if iri.startswith(BASE) and not iri.startswith(NS) else iri


def subject_of(triple: ox.Triple) -> str:
    """The IRI that a shipped triple is about; there are no blank nodes among them."""
    assert isinstance(triple.subject, ox.NamedNode)
    return triple.subject.value


def object_of(triple: ox.Triple) -> str:
    """The object of a shipped triple as text: an IRI, or a literal without its language or type."""
    assert isinstance(triple.object, ox.NamedNode | ox.Literal)
    return triple.object.value
