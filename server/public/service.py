"""What the SPARQL endpoint is, said as a SPARQL 1.1 Service Description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import pyoxigraph as ox

from catalog.mapping import RDF_TYPE
from catalog.statistics import void_part
from catalog.vocabulary_graph import NS
from server.public.limits import limit_facts, limits_sentence
from server.query.protocol import Limits

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
DCTERMS = "http://purl.org/dc/terms/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDFS_COMMENT = "http://www.w3.org/2000/01/rdf-schema#comment"
FORMAT = "http://www.w3.org/ns/formats/"
RESULT_FORMATS = (
    *("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV"),
    *("Turtle", "N-Triples", "JSON-LD", "RDF_XML", "N-Quads", "TriG"),
)
PREFIXES = {"sd": SD, "void": VOID, "format": FORMAT, "xafs": NS}


def service_triples(
    base: str,
    title: Mapping[str, str],
    metadata_license: str,
    triples: int,
    limits: Limits,
    statistics: list[ox.Triple],
) -> list[ox.Triple]:
    """The description of the endpoint of the catalog at ``base``, whose default graph holds ``triples`` triples.

    ``statistics`` are those of the release: what they say of the store is said of the default graph. No ``sd:feature``
    is stated, for none is there: nothing is dereferenced or federated, no graph but the default one is kept.
    """
    service = ox.NamedNode(f"{base}/sparql")
    dataset, graph = ox.NamedNode(f"{base}/sparql#dataset"), ox.NamedNode(f"{base}/sparql#default-graph")
    return [
        *_about(service, "Service", {"endpoint": service, "defaultDataset": dataset}),
        ox.Triple(service, ox.NamedNode(SD + "supportedLanguage"), ox.NamedNode(SD + "SPARQL11Query")),
        *(
            ox.Triple(service, ox.NamedNode(SD + "resultFormat"), ox.NamedNode(FORMAT + name))
            for name in RESULT_FORMATS
        ),
        *_texts(service, title),
        ox.Triple(service, ox.NamedNode(RDFS_COMMENT), ox.Literal(limits_sentence(limits), language="en")),
        *(
            ox.Triple(service, ox.NamedNode(NS + name), _number(value))
            for name, value in limit_facts(limits).items()
        ),
        *_about(dataset, "Dataset", {"defaultGraph": graph}),
        ox.Triple(dataset, ox.NamedNode(DCTERMS + "license"), ox.NamedNode(metadata_license)),
        *_about(graph, "Graph", {}),
        *_described(base, graph, statistics),
        ox.Triple(graph, ox.NamedNode(VOID + "triples"), _number(triples)),
    ]


def _described(base: str, graph: ox.NamedNode, statistics: list[ox.Triple]) -> Iterator[ox.Triple]:
    # The number of triples is said already.
    own, triples = ox.NamedNode(f"{base}/statistics#graph"), ox.NamedNode(VOID + "triples")
    for triple in void_part(base, statistics):
        if triple.subject != own:
            yield triple
        elif triple.predicate != triples:
            yield ox.Triple(graph, triple.predicate, triple.object)


def _about(subject: ox.NamedNode, kind: str, facts: Mapping[str, ox.NamedNode]) -> Iterator[ox.Triple]:
    yield ox.Triple(subject, RDF_TYPE, ox.NamedNode(SD + kind))
    for name, value in facts.items():
        yield ox.Triple(subject, ox.NamedNode(SD + name), value)


def _number(value: Decimal | int) -> ox.Literal:
    if isinstance(value, int):
        return ox.Literal(str(value), datatype=ox.NamedNode(XSD + "integer"))
    return ox.Literal(f"{value.normalize():f}", datatype=ox.NamedNode(XSD + "decimal"))


def _texts(subject: ox.NamedNode, texts: Mapping[str, str]) -> Iterator[ox.Triple]:
    for tag, text in texts.items():
        yield ox.Triple(subject, ox.NamedNode(DCTERMS + "title"), ox.Literal(text, language=tag))
