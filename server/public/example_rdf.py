"""Example queries as RDF, in the pattern that the endpoints of SIB and UniProt publish theirs: SHACL executables.

https://github.com/sib-swiss/sparql-examples describes it: ``sh:SPARQLExecutable``, the query as ``sh:select`` (``ask``,
``construct``, ``describe``), its title as ``rdfs:comment``, keywords and target endpoint from schema.org.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from catalog.mapping import RDF_TYPE
from server.public.examples import Example, Parameter
from server.query.lexer import query_kind

SH = "http://www.w3.org/ns/shacl#"
SCHEMA = "https://schema.org/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
DCTERMS = "http://purl.org/dc/terms/"
XSD_BOOLEAN = ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")
XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
# The class of each kind of query; the SHACL vocabulary has none for DESCRIBE, the examples' own adds it.
CLASSES = {
    "SELECT": (SH + "SPARQLSelectExecutable", SH + "select"),
    "ASK": (SH + "SPARQLAskExecutable", SH + "ask"),
    "CONSTRUCT": (SH + "SPARQLConstructExecutable", SH + "construct"),
    "DESCRIBE": (
        "https://purl.expasy.org/sparql-examples/ontology#SPARQLDescribeExecutable",
        "https://purl.expasy.org/sparql-examples/ontology#describe",
    ),
}


def example_triples(example: Example, base: str) -> Iterator[ox.Triple]:
    """An example as SHACL, of the catalog at ``base``."""
    subject = ox.NamedNode(f"{base}/q/{example.name}")
    kind, predicate = CLASSES[query_kind(example.query) or "SELECT"]
    for iri in (SH + "SPARQLExecutable", kind):
        yield ox.Triple(subject, RDF_TYPE, ox.NamedNode(iri))
    yield _text(subject, predicate, example.query)
    yield from _texts(subject, RDFS + "comment", example.title)
    yield from _texts(subject, DCTERMS + "description", example.description)
    yield from _texts(subject, DCTERMS + "subject", example.theme)
    for keyword in example.keywords:
        yield _text(subject, SCHEMA + "keywords", keyword)
    yield ox.Triple(subject, ox.NamedNode(SCHEMA + "target"), ox.NamedNode(f"{base}/sparql"))
    for parameter in example.parameters:
        yield from _parameter(subject, parameter)


def _parameter(subject: ox.NamedNode, parameter: Parameter) -> Iterator[ox.Triple]:
    node = ox.NamedNode(f"{subject.value}#{parameter.name}")
    yield ox.Triple(subject, ox.NamedNode(SH + "parameter"), node)
    yield ox.Triple(node, RDF_TYPE, ox.NamedNode(SH + "Parameter"))
    yield ox.Triple(node, ox.NamedNode(SH + "path"), node)
    yield ox.Triple(node, ox.NamedNode(SH + "optional"), ox.Literal("true", datatype=XSD_BOOLEAN))
    yield from _texts(node, SH + "name", parameter.title)
    if datatype := parameter.kind.datatype:
        yield ox.Triple(node, ox.NamedNode(SH + "datatype"), ox.NamedNode(datatype))
    else:
        yield ox.Triple(node, ox.NamedNode(SH + "nodeKind"), ox.NamedNode(SH + "IRI"))
    if parameter.default:
        yield ox.Triple(node, ox.NamedNode(SH + "defaultValue"), parameter.kind.read(parameter.default))


def _texts(subject: ox.NamedNode, predicate: str, texts: Mapping[str, str]) -> Iterator[ox.Triple]:
    for tag, text in texts.items():
        if text:
            yield ox.Triple(subject, ox.NamedNode(predicate), ox.Literal(text, language=tag))


def _text(subject: ox.NamedNode, predicate: str, text: str) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(predicate), ox.Literal(text))
