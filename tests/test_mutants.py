"""Shapes spoiled one statement at a time: the examples notice every one, so no rule can rot unseen."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalog.errors import UsageError
from catalog.mapping import context_json
from catalog.resources import data_root
from catalog.shacl import Data, Shapes, compile_shapes
from catalog.shacl_constraints import SH
from catalog.shacl_data import index
from catalog.validation import LEVELS, PLAUSIBILITY, level_iri
from catalog.vocabulary import vocabulary

ROOT = data_root() / "shapes"
FILES = (*LEVELS, PLAUSIBILITY)
XAFS = "https://w3id.org/xafscat/ns#"
# What says nothing about when a shape reports; that each shape has it is tested with the shapes.
WORDS = {SH + name for name in ("name", "description", "message", "severity")} | {
    XAFS + name for name in ("key", "field", "unit")
}
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
TARGET = ox.NamedNode(SH + "targetClass")
NUMBERS = {
    SH + name for name in ("minCount", "maxCount", "minExclusive", "qualifiedMinCount", "qualifiedMaxCount")
}


@cache
def triples(level: str) -> tuple[ox.Triple, ...]:
    return tuple(quad.triple for quad in ox.parse(path=str(ROOT / f"{level}.ttl")))


def example(path: Path) -> Data:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["@context"] = [context_json(), document.get("@context", {})]
    data = Data(quad.triple for quad in ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD))
    named = {
        value.value
        for properties in data.nodes.values()
        for values in properties.values()
        for value in values
        if isinstance(value, ox.NamedNode)
    }
    for iri in named:
        data.add(index(vocabulary().authority_triples(iri)))
    return data


@cache
def examples(level: str) -> tuple[tuple[str, bool, Data], ...]:
    """All examples of a file: the shape they belong to, whether they pass, and their data."""
    paths = sorted((ROOT / "examples" / level).rglob("*.json*"))
    return tuple((path.parent.name, path.name.startswith("pass"), example(path)) for path in paths)


def spoiled(shapes: Shapes, level: str) -> set[str]:
    """The shapes whose examples no longer come out as they should."""
    prepared = examples(level)
    found = shapes.validate_each([data for _, _, data in prepared])
    return {
        name
        for (name, passes, _), results in zip(prepared, found, strict=True)
        if Counter(result.shape.iri for result in results).keys()
        != (set() if passes else {f"{level_iri(level)}#{name}"})
    }


def noticed(mutant: list[ox.Triple], level: str) -> bool:
    """Whether reading the shapes fails, or an example comes out differently."""
    try:
        shapes = compile_shapes(mutant)
    except UsageError:
        return True
    return bool(spoiled(shapes, level))


def test_unspoiled_shapes_pass() -> None:
    for level in FILES:
        assert spoiled(compile_shapes(triples(level)), level) == set()


@pytest.mark.parametrize("level", FILES)
def test_each_shape_taken_out_is_noticed_by_its_own_examples(level: str) -> None:
    for name in {name for name, _, _ in examples(level)}:
        node = ox.NamedNode(f"{level_iri(level)}#{name}")
        try:
            shapes = compile_shapes(t for t in triples(level) if node not in (t.subject, t.object))
        except UsageError as error:
            assert "asks nothing" in error.detail  # it was the only rule of its target
        else:
            assert spoiled(shapes, level) == {name}


@pytest.mark.parametrize("level", FILES)
def test_each_target_aimed_elsewhere_is_noticed(level: str) -> None:
    targets = [t for t in triples(level) if t.predicate == TARGET]
    assert targets
    for target in targets:
        for elsewhere in ("http://schema.org/Dataset", XAFS + "Withdrawn"):
            moved = ox.Triple(target.subject, TARGET, ox.NamedNode(elsewhere))
            shapes = compile_shapes([moved if t == target else t for t in triples(level)])
            assert spoiled(shapes, level), target


@pytest.mark.parametrize("level", FILES)
def test_each_statement_left_out_is_noticed(level: str) -> None:
    """Every triple of a shape but its words: its rule, its path, an item of a list, its place under a target."""
    standard = ox.NamedNode(level_iri(level))
    left_out = [
        t
        for t in triples(level)
        if t.predicate.value not in WORDS and t.predicate.value != TYPE and t.subject != standard
    ]
    assert len(left_out) > 50
    unnoticed = [t for t in left_out if not noticed([each for each in triples(level) if each != t], level)]
    assert unnoticed == []


@pytest.mark.parametrize("level", FILES)
def test_each_number_off_by_one_is_noticed(level: str) -> None:
    numbers = [t for t in triples(level) if t.predicate.value in NUMBERS]
    for triple in numbers:
        assert isinstance(triple.object, ox.Literal)
        more = ox.Literal(str(int(triple.object.value) + 1), datatype=triple.object.datatype)
        mutant = [ox.Triple(t.subject, t.predicate, more) if t == triple else t for t in triples(level)]
        if triple.predicate.value == SH + "minExclusive":
            continue  # a ring current between 0 and 1 mA is no example worth having
        assert noticed(mutant, level), triple


@pytest.mark.parametrize("level", FILES)
def test_each_class_datatype_and_value_exchanged_is_noticed(level: str) -> None:
    names = {SH + name for name in ("class", "datatype", "nodeKind", "hasValue", "path", "disjoint")}
    exchanged = [
        t for t in triples(level) if t.predicate.value in names and isinstance(t.object, ox.NamedNode)
    ]
    assert exchanged
    for triple in exchanged:
        other = ox.NamedNode("http://schema.org/Dataset")
        mutant = [ox.Triple(t.subject, t.predicate, other) if t == triple else t for t in triples(level)]
        assert noticed(mutant, level), triple


RULES = [
    (t.object.value, part, instead)
    for t in triples(PLAUSIBILITY)
    if t.predicate == ox.NamedNode(SH + "select") and isinstance(t.object, ox.Literal)
    for part, instead in (
        ("?value < ?from", "?value < 0"),
        ("?value > ?to", "?value > 99999"),
        ("?tabulated - 5", "?tabulated - 50"),
        ("?tabulated - 5", "?tabulated - 0.5"),
        ("?tabulated + 5", "?tabulated + 50"),
        ("feature:first-derivative-maximum, ", ""),
        ("?square < 0.99", "?square < 0"),
        ("?square > 1.01", "?square > 99"),
        ("?square < 0.99", "?square < 0.9999"),
        ('"Ge"', '"InSb"'),
        ("?k * ?k", "0"),
        ("+ 2 * xsd", "+ 3 * xsd"),
        ("+ 9 * xsd", "+ 8 * xsd"),
        ("unit:EV", "unit:KiloEV"),
        ("unit:ANGSTROM", "unit:NanoM"),
        ("!= SUBSTR", "= SUBSTR"),
    )
    if part in t.object.value
]


@pytest.mark.parametrize(("select", "part", "instead"), RULES)
def test_each_part_of_a_sparql_rule_matters(select: str, part: str, instead: str) -> None:
    other = ox.Literal(select.replace(part, instead))
    mutant = [
        ox.Triple(t.subject, t.predicate, other) if t.object == ox.Literal(select) else t
        for t in triples(PLAUSIBILITY)
    ]
    assert noticed(mutant, PLAUSIBILITY)
