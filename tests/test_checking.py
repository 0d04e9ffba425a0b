"""What ``validate`` takes: forms, record documents, and the RDF of anybody, within bounds."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from catalog.checking import check
from catalog.errors import UnreadableInput, UsageError
from catalog.exports import exports, rdf_exports
from catalog.group_shapes import load_folder, load_shapes
from catalog.mapping import to_bytes
from catalog.rdf_input import parse_bounded, recognise
from catalog.resources import data_root
from catalog.validation import Report

TODAY = date(2026, 5, 1)
ROOT = data_root()
EXAMPLES = ROOT / "shapes" / "examples"
PREFIXES = """
@prefix xafs: <https://w3id.org/xafscat/ns#> . @prefix dcterms: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix prov: <http://www.w3.org/ns/prov#> .
@prefix e: <https://other.example/> .
"""


def document(kind: str = "pass") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(
        (EXAMPLES / "findable" / "title" / f"{kind}.json").read_text(encoding="utf-8")
    )
    return loaded


def checked(path: Path, **options: Any) -> list[Report]:
    return check([path], today=TODAY, max_bytes=10_000_000, **options)


def one(tmp_path: Path, content: str | bytes, **options: Any) -> Report:
    path = tmp_path / "input"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (report,) = checked(path, **options)
    assert report.file == str(path)
    return report


def codes(report: Report) -> list[str]:
    return [item.code for item in report.findings if item.severity == "error"]


# --- our own, in every form ------------------------------------------------------------------------------


@pytest.mark.parametrize("output", [*rdf_exports(), "json"])
@pytest.mark.parametrize("kind", ["pass", "fail"])
def test_a_record_is_judged_alike_in_every_format(tmp_path: Path, output: str, kind: str) -> None:
    body = document(kind)
    content = json.dumps(body).encode() if output == "json" else exports()[output].write(body)
    report = one(tmp_path, content)
    assert report.iri == body["id"]
    assert ("findable" in report.levels) == (kind == "pass")
    errors = [(item.code, item.path) for item in report.findings if item.severity == "error"]
    assert errors == ([] if kind == "pass" else [("findable-title", "/title")])


def test_our_rdf_is_reported_by_the_paths_of_the_form(tmp_path: Path) -> None:
    body = json.loads((EXAMPLES / "findable" / "element" / "fail.json").read_text(encoding="utf-8"))
    (item,) = [
        each for each in one(tmp_path, exports()["turtle"].write(body)).findings if each.severity == "error"
    ]
    assert (item.code, item.path) == ("findable-element", "/spectra/0/element")


def test_several_documents_in_one_file(tmp_path: Path) -> None:
    bodies = [document("pass"), document("fail")]
    for text in (json.dumps(bodies), "\n".join(map(json.dumps, bodies))):
        path = tmp_path / "input"
        path.write_text(text, encoding="utf-8")
        assert ["findable" in report.levels for report in checked(path)] == [True, False]


def test_a_document_from_before_the_projection_is_judged_as_it_would_be_public(tmp_path: Path) -> None:
    body = document()
    body["credits"] = [{"credit_name": {"en": "Example A"}, "hidden": "true"}]
    body["private_note"] = {"@none": "secret"}
    body["facility_name"] = {"en": "Photon Factory"}
    report = one(tmp_path, json.dumps(body))
    assert codes(report) == []
    del body["facility_name"]
    assert codes(one(tmp_path, json.dumps(body))) == ["findable-credit"]


def test_a_form_s_data_files_count_towards_its_level(tmp_path: Path) -> None:
    folder = ROOT / "examples" / "deposits"
    (report,) = checked(folder / "fe-foil-pf9c.yaml")
    assert "reusable" in report.levels
    form = (folder / "fe-foil-pf9c.yaml").read_text(encoding="utf-8")
    path = tmp_path / "form.yaml"
    path.write_text(form, encoding="utf-8")
    (report,) = checked(path)
    assert codes(report) == ["file-missing"]
    assert report.levels == ("findable",)
    path.write_text(form.replace("fe-foil-pf9c_Fe-K.xdi", "../outside.xdi"), encoding="utf-8")
    assert codes(checked(path)[0]) == ["file-outside"]


def test_the_level_asked_for_decides_what_is_an_error(tmp_path: Path) -> None:
    path = EXAMPLES / "findable" / "title" / "pass.json"
    (low,), (high,) = checked(path), checked(path, required="reusable")
    assert low.good
    assert not high.good
    assert {item.code for item in low.needs} == set(codes(high))
    with pytest.raises(UsageError, match="reference"):
        checked(path, required="perfect")


# --- the RDF of others -----------------------------------------------------------------------------------

OTHERS = (
    PREFIXES
    + """
e:dataset a xafs:Deposit , dcat:Dataset ; dcterms:title "An example dataset"@en ;
    dcterms:license <http://creativecommons.org/licenses/by/4.0/> ;
    dcterms:accessRights <http://purl.org/coar/access_right/c_abf2> ;
    prov:qualifiedAttribution [ a prov:Attribution ; xafs:creditName "Example Group" ] ;
    xafs:facility <https://w3id.org/xafscat/facility/photon-factory> ;
    xafs:sample [ a xafs:Sample ; xafs:sampleName "NiO" ] ;
    dcterms:hasPart e:scan .
e:scan a xafs:Spectrum ; xafs:element "Ni" ; EDGE
    prov:wasGeneratedBy [ xafs:measuredEdge <https://w3id.org/xafscat/edge/Ni-K> ] .
"""
)


def test_rdf_of_others_is_judged_by_the_shapes_alone(tmp_path: Path) -> None:
    good = one(tmp_path, OTHERS.replace("EDGE", 'xafs:edge "K" ;'))
    assert (good.iri, good.levels) == ("https://other.example/dataset", ("findable",))
    bad = one(tmp_path, OTHERS.replace("EDGE", ""))
    (item,) = [each for each in bad.findings if each.severity == "error"]
    assert (item.code, item.path) == ("findable-edge", "https://other.example/scan xafs:edge")


def test_each_deposit_of_a_file_has_its_own_report(tmp_path: Path) -> None:
    first = OTHERS.replace("EDGE", 'xafs:edge "K" ;')
    second = (
        OTHERS.replace(PREFIXES, "")
        .replace("e:dataset", "e:other")
        .replace("e:scan", "e:scan2")
        .replace("EDGE", "")
    )
    path = tmp_path / "two.ttl"
    path.write_text(first + second + 'e:lonely a xafs:Spectrum ; xafs:element "Fe" .\n', encoding="utf-8")
    reports = {report.iri: report for report in checked(path)}
    assert reports["https://other.example/dataset"].levels == ("findable",)
    assert codes(reports["https://other.example/other"]) == ["findable-edge"]
    assert "nothing-to-check" in codes(reports[str(path)])


def test_rdf_without_a_deposit_is_no_success(tmp_path: Path) -> None:
    assert codes(one(tmp_path, PREFIXES + 'e:x dcterms:title "x" .')) == ["nothing-to-check"]


def test_a_stranger_cannot_make_an_edge_known(tmp_path: Path) -> None:
    text = OTHERS.replace("EDGE", 'xafs:edge "K" ;').replace("edge/Ni-K", "edge/Ni-Q9")
    text += "<https://w3id.org/xafscat/edge/Ni-Q9> a xafs:AbsorptionEdge .\n"
    report = one(tmp_path, text)
    assert "findable-edge-known" in {item.code for item in report.findings} or report.levels == ()
    assert "authority-restated" in {item.code for item in report.findings}
    assert not report.good


# --- within bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"@context": "https://schema.org/", "@id": "https://e.example/1"}', "nothing is fetched"),
        (
            b'{"@context": {"@version": 1.1, "@import": "https://schema.org/"}, "@id": "x"}',
            "nothing is fetched",
        ),
        (
            b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "x">]>'
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
            "document type",
        ),
        (b"@prefix e: <https://e.example/> . e:a e:b <<( e:c e:d e:e )>> .", "triple about a triple"),
        (
            b'{"@id": "https://e.example/g", "@graph": [{"@id": "https://e.example/s", "https://e.example/p": 1}]}',
            "graph",
        ),
        (b"@prefix e: <https://e.example/> . e:a e:b", "not valid RDF"),
        (
            b"@prefix e: <https://e.example/> . e:a e:b "
            + b"<<( e:a e:b " * 200_000
            + b"1"
            + b" )>>" * 200_000
            + b" .",
            "limits",
        ),
        (b"@prefix e: <https://e.example/> . " + b"e:a e:b e:c , e:d .\n" * 5, ""),
    ],
)
def test_hostile_rdf_is_refused_with_a_reason(tmp_path: Path, content: bytes, said: str) -> None:
    report = one(tmp_path, content)
    (item,) = [each for each in report.findings if each.severity == "error"]
    assert said in item.text() if said else item.code == "nothing-to-check"


def test_too_many_values_and_triples_are_refused() -> None:
    many = "".join(f"<e:s> <e:p> <e:{n}> .\n" for n in range(6_000)).encode()
    with pytest.raises(UnreadableInput, match="6,000 values"):
        parse_bounded(many, "turtle", "x.nt", "e:base")
    with pytest.raises(UnreadableInput, match="more than 100 triples"):
        parse_bounded(many, "turtle", "x.nt", "e:base", most=100)


def test_the_line_of_a_mistake_is_told(tmp_path: Path) -> None:
    report = one(tmp_path, PREFIXES + "\n\ne:x e:y .\n")
    (item,) = report.findings
    assert item.line == 7


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"# note\n@prefix e: <https://e/> .", "turtle"),
        (b"PREFIX e: <https://e/>", "turtle"),
        (b"<https://e/s> <https://e/p> <https://e/o> .", "turtle"),
        (b"_:a <https://e/p> 1 .", "turtle"),
        (b'{"@context": {}}', "jsonld"),
        (b'[{"@id": "x"}]', "jsonld"),
        (b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">', "rdfxml"),
        (b"<html><body>", None),
        (b"# XDI/1.0\n# Element.symbol: Fe", None),
        (b"title: x\n", None),
        (b'{"title": "x"}', None),
        (b"\0\1", None),
        (b"", None),
    ],
)
def test_rdf_is_told_by_its_content(head: bytes, kind: str | None) -> None:
    assert recognise(head) == kind


def test_nested_json_is_refused(tmp_path: Path) -> None:
    report = one(tmp_path, '{"id": "x", "type": "xafs:Deposit", "a": ' + "[" * 100_000)
    assert codes(report) == ["unreadable"]


# --- a group's own shapes --------------------------------------------------------------------------------

GROUP = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xafs: <https://w3id.org/xafscat/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix : <https://group.example/rules#> .
:Sample a sh:NodeShape ; sh:targetClass xafs:Sample ; sh:property :ours .
:ours a sh:PropertyShape ; sh:path xafs:sampleName ; xafs:key "name" ; BODY
    sh:message "Begin the sample name with our initials."@en , "試料名をグループの略号で始めてください。"@ja .
"""


def group(tmp_path: Path, body: str) -> Path:
    folder = tmp_path / "group"
    folder.mkdir(exist_ok=True)
    (folder / "rules.ttl").write_text(GROUP.replace("BODY", body), encoding="utf-8")
    return folder


def test_a_group_s_shapes_speak_in_their_own_words(tmp_path: Path) -> None:
    shapes = load_folder(group(tmp_path, 'sh:pattern "^EX-" ;'))
    path = EXAMPLES / "findable" / "title" / "pass.json"
    (report,) = checked(path, shapes=shapes)
    item, other = [each for each in report.findings if each.severity == "error"]
    assert {item.value, other.value} == {"iron foil", "鉄箔"}
    assert item.shape == "https://group.example/rules#ours"
    assert (item.code, item.path, item.level) == ("rules-ours", "/sample/name", "")
    assert item.text("ja") == "試料名をグループの略号で始めてください。"
    assert report.levels == ("findable",)
    assert not report.good


def test_a_group_s_shapes_judge_forms_too(tmp_path: Path) -> None:
    shapes = load_folder(group(tmp_path, 'sh:pattern "^EX-" ;'))
    (report,) = checked(ROOT / "examples" / "deposits" / "fe-foil-pf9c.yaml", shapes=shapes)
    item, _ = [each for each in report.findings if each.code == "rules-ours"]
    assert item.path == "/sample/name"
    assert item.line is not None


SELECT = 'sh:sparql [ sh:select """SELECT $this WHERE { $this ?p ?o . %s }""" ] .'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GROUP.replace("BODY", r'sh:pattern "(a)\\1" ;'), "sh:pattern"),
        (GROUP.replace("BODY", 'sh:pattern "(?=x)" ;'), "sh:pattern"),
        (GROUP.replace("BODY", "sh:js [ ] ;"), "scripts are never run"),
        (GROUP.replace("BODY", "sh:minCuont 1 ;"), "sh:minCuont"),
        (GROUP.replace("BODY", "sh:minCount 1 ; sh:node :x ;"), "sh:node"),
        (
            GROUP.replace("BODY", "sh:minCount 1 ;").replace(
                "https://group.example/rules#", "https://w3id.org/xafscat/shapes/findable#"
            ),
            "use your own",
        ),
        (
            GROUP.replace("BODY", "sh:minCount 1 ;")
            + "<https://x.example/> <http://www.w3.org/2002/07/owl#imports> <https://y.example/> .",
            "nothing is fetched",
        ),
        (
            GROUP.replace("BODY", "sh:minCount 1 ;")
            + ":S a sh:NodeShape ; sh:targetClass xafs:Sample ; "
            + SELECT % "SERVICE <https://x.example/> { ?s ?q ?r }",
            "SERVICE",
        ),
        ("this is no turtle", "not valid RDF"),
        (
            GROUP.replace("BODY", "sh:minCount 1 ;") + ":T a sh:NodeShape ; sh:targetClass xafs:Samples .",
            "no term xafs:Samples; did you mean xafs:Sample",
        ),
        (
            GROUP.replace("BODY", "sh:minCount 1 ;")
            + ":T a sh:NodeShape ; sh:targetClass xafs:Sample ; sh:property [ sh:path xafs:zzz ; sh:minCount 1 ] .",
            r"no term xafs:zzz$",
        ),
    ],
)
def test_unsafe_or_unsupported_shapes_are_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.ttl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as caught:
        load_shapes(path)
    assert "rules.ttl" in caught.value.where


def test_a_folder_without_shapes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Turtle file"):
        load_folder(tmp_path)


def test_the_exported_bytes_are_what_is_served() -> None:
    assert exports()["ntriples"].write(document()) == to_bytes(document(), ox.RdfFormat.N_TRIPLES)
