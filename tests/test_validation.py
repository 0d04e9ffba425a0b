from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from catalog.document import Form, Origin
from catalog.errors import UsageError
from catalog.findings import Finding, finding
from catalog.mapping import RecordDocument, to_triples
from catalog.normalise import Normalised, normalise
from catalog.projection import public_document, stamped
from catalog.shacl import read_shapes
from catalog.shacl_data import index
from catalog.states import Standing, State
from catalog.validation import LEVELS, Report, level_iri, merge_findings, validate, validate_triples
from catalog.validation_data import data_of
from catalog.vocabulary import vocabulary

IRI = "http://example.org/record/foil"

GOOD: dict[str, Any] = {
    "title": {"en": "Iron foil, Fe K edge", "ja": "鉄箔 Fe K吸収端"},
    "access": "open",
    "license": "CC-BY-4.0",
    "creators": [{"name": "Photon Factory"}],
    "facility": "Photon Factory",
    "sample": {"name": {"en": "iron foil", "ja": "鉄箔"}},
    "spectra": [{"element": "Fe", "edge": "K"}, {"element": "Pb", "edge": "L3"}],
}


def form_of(values: dict[str, Any]) -> Form:
    """A form whose values have lines: each key one line further, as a reader would note them."""
    form = Form(copy.deepcopy(values))
    line = 0

    def walk(node: Any, pointer: str) -> None:
        nonlocal line
        line += 1
        form.origins[pointer] = Origin("person", "foil.yaml", line)
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in items:
            walk(value, f"{pointer}/{key}")

    walk(form.values, "")
    return form


def prepared(form: Form) -> tuple[Normalised, RecordDocument]:
    normalised = normalise(form, iri=IRI, base="http://example.org", vocabulary=vocabulary())
    standing = Standing(State.PUBLISHED)
    public = public_document(normalised.document, standing, date(2026, 11, 20), lambda _iri: True)
    assert public is not None
    return normalised, public


def report_of(values: dict[str, Any]) -> tuple[Report, Normalised, Form]:
    form = form_of(values)
    normalised, public = prepared(form)
    (report,) = validate([public], pointers=normalised.pointers, forms={IRI: form})
    return report, normalised, form


def without(*path: str | int) -> dict[str, Any]:
    values = copy.deepcopy(GOOD)
    node: Any = values
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return values


def changed(value: Any, *path: str | int) -> dict[str, Any]:
    values = copy.deepcopy(GOOD)
    node: Any = values
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return values


def test_a_complete_deposit_reaches_the_level() -> None:
    report, _, _ = report_of(GOOD)
    assert report.findings == []
    assert report.levels == ("findable",)
    assert report.conforms_to == ("https://w3id.org/xafscat/shapes/findable",)
    assert report.good


def test_a_stamped_document_is_judged_alike() -> None:
    _, public = prepared(form_of(GOOD))
    from datetime import UTC, datetime

    whole = stamped(
        public,
        issued=date(2026, 11, 20),
        modified=datetime(2026, 11, 20, tzinfo=UTC),
        levels=[level_iri("findable")],
        base="http://example.org",
        metadata_license="http://creativecommons.org/publicdomain/zero/1.0/",
    )
    (report,) = validate([whole])
    assert (report.findings, report.levels) == ([], ("findable",))


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        (without("license"), "findable-license", "/license"),
        (without("access"), "findable-access", "/access"),
        (without("facility"), "findable-facility", "/facility"),
        (without("creators"), "findable-credit", "/creators"),
        (without("sample"), "findable-sample", "/sample"),
        (without("sample", "name"), "findable-sample", "/sample"),
        (changed({"formula": "Fe"}, "sample"), "findable-sample-name", "/sample/name"),
        (changed("embargoed", "access"), "findable-available", "/available"),
        (without("spectra"), "findable-spectrum", "/spectra"),
        (without("spectra", 1, "element"), "findable-element", "/spectra/1/element"),
        (without("spectra", 1, "edge"), "findable-edge", "/spectra/1/edge"),
    ],
)
def test_what_is_missing_is_named_by_the_form_s_own_path(
    values: dict[str, Any], code: str, path: str
) -> None:
    report, normalised, form = report_of(values)
    named = [item for item in report.findings if item.code == code]
    assert [(item.path, item.value, item.level, item.severity) for item in named] == [
        (path, None, "findable", "error")
    ]
    assert report.levels == ()
    assert not report.good
    # The key is absent, so the line is its parent's.
    parent = form.origin(path)
    assert parent is not None
    assert (named[0].file, named[0].line) == ("foil.yaml", parent.line)
    assert named[0] in merge_findings(normalised.findings, report.findings)


def test_an_edge_without_its_element_is_not_called_missing() -> None:
    report, _, _ = report_of(without("spectra", 1, "element"))
    assert [item.path for item in report.findings] == ["/spectra/1/element"]


def test_both_languages_and_the_shape_are_given() -> None:
    (item,) = report_of(without("license"))[0].findings
    assert item.shape == "https://w3id.org/xafscat/shapes/findable#license"
    assert item.text("en") == "State a licence, for example CC-BY-4.0."
    assert item.text("ja") == "ライセンス（例: CC-BY-4.0）を記入してください。"


def test_the_normaliser_s_reason_replaces_missing_but_the_level_is_not_reached() -> None:
    report, normalised, _ = report_of(changed("CC-BY", "license"))
    merged = merge_findings(normalised.findings, report.findings)
    assert [item.code for item in merged] == ["licence-unknown"]
    assert [item.code for item in report.findings] == ["findable-license"]
    assert report.levels == ()


def test_an_edge_nobody_knows_is_said_once() -> None:
    report, normalised, _ = report_of(changed("L21", "spectra", 1, "edge"))
    merged = merge_findings(normalised.findings, report.findings)
    assert [(item.code, item.path) for item in merged] == [("edge-unknown", "/spectra/1/edge")]


def missing(path: str, value: str | None = None) -> Finding:
    return Finding("findable-x", "error", {"en": "x"}, path, value=value, shape="https://example.org/#x")


@pytest.mark.parametrize(
    ("normaliser", "shacl", "kept"),
    [
        ("/license", missing("/license"), False),
        ("/spectra/0/edge/1", missing("/spectra/0/edge"), False),
        ("/spectra/0/edges", missing("/spectra/0/edge"), True),
        ("/spectra", missing("/spectra/0/edge"), True),
        ("/license", missing("/license", "urn:x"), True),
        ("/license", missing(""), True),
        ("", missing("/license"), True),
    ],
)
def test_only_missing_on_the_same_path_is_suppressed(normaliser: str, shacl: Finding, kept: bool) -> None:
    said = finding("licence-unknown", path=normaliser, value="x")
    assert merge_findings([said], [shacl]) == ([said, shacl] if kept else [said])


def test_a_note_of_the_normaliser_suppresses_nothing() -> None:
    said = finding("facility-unregistered", path="/facility", value="x")
    assert len(merge_findings([said], [missing("/facility")])) == 2


# --- documents without a form, and hostile ones ----------------------------------------------------------


def test_without_a_form_the_path_comes_from_the_document() -> None:
    _, public = prepared(form_of(GOOD))
    del public["spectra"][1]["measurement"]["measured_edge"]
    del public["credits"][0]["credit_name"]
    del public["sample"]["sample_name"]
    (report,) = validate([public])
    assert sorted((item.code, item.path, item.line) for item in report.findings) == [
        ("findable-credit-name", "/creators/name", None),
        ("findable-measured-edge", "/spectra/1/edge", None),
        ("findable-sample-name", "/sample/name", None),
    ]


def test_a_document_may_not_vouch_for_an_edge() -> None:
    _, public = prepared(form_of(GOOD))
    invented = {"id": "https://w3id.org/xafscat/edge/Xx-K", "type": "xafs:AbsorptionEdge"}
    public["spectra"][0]["measurement"]["measured_edge"] = [invented]
    (report,) = validate([public])
    assert [(item.code, item.value) for item in report.findings] == [
        ("foreign-subject", invented["id"]),
        ("plausibility-tabulated-energy", invented["id"]),
    ]
    assert report.levels == ()


def test_a_document_may_not_write_about_another_record() -> None:
    _, public = prepared(form_of(GOOD))
    public["sample"]["id"] = "http://example.org/record/foil2#sample"
    public["spectra"] = public["spectra"][:1]
    (report,) = validate([public])
    assert [item.code for item in report.findings] == ["foreign-subject"]


@pytest.mark.parametrize(
    "document",
    [
        {"id": IRI, "type": "xafs:Withdrawn", "issued": "2026-01-01"},
        {"id": IRI, "type": "dcat:Dataset", "title": {"en": "no deposit"}},
        {"id": IRI},
    ],
)
def test_what_is_no_deposit_reaches_nothing(document: RecordDocument) -> None:
    (report,) = validate([document])
    assert [item.code for item in report.findings] == ["nothing-to-check"]
    assert report.levels == ()


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": "not an iri"},
        {"id": IRI, "titel": {"en": "x"}},
        {"id": IRI, "title": "text without a language map"},
        {"id": IRI, "sample": {"type": "xafs:Sample"}},
        {"id": IRI, "points": 676},
        {"id": 7},
        {"id": IRI, "@reverse": {}},
        {"id": IRI, "type": ["xafs:Deposit"], "license": ["http://a\nb"]},
    ],
)
def test_what_cannot_be_rdf_is_a_finding(document: RecordDocument) -> None:
    (report,) = validate([document])
    assert [item.code for item in report.findings] == ["not-rdf"]
    assert not report.good


def test_a_document_without_end_is_a_finding() -> None:
    document: RecordDocument = {"id": IRI}
    document["sample"] = document
    (report,) = validate([document])
    assert [item.code for item in report.findings] == ["not-rdf"]


def test_a_hostile_value_cannot_fill_or_steer_a_terminal() -> None:
    _, public = prepared(form_of(GOOD))
    public["access"] = "urn:x:" + "A" * 100_000
    public["available"] = "2027\x1b[2J"
    (report,) = validate([public])
    assert all(len(item.value or "") <= 200 and "\x1b" not in (item.value or "") for item in report.findings)
    assert len(report.findings) == 2


def test_each_document_is_judged_alone() -> None:
    _, first = prepared(form_of(GOOD))
    _, second = prepared(form_of(changed("CC0-1.0", "license")))
    assert [report.findings for report in validate([first, second, first])] == [[], [], []]


def test_an_authority_can_be_taken_from_elsewhere_and_its_absence_is_reported() -> None:
    _, public = prepared(form_of(GOOD))
    asked: list[str] = []

    def nothing(iri: str) -> list[ox.Triple]:
        asked.append(iri)
        return []

    (report,) = validate([public], authorities=nothing, plausibility=False)
    assert [(item.code, item.path, item.value) for item in report.findings] == [
        ("findable-edge-known", "/spectra/0/edge", "https://w3id.org/xafscat/edge/Fe-K"),
        ("findable-edge-known", "/spectra/1/edge", "https://w3id.org/xafscat/edge/Pb-L3"),
    ]
    assert "http://creativecommons.org/licenses/by/4.0/" in asked
    assert "https://w3id.org/xafscat/ns#Deposit" not in asked
    assert len(asked) == len(set(asked))


def test_validation_leaves_the_document_and_the_authorities_as_they_were() -> None:
    _, public = prepared(form_of(GOOD))
    before = copy.deepcopy(public)
    first = validate([public])
    assert public == before
    assert validate([public]) == first


def test_counted_values_are_shown() -> None:
    _, public = prepared(form_of(GOOD))
    public["title"]["en"] = ["b", "a"]
    (item,) = validate([public])[0].findings
    assert (item.code, item.value) == ("findable-title-one-per-language", '"a"@en, "b"@en')


def test_a_group_s_own_shapes_are_checked_besides_the_level(tmp_path: Path) -> None:
    path = tmp_path / "group.ttl"
    path.write_text(
        """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xafs: <https://w3id.org/xafscat/ns#> .
        @prefix : <https://example.org/shapes/beamline#> .
        :Sample a sh:NodeShape ; sh:targetClass xafs:Sample ; sh:property :form , :formula , :spectra .
        :form sh:path xafs:sampleForm ; xafs:key "form" ; sh:minCount 1 ; sh:severity sh:Warning ;
            sh:message "試料の形を記入してください。"@ja .
        :formula sh:path xafs:formula ; sh:minCount 1 ; sh:message "Give a formula." .
        :spectra sh:path [ sh:inversePath xafs:ofSample ] ; sh:maxCount 1 .
        """,
        encoding="utf-8",
    )
    _, public = prepared(form_of(GOOD))
    (report,) = validate([public], shapes=[read_shapes(path)])
    assert report.levels == ("findable",)
    assert not report.good
    form, formula, spectra = report.findings
    assert (form.code, form.severity, form.level, form.path) == (
        "beamline-form",
        "warning",
        "",
        "/sample/form",
    )
    assert form.text("en") == form.text("ja") == "試料の形を記入してください。"
    assert (formula.text("en"), formula.path) == ("Give a formula.", "/sample")
    assert (
        spectra.text("en")
        == "This does not meet the rule MaxCount of https://example.org/shapes/beamline#spectra."
    )
    assert "MaxCount" in spectra.text("ja")


def test_a_warning_does_not_keep_from_a_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "warn.ttl"
    path.write_text(
        """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xafs: <https://w3id.org/xafscat/ns#> .
        @prefix : <https://example.org/shapes/warn#> .
        :S a sh:NodeShape ; sh:targetClass xafs:Deposit ; sh:property :p .
        :p sh:path xafs:sample ; sh:maxCount 0 ; sh:severity sh:Warning ; sh:message "w"@en .
        """
    )
    shapes = {"first": read_shapes(path), "second": read_shapes(path)}
    monkeypatch.setattr("catalog.validation.level_shapes", shapes.__getitem__)
    _, public = prepared(form_of(GOOD))
    (report,) = validate([public], levels=("first", "second"), plausibility=False)
    assert report.levels == ("first", "second")
    assert [item.level for item in report.findings] == ["first", "second"]


def test_a_level_is_reached_only_after_those_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from catalog.validation import level_shapes

    path = tmp_path / "easy.ttl"
    path.write_text(
        """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xafs: <https://w3id.org/xafscat/ns#> .
        <urn:s> a sh:NodeShape ; sh:targetClass xafs:Deposit ; sh:property <urn:p> .
        <urn:p> sh:path xafs:sample ; sh:minCount 1 .
        """
    )
    shapes = {"findable": level_shapes("findable"), "easy": read_shapes(path)}
    monkeypatch.setattr("catalog.validation.level_shapes", shapes.__getitem__)
    _, public = prepared(form_of(without("license")))
    assert validate([public], levels=("findable", "easy"), plausibility=False)[0].levels == ()
    assert validate([public], levels=("easy", "findable"), plausibility=False)[0].levels == ("easy",)


def test_rdf_of_others_is_judged_by_the_same_shapes() -> None:
    _, public = prepared(form_of(without("license")))
    report = validate_triples(to_triples(public), IRI)
    assert [(item.code, item.path) for item in report.findings] == [("findable-license", "/license")]
    assert validate_triples([], IRI).findings[0].code == "nothing-to-check"


# --- levels above the first, and plausibility -------------------------------------------------------------

REUSABLE: dict[str, Any] = {
    **GOOD,
    "beamline": "BL-9C",
    "sample": {**GOOD["sample"], "formula": "Fe", "cas": "7439-89-6"},
    "spectra": [
        {
            "element": "Fe",
            "edge": "K",
            "mode": "transmission",
            "started": "2020-05-21",
            "energy": {"first": "6612 eV", "last": "8112 eV"},
            "monochromator": {"crystal": "Si", "reflection": "111", "d_spacing": "3.13551 Å"},
        }
    ],
}


def public_reusable(**changes: Any) -> RecordDocument:
    _, public = prepared(form_of({**REUSABLE, **changes}))
    file = f"{IRI}#spectrum-1.file-1"
    digest = {"id": f"{file}.checksum", "type": "spdx:Checksum", "digest": "ab" * 32}
    public["spectra"][0]["files"] = [{"id": file, "type": "dcat:Distribution", "checksum": digest}]
    return public


def test_a_findable_deposit_is_told_what_the_next_level_needs_and_has_no_findings() -> None:
    report, _, form = report_of(GOOD)
    assert (report.findings, report.results, report.good) == ([], (), True)
    assert (report.levels, report.next_level) == (("findable",), "reusable")
    assert {item.severity for item in report.needs} == {"info"}
    assert {item.level for item in report.needs} == {"reusable"}
    assert {result.shape.iri for result in report.needed} == {item.shape for item in report.needs}
    mode = next(item for item in report.needs if item.code == "reusable-mode")
    parent = form.origin("/spectra/0/mode")
    assert parent is not None
    assert (mode.path, mode.line) == ("/spectra/0/mode", parent.line)


def test_a_deposit_without_a_level_is_told_of_the_first_alone() -> None:
    report, _, _ = report_of(without("license"))
    assert (report.next_level, report.needs, report.needed) == ("findable", [], ())
    assert {item.level for item in report.findings} == {"findable"}


def test_levels_are_reached_one_after_the_other() -> None:
    (report,) = validate([public_reusable()])
    assert (report.levels, report.findings) == (("findable", "reusable"), [])
    assert report.next_level == "reference"
    assert [item.code for item in report.needs] == [
        "reference-preparation",
        "reference-temperature",
        "reference-calibration",
    ]
    broken = public_reusable()
    del broken["license"]
    assert validate([broken])[0].levels == ()


def test_a_level_that_is_required_makes_errors_of_what_it_lacks() -> None:
    (report,) = validate([public_reusable()], required="reference")
    assert [item.severity for item in report.findings] == ["error"] * 3
    assert (report.levels, report.good, report.needs) == (("findable", "reusable"), False, [])
    (report,) = validate([public_reusable()], required="reusable")
    assert (report.findings, report.good) == ([], True)
    with pytest.raises(UsageError, match="reference"):
        validate([], levels=("findable",), required="reference")


def test_who_asks_for_one_level_hears_of_no_other() -> None:
    _, public = prepared(form_of(GOOD))
    (report,) = validate([public], levels=("findable",))
    assert (report.levels, report.findings, report.needs) == (("findable",), [], [])
    assert report.next_level is None


def test_plausibility_warns_and_takes_no_level_away() -> None:
    form = form_of({**REUSABLE, "sample": {**REUSABLE["sample"], "formula": "Co"}})
    normalised, _ = prepared(form)
    public = public_reusable(sample=form.values["sample"])
    public["spectra"][0]["energy_last"]["value"] = "7100"
    (report,) = validate([public], pointers=normalised.pointers, forms={IRI: form})
    assert report.levels == ("findable", "reusable")
    assert report.good
    assert [(item.code, item.severity, item.level, item.path, item.value) for item in report.findings] == [
        ("plausibility-element-in-formula", "warning", "", "/spectra/0/element", None),
        ("plausibility-edge-in-range", "warning", "", "/spectra/0/energy", "7112"),
    ]
    assert report.findings[1].line == form.origin("/spectra/0/energy").line  # type: ignore[union-attr]
    assert validate([public], plausibility=False)[0].findings == []


def test_a_value_is_shown_as_it_was_written() -> None:
    public = public_reusable()
    public["spectra"][0]["measurement"]["monochromator"]["d_spacing"]["value"] = "1.6400"
    (item,) = validate([public])[0].findings
    assert (item.code, item.value) == ("plausibility-crystal-cut", "1.6400")


def test_deposits_of_one_batch_do_not_see_each_other() -> None:
    good, bad = public_reusable(), public_reusable()
    bad["spectra"][0]["energy_last"]["value"] = "7100"
    # Two versions of one record; one of which vouches for an edge at another energy.
    liar = public_reusable()
    edge = "https://w3id.org/xafscat/edge/Fe-K"
    liar["spectra"][0]["measurement"]["measured_edge"] = [{"id": edge, "type": "xafs:AbsorptionEdge"}]
    alone = [validate([each])[0] for each in (good, bad, liar, good)]
    together = validate([good, bad, liar, good])
    assert [each.findings for each in together] == [each.findings for each in alone]
    assert [item.code for item in together[1].findings] == ["plausibility-edge-in-range"]
    assert together[0].findings == together[3].findings == []


def test_more_documents_than_a_batch_are_judged_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.validation.BATCH", 2)
    good, bad = public_reusable(), public_reusable(license="CC-BY")
    reports = validate([good, {"id": "no iri"}, bad, good, bad])
    assert [each.levels[:1] for each in reports] == [("findable",), (), (), ("findable",), ()]
    assert validate([]) == []


@pytest.mark.parametrize("values", [GOOD, REUSABLE, without("sample"), changed("CC0-1.0", "license")])
def test_a_document_is_the_same_data_without_triples_in_between(values: dict[str, Any]) -> None:
    from datetime import UTC, datetime

    _, public = prepared(form_of(values))
    whole = stamped(
        public,
        issued=date(2026, 11, 20),
        modified=datetime(2026, 11, 20, tzinfo=UTC),
        levels=[level_iri(level) for level in LEVELS],
        base="http://example.org",
        metadata_license="http://creativecommons.org/publicdomain/zero/1.0/",
    )
    for document in (public, whole, {"id": IRI, "type": "xafs:Withdrawn"}, {"id": IRI}):
        assert data_of(document).nodes == index(to_triples(document))
