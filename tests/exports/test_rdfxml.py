"""What harvesters get as RDF/XML is what the RDF library writes of the same graph, byte for byte."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.exports import write_triples
from catalog.exports._rdfxml import TYPE, XSD, Literal, Node, Statement, rdf_xml, triple_of

NODES = (
    "http://127.0.0.1:8000/record/foil7k3m9q",
    "http://127.0.0.1:8000/record/foil7k3m9q#sample",
    "http://127.0.0.1:8000/record/foil7k3m9q#sample.thickness",
    "https://doi.org/10.1000/it's?a=1&b=2",
    "_:n1",
    "_:n10",
)
TYPES = ("http://www.w3.org/ns/dcat#Dataset", "https://unknown.example/terms/Thing")
PREDICATES = (
    "http://purl.org/dc/terms/title",
    "http://purl.org/dc/terms/titleOther",
    "http://www.w3.org/ns/dcat#keyword",
    "https://unknown.example/terms/said",
)
TEXTS = st.text(
    st.sampled_from("ab 鉄ｶ\U0001f9ea&<>\"'\\\r\n\t\x7f\x85\xa0\u2028\N{REPLACEMENT CHARACTER}"), max_size=8
)
KINDS = (
    ("", ""),
    ("en", ""),
    ("JA-Latn", ""),
    ("", XSD + "date"),
    ("", "https://unknown.example/terms/kind"),
)
NODE = st.sampled_from(NODES).map(Node)
LITERAL = st.builds(lambda text, kind: Literal(text, *kind), TEXTS, st.sampled_from(KINDS))
SUBJECT = st.sampled_from(NODES)
STATEMENT = st.tuples(SUBJECT, st.sampled_from(PREDICATES), NODE | LITERAL) | st.tuples(
    SUBJECT, st.just(TYPE), st.sampled_from(TYPES).map(Node)
)


def by_the_library(statements: list[Statement]) -> str:
    written = write_triples(map(triple_of, statements), ox.RdfFormat.RDF_XML).decode()
    return written.partition("?>\n")[2].rstrip("\n")


@given(st.lists(STATEMENT, min_size=1, max_size=12))
def test_any_graph_is_written_as_the_library_writes_it(statements: list[Statement]) -> None:
    assert rdf_xml(statements) == by_the_library(statements)


def test_a_long_text_is_written_as_a_short_one() -> None:
    statements: list[Statement] = [(NODES[0], PREDICATES[0], Literal("long & " * 100, "en"))]
    assert rdf_xml(statements) == by_the_library(statements)


@pytest.mark.parametrize(
    "statement",
    [
        ("no iri", PREDICATES[0], Literal("text")),
        (NODES[0], "no iri", Literal("text")),
        (NODES[0], PREDICATES[0], Node("no iri")),
        (NODES[0], PREDICATES[0], Literal("text", "no language")),
        (NODES[0], PREDICATES[0], Literal("text", datatype="no iri")),
    ],
)
def test_what_is_no_iri_and_no_language_is_refused_as_the_library_refuses_it(statement: Statement) -> None:
    with pytest.raises(ValueError, match=r"invalid|No scheme|subtag|IRI"):
        triple_of(statement)
    with pytest.raises(ValueError, match=r"invalid|No scheme|subtag|IRI"):
        rdf_xml([statement])


def test_a_property_that_no_element_can_be_named_after_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end in a name"):
        rdf_xml([(NODES[0], "https://unknown.example/terms/1", Literal("text"))])
