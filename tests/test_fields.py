from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalog.errors import NotFound
from catalog.explain import as_json, explain
from catalog.facets import facets
from catalog.field_words import EXAMPLES, WORDS
from catalog.fields import by_path, fields, find, rules
from catalog.form import DEPOSIT, names
from catalog.mapping import context
from catalog.template import template
from catalog.template_guide import guide
from catalog.validation import LEVELS, PLAUSIBILITY, level_shapes
from catalog.vocabulary import vocabulary

ROOT = Path(__file__).resolve().parents[1]
JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
LATIN_IN_JAPANESE = {"doi", "creators.orcid"}


def test_the_fields_are_those_of_the_form_in_its_order() -> None:
    assert [each.path for each in fields()] == list(names(DEPOSIT))


def test_every_field_is_explained_in_both_languages() -> None:
    for each in fields():
        assert set(each.label) == set(each.meaning) == {"en", "ja"}, each.path
        assert each.path in LATIN_IN_JAPANESE or JAPANESE.search(each.label["ja"]), each.path
        assert JAPANESE.search(each.meaning["ja"]), each.path
        assert each.is_group or each.example, each.path


def test_words_and_examples_are_of_fields_there_are() -> None:
    known = {each.path for each in fields()}
    assert WORDS.keys() <= known
    assert {path.removesuffix(".ja") for path in EXAMPLES} <= known


def test_every_rule_belongs_to_a_field() -> None:
    shapes = [
        shape.iri
        for name in (*LEVELS, PLAUSIBILITY)
        for shape in level_shapes(name).by_iri.values()
        if shape.constraints or shape.rules
    ]
    placed = rules()
    assert sorted(rule.shape.iri for _, rule in placed) == sorted(shapes)
    assert [rule.code for path, rule in placed if path not in by_path()] == []


def test_a_rule_s_path_ends_with_its_key() -> None:
    for path, rule in rules():
        assert rule.shape.key.replace("/", ".").endswith(path.rpartition(".")[2]), rule.code


def test_every_term_is_named_by_the_context_and_leads_from_the_document() -> None:
    properties = {term.predicate.value for term in context().terms.values()}
    without = {each.path for each in fields() if not each.term}
    assert without == {"private_note", "hidden_until", "creators.credit", "spectra.id", "spectra.energy"}
    for each in fields():
        if each.term:
            assert each.term in properties, each.path
            assert all(key in context().terms for key in each.document), each.path


def test_what_the_levels_ask_is_known() -> None:
    asked = {each.path: each.required for each in fields() if each.required}
    assert asked["title"] == asked["sample.name"] == asked["spectra.edge"] == "findable"
    assert asked["spectra.files"] == "reusable"
    assert asked["spectra.calibration.feature"] == "reference"
    assert "spectra.pressure" not in asked


def test_choices_are_understood_by_the_catalog() -> None:
    schemes = {
        "sample.form": "form",
        "spectra.mode": "mode",
        "spectra.calibration.feature": "calibration-feature",
    }
    for path, scheme in schemes.items():
        for choice in by_path()[path].choices:
            assert vocabulary().concept(scheme, choice.word) == choice.iri
            assert vocabulary().concept(scheme, choice.label["ja"]) == choice.iri


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        ("sample.name", ["sample.name"]),
        ("/spectra/0/edge", ["spectra.edge"]),
        ("d_spacing", ["spectra.monochromator.d_spacing"]),
        ("温度", ["spectra.temperature"]),
        ("xafs:temperature", ["spectra.temperature"]),
        ("findable-title", ["title"]),
        ("https://w3id.org/xafscat/shapes/findable#license", ["license"]),
    ],
)
def test_a_field_is_found_by_whatever_it_is_called(asked: str, paths: list[str]) -> None:
    assert [each.path for each in find(asked)] == paths


def test_a_key_of_several_groups_finds_each_and_a_path_only_its_own() -> None:
    assert {each.path for each in find("edge")} == {"spectra.edge", "spectra.calibration.edge"}
    assert [each.path for each in find("title")] == ["title"]


def test_an_unknown_field_is_refused_with_near_ones() -> None:
    with pytest.raises(NotFound, match=r"did you mean.*temperature"):
        find("temprature")
    with pytest.raises(NotFound, match=r"docs/fields\.md"):
        find("qqqqqqqq")


def test_an_explanation_says_all_in_both_languages() -> None:
    field = by_path()["spectra.monochromator.d_spacing"]
    english, japanese = explain(field), explain(field, "ja")
    assert "unit: Å" in english
    assert "https://w3id.org/xafscat/ns#dSpacing" in english
    assert "単位: Å" in japanese
    assert "面間隔" in japanese
    body = as_json(by_path()["license"])
    assert body["required"] == "findable"
    assert {"en", "ja"} == set(body["rules"][0]["message"])
    assert body["choices"][0]["word"] == "CC-BY-4.0"


def test_facets_follow_the_fields() -> None:
    kinds = {facet.path: facet.kind for facet in facets()}
    assert kinds["spectra.mode"] == kinds["license"] == "concept"
    assert kinds["facility"] == "authority"
    assert kinds["spectra.element"] == "word"
    assert kinds["spectra.temperature"] == "range"
    assert not {"title", "sample.name", "creators.credit", "spectra.files"} & kinds.keys()
    for facet in facets():
        assert ox.NamedNode(facet.term) == context().terms[facet.document[-1]].predicate


def test_the_guide_and_the_schema_are_up_to_date() -> None:
    assert (ROOT / "docs" / "fields.md").read_text(encoding="utf-8") == guide(), "run docs/build.py"
    schema = ROOT / "ontology" / "deposit-form.schema.json"
    assert schema.read_bytes() == template("schema"), "run docs/build.py"


def test_the_guide_has_a_row_for_every_field() -> None:
    keys = re.findall(r"(?m)^\| `([\w.]+)` \|", guide())
    assert sorted(keys) == sorted(each.path for each in fields())
