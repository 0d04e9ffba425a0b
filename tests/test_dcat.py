"""What the example catalog publishes obeys DCAT-AP 3.0.1: what is mandatory, what values are of, how many there may be.

The rules are written here from the specification, as SHACL, and run by pySHACL over the whole public graph: records,
the catalog, people, organisations, samples, and every list that is shipped. Each rule is proved to fire.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, RDF, RDFS, SH, SKOS, XSD
from rdflib.term import Node

from catalog.config import load_settings
from catalog.examples import make_demo
from catalog.exports.dcat import triples as dataset_triples
from catalog.mapping import to_triples
from catalog.portal import page_triples, pages_of
from catalog.publishing import frame_of
from catalog.releases import Release, open_current
from catalog.vocabulary import vocabulary

SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
SHAPE = rdflib.Namespace("urn:dcat-ap-3.0.1:")
VCARD = rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
# Newer than the list that rdflib has of DCAT's terms.
SERIES, IN_SERIES = URIRef(f"{DCAT}DatasetSeries"), URIRef(f"{DCAT}inSeries")
PLAIN_LITERAL = "a literal"
RESOURCE = "a resource"
TEMPORAL = (XSD.date, XSD.dateTime, XSD.gYear, XSD.gYearMonth)


@dataclass(frozen=True, slots=True)
class Rule:
    """A property of a class: its values' kind (a class, a datatype, several, a word), and how many there may be."""

    owner: URIRef
    path: URIRef
    values: object
    least: int = 0
    most: int | None = None

    @property
    def iri(self) -> URIRef:
        """The name of the property shape."""
        return SHAPE[f"{self.owner.fragment or self.owner.rpartition('/')[2]}-{_local(self.path)}"]


def _local(iri: URIRef) -> str:
    return iri.rpartition("#")[2].rpartition("/")[2]


CATALOG, DATASET, DISTRIBUTION, RECORD = DCAT.Catalog, DCAT.Dataset, DCAT.Distribution, DCAT.CatalogRecord
RULES = [
    Rule(CATALOG, DCTERMS.title, PLAIN_LITERAL, 1),
    Rule(CATALOG, DCTERMS.description, PLAIN_LITERAL, 1),
    Rule(CATALOG, DCTERMS.publisher, FOAF.Agent, 1, 1),
    Rule(CATALOG, DCTERMS.license, DCTERMS.LicenseDocument, 0, 1),
    Rule(CATALOG, DCAT.dataset, DATASET),
    Rule(CATALOG, DCAT.record, RECORD),
    Rule(CATALOG, DCAT.service, DCAT.DataService),
    Rule(CATALOG, DCTERMS.issued, TEMPORAL, 0, 1),
    Rule(CATALOG, DCTERMS.modified, TEMPORAL, 0, 1),
    Rule(DATASET, DCTERMS.title, PLAIN_LITERAL, 1),
    Rule(DATASET, DCTERMS.description, PLAIN_LITERAL, 1),
    Rule(DATASET, DCTERMS.publisher, FOAF.Agent, 0, 1),
    Rule(DATASET, DCTERMS.creator, FOAF.Agent),
    Rule(DATASET, DCTERMS.accessRights, DCTERMS.RightsStatement, 0, 1),
    Rule(DATASET, DCTERMS.type, SKOS.Concept),
    Rule(DATASET, DCTERMS.identifier, PLAIN_LITERAL),
    Rule(DATASET, DCTERMS.isReferencedBy, RESOURCE),
    Rule(DATASET, DCTERMS.conformsTo, DCTERMS.Standard),
    Rule(DATASET, DCTERMS.issued, TEMPORAL, 0, 1),
    Rule(DATASET, DCTERMS.modified, TEMPORAL, 0, 1),
    Rule(DATASET, DCAT.distribution, DISTRIBUTION),
    Rule(DATASET, PROV.wasGeneratedBy, PROV.Activity),
    Rule(DATASET, PROV.qualifiedAttribution, PROV.Attribution),
    Rule(DATASET, IN_SERIES, SERIES),
    Rule(DATASET, DCAT.contactPoint, VCARD.Kind),
    Rule(SERIES, DCTERMS.title, PLAIN_LITERAL, 1),
    Rule(SERIES, DCTERMS.description, PLAIN_LITERAL, 1),
    Rule(SERIES, DCTERMS.publisher, FOAF.Agent, 0, 1),
    Rule(SERIES, DCAT.contactPoint, VCARD.Kind),
    Rule(VCARD.Kind, VCARD.fn, PLAIN_LITERAL, 1),
    Rule(VCARD.Kind, VCARD.hasEmail, RESOURCE),
    Rule(DISTRIBUTION, DCAT.accessURL, RESOURCE, 1),
    Rule(DISTRIBUTION, DCAT.downloadURL, RESOURCE),
    Rule(DISTRIBUTION, DCTERMS.license, DCTERMS.LicenseDocument, 0, 1),
    Rule(DISTRIBUTION, DCAT.mediaType, DCTERMS.MediaType, 0, 1),
    Rule(DISTRIBUTION, DCAT.byteSize, XSD.nonNegativeInteger, 0, 1),
    Rule(DISTRIBUTION, SPDX.checksum, SPDX.Checksum, 0, 1),
    Rule(SPDX.Checksum, SPDX.algorithm, SPDX.ChecksumAlgorithm, 1, 1),
    Rule(SPDX.Checksum, SPDX.checksumValue, XSD.hexBinary, 1, 1),
    Rule(RECORD, FOAF.primaryTopic, DATASET, 1, 1),
    Rule(RECORD, DCTERMS.modified, TEMPORAL, 1, 1),
    Rule(RECORD, DCTERMS.conformsTo, DCTERMS.Standard),
    Rule(FOAF.Agent, FOAF.name, PLAIN_LITERAL, 1),
    Rule(DCAT.DataService, DCTERMS.title, PLAIN_LITERAL, 1),
    Rule(DCAT.DataService, DCAT.endpointURL, RESOURCE, 1),
]
# No service is described in the graph yet: the rules for one are tried on this.
SERVICE = URIRef("urn:example:service")


def shapes() -> rdflib.Graph:
    """The rules as SHACL."""
    graph = rdflib.Graph()
    for rule in RULES:
        node = SHAPE[_local(rule.owner)]
        graph.add((node, RDF.type, SH.NodeShape))
        graph.add((node, SH.targetClass, rule.owner))
        graph.add((node, SH.property, rule.iri))
        graph.add((rule.iri, SH.path, rule.path))
        if rule.least:
            graph.add((rule.iri, SH.minCount, Literal(rule.least)))
        if rule.most is not None:
            graph.add((rule.iri, SH.maxCount, Literal(rule.most)))
        for predicate, value in _kind(graph, rule.values):
            graph.add((rule.iri, predicate, value))
    return graph


def _kind(graph: rdflib.Graph, values: object) -> Iterator[tuple[URIRef, Node]]:
    if values == PLAIN_LITERAL:
        yield SH.nodeKind, SH.Literal
    elif values == RESOURCE:
        yield SH.nodeKind, SH.IRI
    elif isinstance(values, tuple):
        choices = []
        for datatype in values:
            choices.append(BNode())
            graph.add((choices[-1], SH.datatype, datatype))
        rdflib.collection.Collection(graph, head := BNode(), choices)
        yield SH["or"], head
    elif str(values).startswith(str(XSD)):
        yield SH.datatype, URIRef(str(values))
    else:
        yield SH["class"], URIRef(str(values))


SHAPES = shapes()


def violations(data: rdflib.Graph) -> set[tuple[Node, Node]]:
    """(shape, focus node) of each result."""
    _, report, _ = pyshacl.validate(data, shacl_graph=SHAPES, inplace=True)
    assert isinstance(report, rdflib.Graph)
    return {
        (shape, focus)
        for result in report.subjects(RDF.type, SH.ValidationResult)
        for shape in report.objects(result, SH.sourceShape)
        for focus in report.objects(result, SH.focusNode)
    }


def graph_of(triples: list[ox.Triple]) -> rdflib.Graph:
    lines = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert lines is not None
    graph = rdflib.Graph().parse(data=lines, format="nt")
    # Harvesters do not read our ontology: what a thing is must be stated, not concluded.
    graph.remove((None, RDFS.subClassOf, None))
    return graph


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("dcat") / "demo-data"
    assert make_demo(home, now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    return home


@pytest.fixture(scope="module")
def release(home: Path) -> Iterator[Release]:
    with closing(open_current(load_settings(home, environ={}).public_path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def public(release: Release) -> rdflib.Graph:
    """All that is public, from the documents as every export is: the store keeps integers of one type only."""
    documents = [entry.document for entry in release.entries() if entry.document]
    documents += [*release.authorities(), release.catalog]
    triples = [triple for document in documents for triple in to_triples(document)]
    return graph_of([*triples, *vocabulary().shipped_triples()])


def test_the_example_catalog_obeys_the_rules(public: rdflib.Graph) -> None:
    assert len(set(public.subjects(RDF.type, DATASET))) > 80
    assert len(set(public.subjects(RDF.type, DISTRIBUTION))) > 40
    assert len(set(public.subjects(RDF.type, FOAF.Agent))) > 50
    assert violations(public) == set()


@pytest.mark.parametrize("size", [10, 100])
def test_each_page_of_the_catalog_obeys_the_rules_by_itself(release: Release, size: int) -> None:
    seen: set[Node] = set()
    for number in range(1, pages_of(release, size) + 1):
        page = graph_of(page_triples(release, number, size))
        assert violations(page) == set(), number
        (catalog,) = set(page.objects(None, DCTERMS.isPartOf)) | {URIRef(release.catalog["id"])}
        assert len(list(page.objects(catalog, DCTERMS.publisher))) == 1
        assert len(list(page.objects(catalog, DCTERMS.license))) == 1
        listed = set(page.objects(catalog, DCAT.dataset))
        assert not listed & seen
        seen |= listed
    shown = {URIRef(entry.document["id"]) for entry in release.entries() if entry.state == "published"}
    series = {
        URIRef(each["id"] + ("#datasets" if "/sample/" in each["id"] else ""))
        for each in release.authorities()
        if "/sample/" in each["id"] or "/round/" in each["id"]
    }
    assert len(series) > 1
    assert seen == shown | series


def test_a_round_robin_is_a_series_with_publisher_and_contact(home: Path, release: Release) -> None:
    settings = load_settings(home, {"contact": "xafs-desk@example.org"}, environ={})
    catalog = frame_of(settings, release.base).catalog
    round_robin = URIRef(f"{release.base}/round/example-cu-foil")
    documents = [entry.document for entry in release.entries() if "round" in entry.document]
    described = [item for each in documents for item in dataset_triples(each, catalog)]
    licence = vocabulary().authority_triples(catalog["license"])
    graph = graph_of([*to_triples(catalog), *licence, *described])
    assert violations(graph) == set()
    assert set(graph.subjects(IN_SERIES, round_robin)) == {URIRef(each["id"]) for each in documents}
    assert len(documents) == 4
    assert {str(item) for item in graph.objects(round_robin, DCTERMS.title)} == {
        *("Example round-robin: copper foil", "例: 銅箔のラウンドロビン")
    }
    assert list(graph.objects(round_robin, DCTERMS.publisher)) == [URIRef(catalog["publisher"]["id"])]
    (contact,) = graph.objects(round_robin, DCAT.contactPoint)
    assert list(graph.objects(contact, VCARD.hasEmail)) == [URIRef("mailto:xafs-desk@example.org")]
    for subject in (URIRef(catalog["id"]), *(URIRef(each["id"]) for each in documents)):
        assert list(graph.objects(subject, DCAT.contactPoint)) == [contact]


def test_each_record_s_own_description_obeys_the_rules(release: Release) -> None:
    documents = [entry.document for entry in release.entries() if entry.state == "published"]
    together = rdflib.Graph()
    for document in documents:
        together += graph_of(list(dataset_triples(document, release.catalog)))
    # Each is a graph of its own: what one says must not depend on its neighbours.
    for document in documents[::10]:
        assert violations(graph_of(list(dataset_triples(document, release.catalog)))) == set()
    assert violations(together) == set()
    assert len(set(together.subjects(RDF.type, DATASET))) >= len(documents) > 40


def test_every_rule_has_something_to_judge(public: rdflib.Graph) -> None:
    idle = {
        rule.iri
        for rule in RULES
        if rule.owner != DCAT.DataService
        and not any((node, rule.path, None) in public for node in public.subjects(RDF.type, rule.owner))
    }
    # A catalog's own dates and services are said elsewhere; no example has a DOI or a paper, the catalog no contact.
    optional = ("Catalog-record", "Catalog-service", "Catalog-issued", "Catalog-modified")
    assert idle == {
        SHAPE[name]
        for name in (*optional, "Dataset-modified", "Dataset-identifier", "Dataset-isReferencedBy")
    } | {rule.iri for rule in RULES if rule.path == DCAT.contactPoint or rule.owner == VCARD.Kind}


@pytest.fixture(scope="module")
def one(release: Release) -> rdflib.Graph:
    """One record with the catalog and the authorities it names, small enough to be spoilt in every way."""
    documents = [entry.document for entry in release.entries() if entry.document]
    chosen = next(
        document
        for document in documents
        if "round" in document
        and any(
            "download_url" in file
            for spectrum in document.get("spectra", [])
            for file in spectrum.get("files", [])
        )
    )
    triples = [*to_triples(chosen), *to_triples(release.catalog)]
    named = {term.value for triple in triples for term in triple if isinstance(term, ox.NamedNode)}
    for authority in release.authorities():
        triples += to_triples(authority) if authority["id"] in named else []
    for iri in sorted(named):
        triples += vocabulary().authority_triples(iri)
    graph = graph_of(triples)
    # Values that the record happens not to have, and a service.
    record = URIRef(chosen["id"])
    catalog = URIRef(release.catalog["id"])
    (about,) = graph.subjects(FOAF.primaryTopic, record)
    standard = next(graph.objects(about, DCTERMS.conformsTo))
    graph.add((record, DCTERMS.conformsTo, standard))
    graph.add((record, DCTERMS.isReferencedBy, URIRef("https://doi.org/10.99999/example")))
    graph.add((record, DCTERMS.identifier, Literal("https://doi.org/10.99999/example", datatype=XSD.anyURI)))
    graph.add((record, DCTERMS.modified, Literal("2026-11-20", datatype=XSD.date)))
    graph.add((catalog, DCAT.record, about))
    contact = URIRef(f"{catalog}#contact_point")
    for subject in (record, *graph.objects(record, IN_SERIES)):
        graph.add((subject, DCAT.contactPoint, contact))
    graph.add((contact, RDF.type, VCARD.Kind))
    graph.add((contact, VCARD.fn, Literal("Example data desk", lang="en")))
    graph.add((contact, VCARD.hasEmail, URIRef("mailto:xafs-desk@example.org")))
    graph.add((catalog, DCAT.service, SERVICE))
    for predicate in (DCTERMS.issued, DCTERMS.modified):
        graph.add((catalog, predicate, Literal("2026", datatype=XSD.gYear)))
    graph.add((SERVICE, RDF.type, DCAT.DataService))
    graph.add((SERVICE, DCTERMS.title, Literal("SPARQL endpoint", lang="en")))
    graph.add((SERVICE, DCAT.endpointURL, URIRef("http://127.0.0.1:8000/sparql")))
    return graph


def test_one_record_with_its_authorities_obeys_the_rules(one: rdflib.Graph) -> None:
    assert violations(one) == set()


def spoilt(one: rdflib.Graph, rule: Rule, how: str) -> tuple[rdflib.Graph, Node]:
    """A copy that breaks the rule once, and the node that does."""
    graph = rdflib.Graph()
    for triple in one:
        graph.add(triple)
    focus, value = next(
        (node, value)
        for node in sorted(graph.subjects(RDF.type, rule.owner))
        for value in sorted(graph.objects(node, rule.path))
    )
    if how == "none":
        graph.remove((focus, rule.path, None))
    elif how == "many":
        graph.add((focus, rule.path, _another(graph, value)))
    elif how == "untyped":
        graph.remove((value, RDF.type, rule.values))
    else:
        graph.remove((focus, rule.path, value))
        wrong = URIRef("urn:example:wrong") if isinstance(value, Literal) else Literal("wrong")
        graph.add((focus, rule.path, wrong))
    return graph, focus


def _another(graph: rdflib.Graph, value: Node) -> Node:
    if isinstance(value, Literal):
        return Literal("ab" * 32 if value.datatype == XSD.hexBinary else "2027", datatype=value.datatype)
    other = URIRef("urn:example:other")
    for predicate, item in list(graph.predicate_objects(value)):
        graph.add((other, predicate, item))
    return other


WAYS = [
    *((rule, "none") for rule in RULES if rule.least),
    *((rule, "many") for rule in RULES if rule.most == 1),
    *(
        (rule, "untyped")
        for rule in RULES
        if isinstance(rule.values, URIRef) and not str(rule.values).startswith(str(XSD))
    ),
    *((rule, "wrong") for rule in RULES),
]


@pytest.mark.parametrize(
    ("rule", "how"), WAYS, ids=lambda item: item if isinstance(item, str) else _local(item.iri)
)
def test_each_rule_fires(one: rdflib.Graph, rule: Rule, how: str) -> None:
    graph, focus = spoilt(one, rule, how)
    assert (rule.iri, focus) in violations(graph)
