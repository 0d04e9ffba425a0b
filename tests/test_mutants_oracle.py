"""All shapes that ship against pySHACL, on every example and on generated mutants of whole deposits.

Compared are focus node, path, source shape, component and value of every result. XAFSCAT_TEST_MUTANTS sets how many
mutants are tried (1,000 when it is not set; 0 is all of them).
"""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import pyoxigraph as ox
import pytest

from catalog.literals import is_well_formed
from catalog.mapping import context_json
from catalog.report import render
from catalog.resources import data_root
from catalog.shacl import Data, Result, Shapes, compile_shapes
from catalog.shacl_constraints import COMPONENTS, SH
from catalog.shacl_shapes import SPARQL
from catalog.validation import LEVELS, PLAUSIBILITY, Report
from catalog.vocabulary import vocabulary
from tests.shacl_core._report_rows import Row, rows

ROOT = data_root() / "shapes"
RECORD = "https://example.org/record/foil"
WANTED = int(os.environ.get("XAFSCAT_TEST_MUTANTS", "1000"))
# Whole deposits that differ in what the shapes ask them: crystal, grating, encoder, detectors, year, laboratory.
BASES = (
    "reference/hc/pass-encoder",
    "reusable/crystal/pass-grating",
    "plausibility/detectors-fluorescence/pass",
    "reusable/date/pass-year",
    "reusable/formula/pass-unknown",
    "findable/available/pass-embargoed",
)
BATCH = 60
NUMBER = ox.NamedNode("http://qudt.org/schema/qudt/numericValue")
DECIMAL = ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")

Triples = list[ox.Triple]


@pytest.fixture(autouse=True)
def _oracle_made_bearable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Literals as written, no tracebacks in the log, and each query parsed once instead of once a focus node."""
    from rdflib.plugins.sparql import prepareQuery, processor

    prepared = cache(prepareQuery)
    plain = processor.SPARQLProcessor.query

    def query(self: Any, text: Any, *arguments: Any, **options: Any) -> Any:
        return plain(self, prepared(text) if isinstance(text, str) else text, *arguments, **options)

    monkeypatch.setattr(processor.SPARQLProcessor, "query", query)
    monkeypatch.setattr("rdflib.NORMALIZE_LITERALS", False)
    monkeypatch.setattr(logging.getLogger("rdflib.term"), "disabled", True)


@cache
def shapes_triples() -> tuple[ox.Triple, ...]:
    files = [ROOT / f"{name}.ttl" for name in (*LEVELS, PLAUSIBILITY)]
    return tuple(quad.triple for path in files for quad in ox.parse(path=str(path)))


@cache
def shapes() -> Shapes:
    return compile_shapes(shapes_triples())


def read(name: str) -> Triples:
    (path,) = ROOT.joinpath("examples").glob(f"{name}.json*")
    document = json.loads(path.read_text(encoding="utf-8"))
    document["@context"] = [context_json(), document.get("@context", {})]
    return [quad.triple for quad in ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD)]


def authorities(triples: Triples) -> Triples:
    own = {triple.subject for triple in triples}
    named = {t.object for t in triples if isinstance(t.object, ox.NamedNode)} - own
    return [
        triple for node in sorted(named, key=str) for triple in vocabulary().authority_triples(node.value)
    ]


def ours(graphs: Iterable[Triples]) -> Counter[Row]:
    """Each deposit by itself, the SPARQL rules once for all of them; written as a report and read back."""
    import rdflib

    found = shapes().validate_each([Data([*graph, *authorities(graph)]) for graph in graphs])
    results: list[Result] = [result for each in found for result in each]
    turtle = render([Report(RECORD, results=tuple(results))], "turtle")
    return rows(rdflib.Graph().parse(data=turtle, format="turtle"))


@cache
def oracle_shapes() -> Any:
    return rdf(shapes_triples())


def rdf(triples: Iterable[ox.Triple]) -> Any:
    import rdflib

    return rdflib.Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")


def theirs(graphs: Iterable[Triples]) -> Counter[Row]:
    """All deposits in one graph: a run of the oracle costs more than what it checks."""
    import pyshacl

    merged = {triple for graph in graphs for triple in (*graph, *authorities(graph))}
    _, report, _ = pyshacl.validate(rdf(merged), shacl_graph=oracle_shapes(), inplace=True)
    return rows(report)


def judged(found: Counter[Row], graphs: list[Triples]) -> Counter[Row]:
    """Without what the oracle judges wrongly: it gives what is no number a place among numbers, and takes any text
    for a year."""
    ill: set[str] = set()
    for triple in (triple for graph in graphs for triple in graph):
        value = triple.object
        is_literal = isinstance(value, ox.Literal)
        is_number = is_literal and value.datatype == DECIMAL and is_well_formed(value)
        if (is_literal and not is_well_formed(value)) or (triple.predicate == NUMBER and not is_number):
            ill.add(record_of(str(triple.subject)))
    compared = {*(COMPONENTS[each].iri.value for each in ("minExclusive", "maxInclusive")), SPARQL.value}
    return Counter(
        {
            row: count
            for row, count in found.items()
            if record_of(row[0]) not in ill
            or not (row[4].strip("<>") in compared or row[3].endswith("/reusable#date-form>"))
        }
    )


def record_of(node: str) -> str:
    return node.strip("<>").partition("#")[0]


def renamed(triples: Triples, number: int) -> Triples:
    """The deposit under names of its own, so that many can stand in one graph."""
    own = {triple.subject for triple in triples}

    def rename(term: Any) -> Any:
        if isinstance(term, ox.NamedNode) and (term in own or term.value.startswith(RECORD)):
            rest = term.value.removeprefix(RECORD)
            return ox.NamedNode(
                f"https://example.org/record/m{number}{rest}".replace(":", "-").replace("-", ":", 1)
            )
        return term

    return [ox.Triple(rename(t.subject), t.predicate, rename(t.object)) for t in triples]


def mutants(triples: Triples) -> Iterator[Triples]:
    """Each triple deleted, doubled with another value, given a value of another kind, of another language or type,
    and a number made smaller and larger."""
    for number, (subject, predicate, value) in enumerate(triples):
        rest = triples[:number] + triples[number + 1 :]

        def put(
            other: Any, rest: Triples = rest, subject: Any = subject, predicate: Any = predicate
        ) -> Triples:
            return [*rest, ox.Triple(subject, predicate, other)]

        yield rest
        if isinstance(value, ox.NamedNode):
            yield [*triples, ox.Triple(subject, predicate, ox.NamedNode(value.value + "-other"))]
            yield put(ox.Literal(value.value))
            continue
        yield [*triples, ox.Triple(subject, predicate, ox.Literal("again", language="en"))]
        yield put(ox.NamedNode("urn:x:exchanged"))
        yield put(ox.Literal("unknown"))
        yield put(ox.Literal("", language="ja"))
        if value.language is None:
            yield put(ox.Literal("x?", datatype=value.datatype))
        if value.datatype.value.endswith("decimal"):
            for factor in ("0", "1", "7100", "7112", "7117.5", "999999"):
                yield put(ox.Literal(factor, datatype=value.datatype))


def generated() -> list[Triples]:
    every = [mutant for name in BASES for mutant in mutants(read(name))]
    if not WANTED or len(every) <= WANTED:
        return every
    return [every[number * len(every) // WANTED] for number in range(WANTED)]


def test_agrees_with_the_oracle_on_every_example() -> None:
    names = sorted(
        path.relative_to(ROOT / "examples").as_posix().partition(".")[0]
        for path in (ROOT / "examples").rglob("*.json*")
    )
    assert len(names) > 150
    fired: set[str] = set()
    for start in range(0, len(names), BATCH):
        graphs = [
            renamed(read(name), start + place) for place, name in enumerate(names[start : start + BATCH])
        ]
        found = ours(graphs)
        assert judged(found, graphs) == judged(theirs(graphs), graphs)
        fired |= {row[3].strip("<>") for row in found}
    assert fired == {iri for iri, shape in shapes().by_iri.items() if shape.messages}


def test_agrees_with_the_oracle_on_mutants() -> None:
    tried = generated()
    assert len(tried) >= min(WANTED or 1000, 1000)
    components: set[str] = set()
    violated = 0
    for start in range(0, len(tried), BATCH):
        graphs = [renamed(each, start + place) for place, each in enumerate(tried[start : start + BATCH])]
        found = ours(graphs)
        expected = theirs(graphs)
        assert judged(found, graphs) == judged(expected, graphs)
        violated += len({row[0].partition("#")[0] for row in expected})
        components |= {row[4].strip("<>").removeprefix(SH) for row in found}
    assert violated > len(tried) // 3
    assert "SPARQLConstraintComponent" in components
    assert len(components) >= 10
