"""Cases written from the text of the SHACL specification, in the form of the W3C's own suite: a file is data, shapes
and the report that validation must give. Ours and pySHACL are held to the same report.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from catalog.report import render
from catalog.shacl import Data, compile_shapes
from catalog.shacl_constraints import COMPONENTS, SH
from catalog.shacl_shapes import SPARQL
from catalog.validation import Report
from tests.shacl_core._report_rows import rows

CASES = sorted((Path(__file__).parent / "cases").glob("*.ttl"))
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
# What the oracle is known to judge otherwise than the specification.
ORACLE_DIFFERS = {"lessThan": "it stops with an error at what cannot be compared"}


@pytest.fixture(autouse=True)
def _literals_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    # rdflib rewrites literals unless told not to, and logs a traceback for each ill-typed one.
    monkeypatch.setattr("rdflib.NORMALIZE_LITERALS", False)
    monkeypatch.setattr(logging.getLogger("rdflib.term"), "disabled", True)


def split(path: Path) -> tuple[list[ox.Triple], Any]:
    """The file without its manifest, and the expected report in rdflib."""
    import rdflib

    graph = rdflib.Graph().parse(path)
    (result,) = graph.objects(None, rdflib.URIRef(MANIFEST + "result"))
    expected = rdflib.Graph()
    waiting = [result]
    while waiting:
        node = waiting.pop()
        for triple in graph.triples((node, None, None)):
            expected.add(triple)
            # A shape is named by the report, not told by it.
            if isinstance(triple[2], rdflib.BNode):
                waiting.append(triple[2])
    (entry,) = graph.subjects(rdflib.URIRef(MANIFEST + "result"))
    (action,) = graph.objects(entry, rdflib.URIRef(MANIFEST + "action"))
    manifest = {str(entry), str(action), *(str(node) for node in expected.subjects())}
    kept = rdflib.Graph()
    for triple in graph:
        about_manifest = (
            str(triple[0]) in manifest or MANIFEST in str(triple[1]) or MANIFEST in str(triple[2])
        )
        if not about_manifest and entry not in triple:
            kept.add(triple)
    text = kept.serialize(format="nt")
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)], expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    import pyshacl
    import rdflib

    triples, expected = split(path)
    results = compile_shapes(triples).validate(Data(triples))
    turtle = render([Report("http://example.org/", results=tuple(results))], "turtle")
    ours = rdflib.Graph().parse(data=turtle, format="turtle")
    assert rows(ours) == rows(expected)
    # Warnings, too, make a report that does not conform.
    conforms = rdflib.Literal("true", datatype=rdflib.XSD.boolean) in expected.objects(
        None, rdflib.SH.conforms
    )
    assert conforms is (not results)
    if path.stem in ORACLE_DIFFERS:
        return
    whole = rdflib.Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES), format="nt")
    _, theirs, _ = pyshacl.validate(whole, shacl_graph=whole, inplace=True)
    assert rows(theirs) == rows(expected)


def test_every_component_has_a_case() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in CASES)
    components = {component.iri for component in COMPONENTS.values()} | {SPARQL}
    assert {each.value for each in components if f"sh:{each.value.removeprefix(SH)} " not in text} == set()
    assert ORACLE_DIFFERS.keys() <= {path.stem for path in CASES}
