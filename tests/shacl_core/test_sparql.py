"""SPARQL rules: what is refused when they are read, what they look at, and that many deposits are asked at once."""

from __future__ import annotations

from typing import NoReturn

import pyoxigraph as ox
import pytest

from catalog.errors import UsageError
from catalog.shacl import Data, compile_shapes
from catalog.shacl_sparql import MAX_LENGTH, Rule, read_rule

NAMES = {"e": "http://example.org/"}


def refuse(construct: str, reason: str) -> NoReturn:
    raise UsageError(f"{construct}: {reason}")


def rule(select: str) -> Rule:
    return read_rule(select, NAMES, refuse)


REFUSED = {
    "SERVICE": "SELECT $this WHERE { $this e:p ?x . SERVICE <http://e/> { ?x e:q ?y } }",
    "service": "SELECT $this WHERE { $this e:p ?x . service SILENT <http://e/> { ?x e:q ?y } }",
    "SERVICE behind a string": """SELECT $this WHERE { $this e:p "#" . SERVICE <http://e/> { ?x e:q ?y } }""",
    "INSERT": "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
    "DELETE": "SELECT $this WHERE { $this e:p ?x } ; DELETE WHERE { ?s ?p ?o }",
    "DROP": "DROP ALL",
    "LOAD": "LOAD <http://e/>",
    "ASK": "ASK { $this e:p ?x }",
    "CONSTRUCT": "CONSTRUCT { $this e:p ?x } WHERE { $this e:p ?x }",
    "DESCRIBE": "DESCRIBE $this",
    "FROM": "SELECT $this FROM <urn:g> WHERE { $this e:p ?x }",
    "GRAPH": "SELECT $this WHERE { GRAPH ?g { $this e:p ?x } }",
    "MINUS": "SELECT $this WHERE { $this e:p ?x . MINUS { $this e:q ?x } }",
    "VALUES": "SELECT $this WHERE { $this e:p ?x . VALUES ?x { 1 2 } }",
    "UNION": "SELECT $this WHERE { { $this e:p ?x } UNION { $this e:q ?x } }",
    "a query in a query": "SELECT $this WHERE { $this e:p ?x . OPTIONAL { SELECT ?x WHERE { ?x e:q 1 } } }",
    "GROUP": "SELECT $this WHERE { $this e:p ?x } GROUP BY $this",
    "LIMIT": "SELECT $this WHERE { $this e:p ?x } LIMIT 1",
    "PREFIX": "PREFIX f: <urn:f> SELECT $this WHERE { $this f:p ?x }",
    "BASE": "BASE <urn:f> SELECT $this WHERE { $this <p> ?x }",
    "RAND": "SELECT $this WHERE { $this e:p ?x . FILTER (RAND() > 0.5) }",
    "NOW": "SELECT $this WHERE { $this e:p ?x . FILTER (?x > NOW()) }",
    "a SELECT of something else": "SELECT $this ?path WHERE { $this e:p ?path }",
    "a SELECT of something else: all": "SELECT * WHERE { $this e:p ?x }",
    "a SELECT of something else: no $this": "SELECT ?value WHERE { ?s e:p ?value }",
    "a SELECT of something else: counts": "SELECT $this (COUNT(?x) AS ?value) WHERE { $this e:p ?x }",
    "a rule without $this": "SELECT $this WHERE { ?s e:p ?x }",
    "a SELECT of something else: no pattern": "SELECT $this",
    "a query without a pattern": "SELECT $this WHERE { }",
    "a query that is no SELECT": "",
    "a query that is not valid SPARQL": "SELECT $this WHERE { $this e:p }",
    "$PATH": "SELECT $this ?value WHERE { $this $PATH ?value }",
    "?xafscat_graph": "SELECT $this WHERE { $this e:p ?xafscat_graph }",
    "the prefix f:": "SELECT $this WHERE { $this f:p ?x }",
    "braces in braces": "SELECT $this WHERE { { $this e:p ?x } }",
    "braces in braces: nested": "SELECT $this WHERE { $this e:p ?x . OPTIONAL { ?x e:q ?y . OPTIONAL { ?y e:r ?z } } }",
    "BIND in OPTIONAL or EXISTS": "SELECT $this WHERE { $this e:p ?x . OPTIONAL { BIND (STR($this) AS ?y) } }",
    "AS $this": "SELECT $this WHERE { ?x e:p ?y . BIND (?x AS $this) }",
    "a query that goes on": "SELECT $this WHERE { $this e:p ?x } OPTIONAL { ?x e:q ?y }",
    "a division": "SELECT $this WHERE { $this e:p ?x . FILTER (?x / 2 > 1) }",
    "an escaped character": "SELECT $this WHERE { $this e:p '\\u0027' }",
    "'\\\\' in a query": "SELECT $this WHERE { $this e:p e:a\\,b }",
    "a query of that length": "SELECT $this WHERE { $this e:p ?x }" + " " * MAX_LENGTH,
}


@pytest.mark.parametrize("construct", REFUSED)
def test_what_is_unsafe_or_would_be_answered_otherwise_is_refused(construct: str) -> None:
    with pytest.raises(UsageError) as caught:
        rule(REFUSED[construct])
    named = construct.partition(": ")[0].removesuffix(" behind a string")
    assert named.casefold() in caught.value.detail.casefold()


def test_a_query_cut_short_anywhere_is_refused() -> None:
    whole = "SELECT $this ?value WHERE { $this e:p ?value . FILTER (?value > 'a' && NOT EXISTS { ?value e:q ?x }) }"
    for end in range(len(whole)):
        with pytest.raises(UsageError):
            rule(whole[:end])
    rule(whole)


def test_a_word_in_a_string_a_comment_or_a_name_is_no_keyword() -> None:
    rule(
        "SELECT $this WHERE { # SERVICE and } in a comment\n $this e:service 'DROP }' ; e:limit ?limit } # end"
    )


LOOKED_AT = {
    "$this e:p/e:q ?x": {"p", "q"},
    "$this ^e:p|e:q+ ?x": {"p", "q"},
    "$this a ?x": {"type"},
    "$this e:p [ e:q ?x ; e:r ?y ]": {"p", "q", "r"},
    "$this e:p ?x ; e:q ?y , ?z . FILTER (?x > ?y && STR(?z) = 'a') ?x e:r ?w": {"p", "q", "r"},
    "$this e:p ?x . FILTER NOT EXISTS { ?x e:q ?y }": {"p", "q"},
    "$this e:p ?x . FILTER (?x > 1 || EXISTS { ?x e:q ?y })": {"p", "q"},
    "$this e:p ?x . BIND (?x * 2 AS ?y) FILTER REGEX(STR(?y), '1*')": {"p"},
    "$this ?any ?x": None,
    "$this e:p ?x ; ?any ?y": None,
    "$this e:p [ ?any ?x ]": None,
    "$this !e:p ?x": None,
    "$this e:p* ?x": None,
    "$this e:p? ?x": None,
    "$this e:p ?x . FILTER (EXISTS { ?x ?any ?y })": None,
}


@pytest.mark.parametrize("pattern", LOOKED_AT)
def test_only_the_properties_a_rule_can_look_at_are_loaded(pattern: str) -> None:
    found = rule(f"SELECT $this WHERE {{ {pattern} }}").properties
    expected = LOOKED_AT[pattern]
    if expected is None or found is None:
        assert found is expected
    else:
        named = {node.value.rpartition("/")[2].rpartition("#")[2] for node in found}
        assert named == expected


SHAPES = (
    """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <http://example.org/> .
:S a sh:NodeShape ; sh:targetClass :Scan ; sh:sparql [ sh:select
  """
    + '''"""SELECT $this ?value WHERE {
    $this <http://example.org/p> ?value . FILTER NOT EXISTS { ?value <http://example.org/ok> true }
  }""" ] .'''
    + """
:T a sh:NodeShape ; sh:targetObjectsOf :q ; sh:sparql [ sh:select
  "SELECT $this WHERE { ?any <http://example.org/q> $this . FILTER (STR($this) = 'bad') }" ] .
"""
)


def graph(turtle: str) -> list[ox.Triple]:
    return [
        q.triple for q in ox.parse("@prefix : <http://example.org/> ." + turtle, format=ox.RdfFormat.TURTLE)
    ]


def test_each_graph_of_a_batch_is_asked_alone() -> None:
    shapes = compile_shapes(quad.triple for quad in ox.parse(SHAPES, format=ox.RdfFormat.TURTLE))
    texts = [
        ":a a :Scan ; :p :x .",
        ":a a :Scan ; :p :x . :x :ok true .",
        ":b :p :x .",
        "",
        ":a :q 'bad' , 'good' .",
        ":a a :Scan ; :p 3.10 .",
    ]
    batch = [Data(graph(text)) for text in texts]
    found = shapes.validate_each(batch)
    assert found == [shapes.validate(data) for data in batch]
    values = [[str(result.value) for result in results] for results in found]
    x, decimal = "<http://example.org/x>", '"3.10"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    assert values == [[x], [], [], [], ['"bad"'], [decimal]]


def test_a_deactivated_rule_asks_nothing() -> None:
    text = SHAPES + ":S sh:deactivated true . :T sh:deactivated true ."
    shapes = compile_shapes(quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE))
    assert shapes.validate(Data(graph(":a a :Scan ; :p :x ; :q 'bad' ."))) == []
