"""Graphs in our words, DCAT and schema.org read back into the facts they state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rdflib
from lxml import etree
from rdflib import RDF, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, OWL, PROV, SKOS

from ._facts_stated import (
    NO_ROUND,
    OPEN,
    Award,
    Found,
    Person,
    Said,
    doi_of,
    identified,
    labels,
    lines,
    named,
    sample_in,
    terms,
    until,
    words,
)
from .conftest import BASE

XAFS = rdflib.Namespace("https://w3id.org/xafscat/ns#")
ORG = rdflib.Namespace("http://www.w3.org/ns/org#")
SCHEMA = rdflib.Namespace("https://schema.org/")


class Graph(rdflib.Graph):
    """A graph that answers with texts."""

    def texts(self, subject: Any, predicate: URIRef) -> frozenset[str]:
        return frozenset(str(item) for item in self.objects(subject, predicate))

    def text(self, subject: Any, predicate: URIRef) -> str:
        return "".join(sorted(self.texts(subject, predicate)))

    def said(self, subject: Any, predicate: URIRef) -> Said:
        return frozenset((item.language or "", str(item)) for item in self.objects(subject, predicate))

    def places(self, agent: Any, member: URIRef, name: URIRef) -> Said:
        return frozenset(pair for place in self.objects(agent, member) for pair in self.said(place, name))

    def publisher(self, record: Any) -> tuple[str, Said]:
        """Address and names of the catalog's publisher."""
        (agent,) = self.objects(record, DCTERMS.publisher)
        assert str(agent) == f"{BASE}/catalog#publisher"
        return self.text(agent, OWL.sameAs), self.said(agent, FOAF.name)

    def place(self, record: Any, predicate: URIRef) -> Said:
        """The names of a facility or beamline, from the vocabulary where it is one of its."""
        (found,) = self.objects(record, predicate)
        return self.said(found, FOAF.name) or labels(str(found))


def from_schema_org_rdf(root: Any) -> Found:
    graph = Graph().parse(data=etree.tostring(root), format="xml")
    (record,) = graph.subjects(RDF.type, SCHEMA.Dataset)
    issued = graph.text(record, SCHEMA.datePublished)
    access, ends = until(graph.texts(record, SCHEMA.conditionsOfAccess), issued)
    used = graph.texts(record, SCHEMA.measurementTechnique)
    own = lambda agent: str(agent) if str(agent).startswith("https://") else ""  # noqa: E731
    return {
        "title": graph.said(record, SCHEMA.name),
        "creators": frozenset(
            Person(
                graph.said(agent, SCHEMA.name),
                own(agent),
                graph.places(agent, SCHEMA.affiliation, SCHEMA.name),
                "".join(place for place in graph.objects(agent, SCHEMA.affiliation) if "ror.org" in place),
            )
            for agent in graph.objects(record, SCHEMA.creator)
        ),
        "licence": graph.text(record, SCHEMA.license),
        "access": access,
        "collected": graph.texts(record, SCHEMA.temporalCoverage),
        "available": ends or (issued if graph.text(record, SCHEMA.isAccessibleForFree) == "true" else ""),
        "issued": issued,
        "publisher": (
            graph.text(record, SCHEMA.publisher),
            graph.places(record, SCHEMA.publisher, SCHEMA.name),
        ),
        **words(graph.texts(record, SCHEMA.keywords)),
        **terms([graph.text(record, SCHEMA.additionalType), *used]),
        "source": lines(("", text) for text in used)["source"],
        "sample": graph.places(record, SCHEMA.about, SCHEMA.name),
        "facility": graph.places(record, SCHEMA.spatialCoverage, SCHEMA.name),
        "beamline": graph.places(record, SCHEMA.locationCreated, SCHEMA.name),
        "doi": "".join(map(doi_of, graph.texts(record, SCHEMA.identifier))),
        "round": next(
            (
                (str(item), named(item, graph.said(item, SCHEMA.name)))
                for item in graph.subjects(RDF.type, SCHEMA.Collection)
                if item in graph.objects(record, SCHEMA.isPartOf)
            ),
            NO_ROUND,
        ),
        "funding": frozenset(
            award(graph, item, SCHEMA.name) for item in graph.objects(record, SCHEMA.funding)
        ),
    }


def award(graph: Graph, grant: Any, name: URIRef, printed: URIRef | None = None) -> Award:
    """A grant of schema.org; ``name`` is that of its funder, unless it is ``printed`` on the grant."""
    (funder,) = graph.objects(grant, SCHEMA.funder)
    known = str(funder).startswith(("https://ror.org/", "https://doi.org/"))
    return Award(
        graph.said(grant, printed) if printed else graph.said(funder, name),
        str(funder) if known else "",
        graph.text(grant, SCHEMA.identifier),
        graph.said(grant, SCHEMA.name),
        graph.text(grant, SCHEMA.url),
    )


def numbered(grants: Iterable[Any]) -> list[Any]:
    """Grants in the order of the numbers in their fragments."""
    found = [item for item in grants if "#funding-" in str(item)]
    return sorted(found, key=lambda item: int(str(item).rpartition("-")[2]))


def from_dcat(graph: Graph, record: URIRef) -> Found:
    agents = sorted(graph.objects(record, DCTERMS.creator), key=lambda agent: int(agent.split("-")[-1][:-6]))
    assert all(str(agent).startswith(f"{record}#credit-") for agent in agents)
    periods = graph.objects(record, DCTERMS.temporal)
    licences = {graph.text(item, DCTERMS.license) for item in graph.objects(record, DCAT.distribution)}
    assert licences <= graph.texts(record, DCTERMS.license)
    return {
        "title": graph.said(record, DCTERMS.title),
        "creators": tuple(
            Person(
                graph.said(agent, FOAF.name),
                graph.text(agent, DCTERMS.identifier),
                graph.places(agent, ORG.memberOf, FOAF.name),
                "".join(
                    graph.text(place, DCTERMS.identifier) for place in graph.objects(agent, ORG.memberOf)
                ),
            )
            for agent in agents
        ),
        "licence": graph.text(record, DCTERMS.license),
        "access": graph.text(record, DCTERMS.accessRights),
        "collected": frozenset(
            "/".join(dict.fromkeys((graph.text(period, DCAT.startDate), graph.text(period, DCAT.endDate))))
            for period in periods
        ),
        "available": graph.text(record, DCTERMS.available),
        "issued": graph.text(record, DCTERMS.issued),
        "publisher": graph.publisher(record),
        **words(graph.texts(record, DCAT.keyword)),
        **terms([graph.text(record, DCTERMS.type), *graph.texts(record, DCTERMS.subject)]),
        "sample": sample_in(graph.said(record, DCAT.keyword)),
        "facility": graph.places(record, XAFS.facility, SKOS.prefLabel),
        "beamline": graph.places(record, XAFS.beamline, SKOS.prefLabel),
        "source": graph.text(record, XAFS.laboratorySource),
        "doi": "".join(map(doi_of, graph.texts(record, DCTERMS.identifier))),
        "round": next(
            (
                (str(item), named(item, graph.said(item, DCTERMS.title)))
                for item in graph.objects(record, URIRef(f"{DCAT}inSeries"))
                if str(item).startswith(f"{BASE}/round/")
            ),
            NO_ROUND,
        ),
        "funding": tuple(
            Award(
                graph.said(funder, FOAF.name),
                graph.text(funder, DCTERMS.identifier),
                graph.text(grant, DCTERMS.identifier),
                graph.said(grant, DCTERMS.title),
                graph.text(grant, FOAF.page),
            )
            for grant in numbered(graph.objects(record, PROV.qualifiedAttribution))
            for funder in graph.objects(grant, PROV.agent)
        ),
    }


def from_own_vocabulary(graph: Graph, record: URIRef) -> Found:
    credits = sorted(
        graph.objects(record, PROV.qualifiedAttribution),
        key=lambda item: int(graph.value(item, XAFS.position)),
    )
    spectra = list(graph.objects(record, DCTERMS.hasPart))
    edges = [
        (graph.text(item, XAFS.element), edge) for item in spectra for edge in graph.texts(item, XAFS.edge)
    ]
    issued = graph.text(record, DCTERMS.issued)
    access = graph.text(record, DCTERMS.accessRights)
    measured = [item for spectrum in spectra for item in graph.objects(spectrum, PROV.wasGeneratedBy)]
    return {
        "title": graph.said(record, DCTERMS.title),
        "creators": tuple(
            Person(
                graph.said(credit, XAFS.creditName),
                "".join(
                    identified(str(agent))
                    for agent in graph.objects(credit, PROV.agent)
                    if not str(agent).startswith(f"{BASE}/record/")
                ),
                graph.said(credit, XAFS.affiliationName),
                "".join(identified(str(place)) for place in graph.objects(credit, XAFS.affiliation)),
            )
            for credit in credits
        ),
        "licence": graph.text(record, DCTERMS.license),
        "access": access,
        "collected": frozenset(
            "/".join(
                filter(None, (begun, graph.text(item, PROV.endedAtTime) or graph.text(item, SCHEMA.endDate)))
            )
            for item in measured
            for begun in [graph.text(item, PROV.startedAtTime) or graph.text(item, DCTERMS.date)]
            if begun
        ),
        "available": graph.text(record, DCTERMS.available) or (issued if access == OPEN else ""),
        "issued": issued,
        "element": frozenset(element for element, _ in edges),
        "edge": frozenset(f"{element} {shell}-edge" for element, shell in edges),
        "doi": doi_of(graph.text(record, XAFS.doi) or graph.text(record, DCTERMS.identifier)),
        "publisher": graph.publisher(record),
        "kind": graph.text(record, DCTERMS.type),
        "mode": frozenset(str(mode) for item in measured for mode in graph.objects(item, XAFS.detectionMode)),
        "facility": graph.place(record, XAFS.facility),
        "beamline": graph.place(record, XAFS.beamline),
        "source": graph.text(record, XAFS.laboratorySource),
        "sample": graph.places(record, XAFS.sample, XAFS.sampleName),
        "round": (graph.text(record, URIRef(f"{DCAT}inSeries")), graph.said(record, XAFS.roundName)),
        "funding": tuple(
            award(graph, grant, FOAF.name, XAFS.funderName)
            for grant in numbered(graph.objects(record, SCHEMA.funding))
        ),
    }
