"""Every shape passes where it should, fails where it should, alone, and is proved to have looked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalog.errors import UsageError
from catalog.mapping import context_json, to_triples
from catalog.resources import data_root
from catalog.shacl import Data, Shape, Shapes, read_shapes
from catalog.shacl_constraints import SH
from catalog.shacl_data import index
from catalog.validation import LEVELS, PLAUSIBILITY, level_iri, level_shapes
from catalog.vocabulary import vocabulary

ROOT = data_root() / "shapes"
XAFS = "https://w3id.org/xafscat/ns#"


FILES = (*LEVELS, PLAUSIBILITY)


def reporting(shapes: Shapes) -> list[Shape]:
    """The named shapes that carry rules, hence report."""
    return [shape for shape in shapes.by_iri.values() if shape.constraints or shape.rules]


def looking(level: str) -> list[Shapes]:
    """The shapes that look at a deposit of a level: those of the level, of the levels below, and of plausibility."""
    files = LEVELS if level == PLAUSIBILITY else LEVELS[: LEVELS.index(level) + 1]
    return [level_shapes(name) for name in (*files, PLAUSIBILITY)]


def reported(level: str, data: Data) -> set[str]:
    return {result.shape.iri for shapes in looking(level) for result in shapes.validate(data)}


def fragment(shape: Shape) -> str:
    return shape.iri.partition("#")[2]


ALL = [(level, fragment(shape)) for level in FILES for shape in reporting(level_shapes(level))]
# The value of a node shape is its focus node, which reach counts.
WITH_PATH = [
    (level, name) for level, name in ALL if level_shapes(level).by_iri[f"{level_iri(level)}#{name}"].path
]


def example(path: Path, *, with_authorities: bool = True) -> Data:
    """The data graph of an example: a record document (.json), or JSON-LD with a context of its own besides ours."""
    document = json.loads(path.read_text(encoding="utf-8"))
    if path.suffix == ".jsonld":
        document["@context"] = [context_json(), document["@context"]]
        quads = ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD)
        triples = [quad.triple for quad in quads]
    else:
        triples = to_triples(document)
    data = Data(triples)
    if with_authorities:
        named = {triple.object.value for triple in triples if isinstance(triple.object, ox.NamedNode)}
        for iri in named:
            data.add(index(vocabulary().authority_triples(iri)))
    return data


def examples(level: str, name: str, kind: str) -> list[Path]:
    return sorted((ROOT / "examples" / level / name).glob(f"{kind}*.json*"))


@pytest.mark.parametrize(("level", "name"), ALL)
def test_shape_passes_its_passing_examples_and_looks_at_them(level: str, name: str) -> None:
    paths = examples(level, name, "pass")
    assert paths, "the shape has no passing example"
    shapes = level_shapes(level)
    shape = shapes.by_iri[f"{level_iri(level)}#{name}"]
    for path in paths:
        data = example(path)
        assert reported(level, data) == set(), path
        assert shapes.reach(data)[shape.iri] > 0, path


@pytest.mark.parametrize(("level", "name"), ALL)
def test_shape_fails_its_failing_examples_and_no_other_does(level: str, name: str) -> None:
    paths = examples(level, name, "fail")
    assert paths, "the shape has no failing example"
    shapes = level_shapes(level)
    for path in paths:
        data = example(path)
        assert reported(level, data) == {f"{level_iri(level)}#{name}"}, path
        assert shapes.reach(data)[f"{level_iri(level)}#{name}"] > 0, path


@pytest.mark.parametrize(("level", "name"), WITH_PATH)
def test_a_passing_example_has_values_for_a_rule_about_values(level: str, name: str) -> None:
    shapes = level_shapes(level)
    shape = shapes.by_iri[f"{level_iri(level)}#{name}"]
    found = []
    for path in examples(level, name, "pass"):
        data = example(path)
        (focus,) = {
            node
            for owner, targets in shapes.targeted
            if shape in owner.properties
            for t in targets
            for node in t.nodes(data)
        }
        found += shape.values(data, focus)
    assert found


def test_every_example_belongs_to_a_shape() -> None:
    found = {(path.parent.parent.name, path.parent.name) for path in (ROOT / "examples").rglob("*.json*")}
    assert found == set(ALL)
    strays = [
        p for p in (ROOT / "examples").rglob("*") if p.is_file() and not re.match(r"(pass|fail)", p.name)
    ]
    assert strays == []


def test_examples_say_that_they_are_examples() -> None:
    for path in (ROOT / "examples").rglob("*.json*"):
        assert json.loads(path.read_text(encoding="utf-8"))["note"] == {"@none": "Example data."}, path


def _triples(level: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(path=str(ROOT / f"{level}.ttl"))]


# --- what every shape carries ----------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "name"), ALL)
def test_shape_is_worded_in_both_languages_and_has_one_rule(level: str, name: str) -> None:
    shape = level_shapes(level).by_iri[f"{level_iri(level)}#{name}"]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert len(shape.constraints) + len(shape.rules) == 1, "one rule for each message"
    assert sorted(message.language or "" for message in shape.messages) == ["en", "ja"]
    assert set(shape.names) == set(shape.descriptions) == {"en", "ja"}
    assert shape.key, "the key of the deposit form it speaks about"
    assert shape.about or hasattr(shape.path, "iri"), "xafs:field where the path is not one property"
    assert shape.severity == ox.NamedNode(SH + ("Warning" if level == PLAUSIBILITY else "Violation"))
    japanese = [m.value for m in shape.messages if m.language == "ja"] + [
        shape.names["ja"],
        shape.descriptions["ja"],
    ]
    assert all(re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text) for text in japanese)


def test_no_two_shapes_say_the_same() -> None:
    messages = [m.value for level in FILES for s in reporting(level_shapes(level)) for m in s.messages]
    assert len(messages) == len(set(messages))


@pytest.mark.parametrize("level", FILES)
def test_shapes_use_only_terms_the_ontology_declares(level: str) -> None:
    declared = {term.iri for term in vocabulary().terms()}
    used = {
        term.value
        for triple in _triples(level)
        for term in (triple.subject, triple.predicate, triple.object)
        if isinstance(term, ox.NamedNode) and term.value.startswith(XAFS)
    }
    assert used - declared == set()


@pytest.mark.parametrize("level", FILES)
def test_the_standard_s_own_shapes_find_no_fault(level: str) -> None:
    import pyshacl
    import rdflib

    shapes = rdflib.Graph().parse(ROOT / f"{level}.ttl")
    conforms, _, text = pyshacl.validate(rdflib.Graph(), shacl_graph=shapes, meta_shacl=True)
    assert conforms, text


@pytest.mark.parametrize("level", FILES)
def test_level_has_a_titled_header_under_its_licence(level: str) -> None:
    header = index(_triples(level))[ox.NamedNode(level_iri(level))]
    title = header[ox.NamedNode("http://purl.org/dc/terms/title")]
    assert sorted(text.language or "" for text in title if isinstance(text, ox.Literal)) == ["en", "ja"]
    licence = ox.NamedNode("http://creativecommons.org/licenses/by/4.0/")
    assert header[ox.NamedNode("http://purl.org/dc/terms/license")] == [licence]
    assert "Creative Commons Attribution 4.0" in (ROOT / "LICENSE").read_text(encoding="utf-8")


# --- a rule that needs an authority ----------------------------------------------------------------------


AUTHORITIES = {
    ("findable", "edge-known"): "https://w3id.org/xafscat/edge/Fe-K",
    ("reusable", "mode-known"): "https://w3id.org/cdif/xas/detectionmode/transmission",
    ("reference", "feature-known"): "https://w3id.org/xafscat/calibration-feature/first-derivative-maximum",
    ("reference", "calibration-edge-known"): "https://w3id.org/xafscat/edge/Fe-K",
    ("plausibility", "tabulated-energy"): "https://w3id.org/xafscat/edge/Fe-K",
    ("plausibility", "calibration-edge-tabulated"): "https://w3id.org/xafscat/edge/Fe-K",
}


@pytest.mark.parametrize(("level", "name"), AUTHORITIES)
def test_what_needs_an_authority_is_silent_with_it_and_reports_without_it(level: str, name: str) -> None:
    shapes = level_shapes(level)
    path = ROOT / "examples" / level / name / "pass.json"
    assert shapes.validate(example(path)) == []
    results = shapes.validate(example(path, with_authorities=False))
    alone = [result for result in results if result.shape.iri == f"{level_iri(level)}#{name}"]
    assert [result.value for result in alone] == [ox.NamedNode(AUTHORITIES[level, name])]
    assert {fragment(result.shape) for result in results} <= {shape for _, shape in AUTHORITIES}


@pytest.mark.parametrize("name", ["edge-in-range", "assigned-energy-near"])
def test_what_compares_with_the_tables_cannot_pass_for_want_of_the_table(name: str) -> None:
    """Without the table the comparison is silent, and the shape that asks for the table is not."""
    shapes = level_shapes(PLAUSIBILITY)
    path = ROOT / "examples" / PLAUSIBILITY / name / "fail.json"
    assert [fragment(result.shape) for result in shapes.validate(example(path))] == [name]
    without = {fragment(result.shape) for result in shapes.validate(example(path, with_authorities=False))}
    assert without == {"tabulated-energy", "calibration-edge-tabulated"}


def test_every_shape_that_asks_for_an_authority_is_proved_above() -> None:
    asking = set()
    for level, name in ALL:
        for triple in _triples(level):
            if triple.subject == ox.NamedNode(f"{level_iri(level)}#{name}"):
                kind = triple.object.value if isinstance(triple.object, ox.NamedNode) else ""
                if triple.predicate == ox.NamedNode(SH + "class") and kind.endswith(
                    ("#AbsorptionEdge", "#Concept")
                ):
                    asking.add((level, name))
    assert asking <= AUTHORITIES.keys()


def test_every_shape_is_in_the_curators_guide() -> None:
    guide = Path(__file__).resolve().parents[1] / "docs" / "curate.md"
    text = guide.read_text(encoding="utf-8")
    missing = [f"{level}-{name}" for level, name in ALL if f"`{level}-{name}`" not in text]
    assert missing == []


def test_a_level_nobody_wrote_is_refused() -> None:
    with pytest.raises(UsageError, match="findable"):
        level_shapes("perfect")


def test_a_shapes_folder_can_be_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "mine.ttl"
    path.write_bytes((ROOT / "findable.ttl").read_bytes())
    assert read_shapes(path).by_iri.keys() == level_shapes("findable").by_iri.keys()
