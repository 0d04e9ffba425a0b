from __future__ import annotations

import json
import logging
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from catalog.errors import UsageError
from catalog.findings import Finding, finding
from catalog.mapping import to_triples
from catalog.report import FORMATS, as_json, render
from catalog.report_difference import compare, read_previous
from catalog.report_words import TEXT
from catalog.resources import data_root
from catalog.shacl import read_shapes
from catalog.validation import Report, merge_findings, validate
from catalog.vocabulary import vocabulary

EXAMPLES = data_root() / "shapes" / "examples" / "findable"


def document(shape: str, name: str = "fail") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLES / shape / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def report(shape: str, name: str = "fail", file: str = "") -> Report:
    (made,) = validate([document(shape, name)])
    made.file = file
    return made


# --- text ------------------------------------------------------------------------------------------------


def test_text_of_one_deposit() -> None:
    made = report("license", file="foil.yaml")
    made.findings = [
        Finding(**{name: getattr(item, name) for name in Finding.__slots__} | {"line": 1})
        for item in made.findings
    ]
    assert render([made], "text") == (
        "Checked 1 deposit: 0 without findings, 1 with findings.\n"
        "\n"
        "foil.yaml\n"
        "  Level reached: none. For findable: licence.\n"
        "  error  /license, line 1\n"
        "    State a licence, for example CC-BY-4.0. [findable-license]\n"
    )


def test_text_groups_many_deposits_by_cause_the_commonest_first() -> None:
    reports = [
        report("edge", file="edge.yaml"),
        *(report("license", file=f"{letter}.yaml") for letter in "abcdefg"),
        report("license", "pass", file="good.yaml"),
    ]
    text = render(reports, "text")
    head, causes = text.split("\n\n")[:2]
    assert head == "Checked 9 deposits: 1 without findings, 8 with findings."
    assert causes == (
        "By cause\n"
        "  7 deposits  licence: State a licence, for example CC-BY-4.0. [findable-license]\n"
        "    a.yaml, b.yaml, c.yaml, d.yaml, e.yaml, and 2 more\n"
        "  1 deposit  edge: State the absorption edge, for example K or L3. [findable-edge]\n"
        "    edge.yaml"
    )
    assert "\ngood.yaml\n  Level reached: findable. For reusable: beamline, " in text


def test_causes_put_errors_first_and_call_one_of_several_messages_an_example() -> None:
    reports = [report("title", "pass", file=f"{number}.yaml") for number in range(3)]
    for number, made in enumerate(reports):
        made.findings.append(Finding("made-up", "info", {"en": f"T{number} was made."}, "/title"))
    reports[2].findings += report("edge").findings
    causes = render(reports, "text").split("\n\n")[1].splitlines()
    assert causes[1] == "  1 deposit  State the absorption edge, for example K or L3. [findable-edge]"
    assert causes[3] == "  3 deposits  for example: T0 was made. [made-up]"


def test_text_in_japanese() -> None:
    text = render([report("license-address", file="箔.yaml"), report("title", file="b.yaml")], "text", "ja")
    assert "2件の登録を検査しました: 指摘なし 0件、指摘あり 2件。" in text
    assert "到達レベル: なし。 findable に必要な項目: ライセンス。" in text
    assert "エラー  /license、値: urn:spdx:CC-BY-4.0" in text
    assert "  1件の登録  表題: 表題を記入してください。 [findable-title]" in text
    assert not any(word in text for word in ("error", "Level", "line", "deposit "))


def test_what_the_level_needs_is_said_even_where_the_normaliser_spoke() -> None:
    made = report("license", file="foil.yaml")
    unknown = Finding(
        "licence-unknown", "error", {"en": "That licence is not known."}, "/license", value="CC-BY"
    )
    made.findings = merge_findings([unknown], made.findings)
    text = render([made], "text")
    assert "For findable: licence." in text
    assert "State a licence" not in text


def test_findings_of_other_kinds_stand_beside_those_of_shapes() -> None:
    refused = Report("", [finding("not-rdf", file="x.xdi", detail="empty")], file="x.xdi")
    text = render([refused, report("title", "pass", file="good.yaml")], "text")
    assert "  1 deposit  The document cannot be made into RDF: empty [not-rdf]\n    x.xdi\n" in text
    assert "x.xdi\n  Level reached: none.\n  error\n    The document cannot" in text


def test_a_hostile_file_name_cannot_steer_a_terminal() -> None:
    reports = [report("license", file="a\x1b[2J\n# b.yaml"), report("title", file="b")]
    for output in ("text", "turtle"):
        made = render(reports, output)
        assert "\x1b" not in made
        assert "\n# b.yaml" not in made


def test_nothing_checked_is_said() -> None:
    assert render([], "text") == "Checked 0 deposits: 0 without findings, 0 with findings.\n"
    assert render([], "json") == "[]\n"


@pytest.mark.parametrize(("output", "language"), [("pdf", "en"), ("text", "de"), ("html", "de")])
def test_an_unknown_format_or_language_is_refused(output: str, language: str) -> None:
    with pytest.raises(UsageError, match="use one of"):
        render([], output, language)


# --- JSON ------------------------------------------------------------------------------------------------


def test_json_is_stable() -> None:
    assert json.loads(render([report("license-address", file="a.yaml")], "json")) == [
        {
            "file": "a.yaml",
            "record": "https://example.org/record/foil",
            "levels": [],
            "findings": [
                {
                    "code": "findable-license-address",
                    "severity": "error",
                    "message": "Use the licence's http or https address, "
                    "for example http://creativecommons.org/licenses/by/4.0/.",
                    "path": "/license",
                    "line": None,
                    "value": "urn:spdx:CC-BY-4.0",
                    "level": "findable",
                    "shape": "https://w3id.org/xafscat/shapes/findable#license-address",
                }
            ],
            "next_level": "findable",
            "needs": [],
        }
    ]
    good = as_json(report("license", "pass"))
    assert (good["levels"], good["findings"], good["next_level"]) == (["findable"], [], "reusable")
    assert {item["code"] for item in good["needs"]} >= {"reusable-beamline", "reusable-file"}
    assert {item["severity"] for item in good["needs"]} == {"info"}


def test_json_keeps_japanese_readable() -> None:
    assert "表題を記入してください。" in render([report("title")], "json", "ja")


# --- HTML ------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page is made of: tags with their attributes, open ones, and its text."""

    EMPTY = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.said += data


HOSTILE = "<script>alert(1)</script>&<img src=x onerror=alert(1)>\"'\x1b"


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    page = Page(render([report("title", file="a.yaml"), report("title", "pass", file="b.yaml")], "html"))
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "form"}
    assert not any({"src", "onclick", "style"} & attributes.keys() for _, attributes in page.tags)
    assert all(str(a.get("href", "#")).startswith("#") for _, a in page.tags)
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert str(policy).startswith("default-src 'none'")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_can_be_read_by_everybody(language: str) -> None:
    page = Page(
        render([report("title", file="a.yaml"), report("title", "pass", file="b.yaml")], "html", language)
    )
    assert ("html", {"lang": language}) in page.tags
    assert [tag for tag, _ in page.tags if tag in {"h1", "main"}] == ["main", "h1"]
    assert all(a.get("scope") in {"col", "row"} for tag, a in page.tags if tag == "th")
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a} <= set(ids)
    assert {str(a["href"])[1:] for tag, a in page.tags if tag == "a"} <= set(ids)


def test_no_text_of_a_file_becomes_markup() -> None:
    made = report("title", file=HOSTILE)
    made.findings.append(Finding("made-up", "error", {"en": HOSTILE}, "/" + HOSTILE, value=HOSTILE))
    page = Page(render([made, made], "html"))
    assert not {tag for tag, _ in page.tags} & {"script", "img"}
    assert "<script>alert(1)</script>" in page.said
    assert "\x1b" not in page.said


@pytest.mark.parametrize("language", ["en", "ja"])
def test_page_and_text_say_the_same(language: str) -> None:
    reports = [report("license-address", file="a.yaml"), report("edge", file="b.yaml")]
    text = render(reports, "text", language)
    said = Page(render(reports, "html", language)).said
    for made in reports:
        for item in made.findings:
            assert item.text(language) in text
            assert item.text(language) in said
    for line in text.splitlines():
        if line.startswith(("  Level", "  到達")):
            assert line.strip() in said


def test_the_page_lists_what_the_next_level_needs() -> None:
    good = report("title", "pass", file="a.yaml")
    said = Page(render([good], "html")).said
    assert "What reusable still needs" in said
    assert all(item.text() in said for item in good.needs)
    assert len(good.needs) > 3


def test_both_languages_have_every_word_with_the_same_fields() -> None:
    assert TEXT["en"].keys() == TEXT["ja"].keys()
    for key, text in TEXT["en"].items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", TEXT["ja"][key])), key


# --- the difference --------------------------------------------------------------------------------------


def previous(*reports: Report, language: str = "en") -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(render(reports, "json", language))
    return loaded


def test_new_gone_and_unchanged_are_told() -> None:
    before = previous(
        report("title", file="a.yaml"), report("edge", file="b.yaml"), report("edge", file="c.yaml")
    )
    now = [report("title", file="a.yaml"), report("license", file="b.yaml")]
    difference = compare(now, before)
    assert (difference.new, difference.unchanged, difference.skipped) == (1, 1, 1)
    assert [(old.name, old.code) for old in difference.gone] == [("b.yaml", "findable-edge")]
    text = render(now, "text", since=before)
    assert "Since the report before: 1 new, 1 gone, 1 unchanged." in text
    assert "1 of its deposits were not checked this time." in text
    assert (
        "  gone  b.yaml, /spectra/0/edge  State the absorption edge, for example K or L3. [findable-edge]"
        in text
    )
    assert text.count("error (new)") == 1
    first, second = json.loads(render(now, "json", since=before))
    assert (first["new"], first["gone"]) == ([], [])
    assert (second["new"], [old["code"] for old in second["gone"]]) == ([0], ["findable-edge"])
    assert "解消 1件" in render(now, "html", "ja", since=before)


def test_the_language_of_the_report_before_does_not_matter() -> None:
    made = report("title", file="a.yaml")
    difference = compare([made], previous(made, language="ja"))
    assert (difference.new, difference.unchanged, difference.gone) == (0, 1, [])


def test_two_deposits_of_one_file_and_two_like_findings_are_told_apart() -> None:
    both = [report("title", file="a.yaml"), report("title", "pass", file="a.yaml")]
    difference = compare([*both], previous(both[0], both[0]))
    assert (difference.new, difference.unchanged, len(difference.gone)) == (0, 1, 1)
    twice = report("title", file="a.yaml")
    twice.findings *= 2
    assert compare([twice], previous(report("title", file="a.yaml"))).new == 1


@pytest.mark.parametrize(
    "content",
    ["", "{}", '{"findings": []}', "[1]", '[{"findings": 1}]', '[{"findings": [1]}]', "[" * 100_000],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "before.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="--format json"):
        read_previous(path)
    path.write_text("[]", encoding="utf-8")
    assert read_previous(path) == []


def test_every_format_takes_the_difference() -> None:
    for output in FORMATS:
        assert render([], output, since=[])


# --- Turtle: the standard report -------------------------------------------------------------------------


def rows(graph: Any) -> Counter[tuple[str, ...]]:
    """Each result of a report graph, its path written out, so that blank nodes compare."""
    from rdflib import RDF, SH, BNode, Graph
    from rdflib.collection import Collection

    assert isinstance(graph, Graph)

    def path(node: Any) -> str:
        if not isinstance(node, BNode):
            return str(node.n3()) if node is not None else ""
        if graph.value(node, RDF.first) is not None:
            return "( " + " ".join(path(item) for item in Collection(graph, node)) + " )"
        ((predicate, value),) = list(graph.predicate_objects(node))
        return f"[ {predicate} {path(value)} ]"

    found: Counter[tuple[str, ...]] = Counter()
    for result in graph.objects(None, SH.result):
        assert (result, RDF.type, SH.ValidationResult) in graph
        single = (SH.focusNode, SH.value, SH.sourceShape, SH.sourceConstraintComponent, SH.resultSeverity)
        stated = [value.n3() if (value := graph.value(result, name)) is not None else "" for name in single]
        messages = sorted(message.n3() for message in graph.objects(result, SH.resultMessage))
        found[(path(graph.value(result, SH.resultPath)), *stated, *messages)] += 1
    return found


def by_oracle(documents: list[dict[str, Any]], shapes: Path) -> Any:
    import pyshacl
    import rdflib

    triples = {triple for each in documents for triple in to_triples(each)}
    named = {triple.object.value for triple in triples if isinstance(triple.object, ox.NamedNode)}
    triples |= {triple for iri in named for triple in vocabulary().authority_triples(iri)}
    text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert text is not None
    data = rdflib.Graph().parse(data=text, format="nt")
    conforms, graph, _ = pyshacl.validate(data, shacl_graph=rdflib.Graph().parse(shapes), advanced=False)
    return conforms, graph


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("rdflib.term"), "disabled", True)


@pytest.mark.usefixtures("_quiet")
def test_turtle_says_what_pyshacl_says() -> None:
    import rdflib

    documents = []
    for number, path in enumerate(sorted(EXAMPLES.glob("*/*.json"))):
        text = path.read_text(encoding="utf-8").replace("/record/foil", f"/record/r{number}")
        documents.append(json.loads(text))
    turtle = render(validate(documents), "turtle")
    ours = rdflib.Graph().parse(data=turtle, format="turtle")
    conforms, oracle = by_oracle(documents, data_root() / "shapes" / "findable.ttl")
    assert not conforms
    assert rows(ours) == rows(oracle)
    assert len(rows(ours)) >= 25
    assert list(ours.objects(None, rdflib.SH.conforms)) == [rdflib.Literal(False)]
    assert len(list(ours.subjects(rdflib.RDF.type, rdflib.SH.ValidationReport))) == 1


def test_turtle_tells_results_of_several_files_apart() -> None:
    import rdflib

    turtle = render([report("title", file="a.yaml"), report("license", file='b"\n.yaml')], "turtle")
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    names = graph.objects(None, rdflib.URIRef("https://w3id.org/xafscat/ns#fileName"))
    assert sorted(names) == [rdflib.Literal("a.yaml"), rdflib.Literal('b"\n.yaml')]


def test_turtle_of_a_conforming_deposit() -> None:
    import rdflib

    graph = rdflib.Graph().parse(data=render([report("title", "pass")], "turtle"), format="turtle")
    assert list(graph.objects(None, rdflib.SH.conforms)) == [rdflib.Literal(True)]
    assert len(graph) == 2


def test_turtle_writes_every_kind_of_path(tmp_path: Path) -> None:
    import rdflib

    path = tmp_path / "paths.ttl"
    path.write_text(
        """
        @prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xafs: <https://w3id.org/xafscat/ns#> .
        @prefix dcterms: <http://purl.org/dc/terms/> . @prefix : <https://example.org/s#> .
        :S a sh:NodeShape ; sh:targetClass xafs:Deposit ; sh:property :a , :b , :c .
        :a sh:path ( xafs:sample [ sh:alternativePath ( xafs:formula xafs:casNumber ) ] ) ;
            sh:in ( "Cu" ) ; sh:message "a" .
        :b sh:path [ sh:inversePath [ sh:inversePath dcterms:license ] ] ; sh:nodeKind sh:Literal ; sh:message "b" .
        :c sh:path [ sh:inversePath ( xafs:sample xafs:sample ) ] ; sh:minCount 1 ; sh:message "c" .
        """
    )
    (made,) = validate([document("title", "pass")], levels=(), shapes=[read_shapes(path)])
    graph = rdflib.Graph().parse(data=render([made], "turtle"), format="turtle")
    _, oracle = by_oracle([document("title", "pass")], path)
    assert rows(graph) == rows(oracle)
    assert len(rows(graph)) == 3


def test_turtle_does_not_conform_when_a_file_could_not_be_read() -> None:
    import rdflib

    refused = Report("", [finding("not-rdf", detail="empty")], file="x.xdi")
    turtle = render([refused, report("title", "pass")], "turtle")
    assert turtle.startswith("# x.xdi: error: The document cannot be made into RDF: empty [not-rdf]\n")
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    assert list(graph.objects(None, rdflib.SH.conforms)) == [rdflib.Literal(False)]


def test_authorities_are_not_part_of_the_report() -> None:
    turtle = render([report("measured-edge")], "turtle")
    (focus,) = {
        quad.object.value
        for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)
        if quad.predicate.value.endswith("#focusNode")
    }
    assert focus == "https://example.org/record/foil#spectrum-1"
