"""A field added by a term, a context entry and a shape is everywhere, without a line of Python."""

from __future__ import annotations

import functools
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

import catalog.resources
from catalog.bounded import Pool
from catalog.errors import UsageError

ROOT = Path(__file__).resolve().parents[1]
TODAY = date(2026, 5, 1)
IRI = "https://example.org/record/abc"

GUIDE = (ROOT / "docs" / "curate.md").read_text(encoding="utf-8").partition("## Adding a field")[2]
BLOCKS = dict(
    zip(
        ("terms", "context", "shapes"),
        re.findall(r"```(?:turtle|json)\n(.*?)```", GUIDE, re.DOTALL),
        strict=True,
    )
)
# The guide's two fields, and one of the deposit with a list of values.
TERMS = (
    BLOCKS["terms"]
    + """
xafs:proposal a owl:DatatypeProperty , rdf:Property ;
    rdfs:label "proposal"@en , "課題番号"@ja ;
    skos:definition "The proposal under which beam time was given."@en , "ビームタイムの課題番号。"@ja ;
    rdfs:isDefinedBy <https://w3id.org/xafscat/ns> ;
    schema:domainIncludes xafs:Deposit ; schema:rangeIncludes xsd:string .
"""
)
CONTEXT = {**json.loads(BLOCKS["context"]), "proposal": "xafs:proposal"}
SHAPES = (
    """
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
    + BLOCKS["shapes"]
    + """
:ProposedDeposit a sh:NodeShape ; sh:targetClass xafs:Deposit ; sh:property :proposal .
:proposal a sh:PropertyShape ; sh:path xafs:proposal ; xafs:key "proposal" ; sh:in ( "A-1" "B-2" ) ;
    sh:name "proposal"@en , "課題番号"@ja ;
    sh:message "Use a proposal of the list."@en , "一覧にある課題番号を使ってください。"@ja .
"""
)
FORM = """
title: {en: Example foil, ja: 例の箔}
access: open
license: CC-BY-4.0
proposal: A-1
creators: [{name: Example Researcher A}]
facility: Photon Factory
sample: {name: iron foil, formula: Fe, supplier: Example Supply}
spectra: [{element: Fe, edge: K, gauge_pressure: 2 bar}]
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data of the package with three fields added by Turtle and JSON alone."""
    root = tmp_path / "data"
    for name in ("ontology", "shapes"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("examples", "release"))
    (root / "examples").symlink_to(ROOT / "examples")
    ontology = root / "ontology" / "xafscat.ttl"
    ontology.write_text(ontology.read_text(encoding="utf-8") + TERMS, encoding="utf-8")
    context = root / "ontology" / "context.jsonld"
    body = json.loads(context.read_text(encoding="utf-8"))
    body["@context"].update(CONTEXT)
    context.write_text(json.dumps(body), encoding="utf-8")
    reusable = root / "shapes" / "reusable.ttl"
    reusable.write_text(reusable.read_text(encoding="utf-8") + SHAPES, encoding="utf-8")
    original = catalog.resources.data_root
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in {"catalog", "server"}
    ]
    for module in modules:
        if getattr(module, "data_root", None) is original:
            monkeypatch.setattr(module, "data_root", lambda: root)
    # A child process would read with the package's own data.
    monkeypatch.setattr(Pool, "map", map_here)
    forget()
    yield root
    monkeypatch.undo()
    forget()


def map_here(
    _: Pool, task: Callable[..., Any], items: Iterable[tuple[Any, ...]], *_bounds: Any, **_more: Any
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield from ((item, task(*item)) for item in items)


def forget() -> None:
    """Empty every cache of the two packages: what they read from the data is read again."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"catalog", "server"}:
            for value in vars(module).values():
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()


def looked(path: Path) -> Any:
    from catalog.inspection import assess, look

    seen = look(path, path.name)
    assert seen.reading is not None, [item.text() for item in seen.findings]
    return assess(seen.reading.forms[0], iri=IRI, base="https://example.org", today=TODAY)


def form(tmp_path: Path, text: str = FORM) -> Path:
    path = tmp_path / "form.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_shapes_add_no_field_by_accident() -> None:
    from catalog.form import DEPOSIT, names
    from catalog.plain_fields import form_table, plain_fields

    assert plain_fields() == ()
    assert list(names(form_table())) == list(names(DEPOSIT))


@pytest.mark.usefixtures("added")
def test_the_fields_are_keys_of_the_form_and_of_nothing_else(tmp_path: Path) -> None:
    from catalog.inspection import look
    from catalog.plain_fields import plain_fields

    assert {each.path: each.writing for each in plain_fields()} == {
        "spectra.gauge_pressure": "quantity",
        "sample.supplier": "text",
        "proposal": "text",
    }
    misplaced = look(form(tmp_path, FORM.replace("proposal: A-1", "supplier: x")), "form.yaml")
    assert misplaced.reading is None
    assert "sample.supplier" not in "".join(item.text() for item in misplaced.findings)
    assert "'supplier' is not a key" in misplaced.findings[0].text()


@pytest.mark.usefixtures("added")
def test_the_values_become_rdf_and_come_back(tmp_path: Path) -> None:
    from catalog.mapping import from_triples, to_triples
    from catalog.validation import validate

    document = looked(form(tmp_path)).document
    measurement = document["spectra"][0]["measurement"]
    assert measurement["gauge_pressure"] == {
        "id": f"{IRI}#spectrum-1.measurement.gauge_pressure",
        "type": "qudt:QuantityValue",
        "value": "200000",
        "in_unit": "unit:PA",
        "stated": "2 bar",
    }
    assert (document["sample"]["supplier"], document["proposal"]) == ("Example Supply", "A-1")
    public = {key: value for key, value in document.items() if key not in {"credits", "facility_name"}}
    triples = to_triples(public)
    supplied = ox.Triple(
        ox.NamedNode(f"{IRI}#sample"),
        ox.NamedNode("https://w3id.org/xafscat/ns#supplier"),
        ox.Literal("Example Supply"),
    )
    assert supplied in triples
    back = from_triples(triples, IRI)
    assert set(to_triples(back)) == set(triples)
    assert back["spectra"][0]["measurement"]["gauge_pressure"] == measurement["gauge_pressure"]
    assert validate([back])[0].next_level == "findable"  # only the credit was left out above


@pytest.mark.usefixtures("added")
def test_reports_name_the_key_and_the_shape_s_words(tmp_path: Path) -> None:
    from catalog.checking import check
    from catalog.report import render

    text = FORM.replace(", supplier: Example Supply", "").replace("A-1", "C-3").replace("2 bar", "2 parsec")
    reports = check([form(tmp_path, text)], today=TODAY, max_bytes=10_000, required="reusable")
    found = {item.code: item for item in reports[0].findings}
    assert found["reusable-supplier"].path == "/sample/supplier"
    assert (found["reusable-proposal"].path, found["reusable-proposal"].value) == ("/proposal", "C-3")
    assert found["reusable-proposal"].line == 5
    assert found["quantity-unreadable"].path == "/spectra/0/gauge_pressure"
    assert "試料の入手元を記入してください。" in render(reports, "html", "ja")


@pytest.mark.usefixtures("added")
def test_unknown_is_stated(tmp_path: Path) -> None:
    document = looked(form(tmp_path, FORM.replace("Example Supply", "unknown"))).document
    assert document["sample"]["stated_unknown"] == ["xafs:supplier"]
    assert "supplier" not in document["sample"]


@pytest.mark.usefixtures("added")
def test_templates_guide_schema_facets_and_explanation_have_them() -> None:
    from catalog.cli import main
    from catalog.columns import heading
    from catalog.facets import facets
    from catalog.template import template
    from catalog.template_guide import guide

    yaml = template("yaml", "ja").decode()
    assert "#gauge_pressure: 1 Pa" in yaml
    assert "入手元 - 試料の入手元。reusable に必要" in yaml
    assert "#supplier: Example Supply" in yaml
    assert "課題番号" in template("csv", "ja").decode()
    assert "ゲージ圧（Pa）" in template("csv", "ja").decode()
    assert "| `sample.supplier` | **supplier** Who sold or gave the sample." in guide()
    schema = json.loads(template("schema"))
    assert schema["properties"]["proposal"]["anyOf"][0] == {"enum": ["A-1", "B-2"]}
    kinds = {facet.path: facet.kind for facet in facets()}
    assert (kinds["proposal"], kinds["spectra.gauge_pressure"]) == ("word", "range")
    assert "sample.supplier" not in kinds
    meant = heading("ゲージ圧（kPa）")
    assert meant is not None
    assert (meant.column.path, meant.unit) == ("spectra.gauge_pressure", "kPa")
    told = CliRunner().invoke(main, ["shapes", "explain", "xafs:supplier"]).stdout
    assert "Say where the sample came from. [reusable-supplier]" in told


@pytest.mark.usefixtures("added")
def test_the_search_finds_a_record_by_them(tmp_path: Path) -> None:
    from catalog.search_words import words_of
    from catalog.vocabulary import vocabulary

    assert {"example", "supply", "bar"} <= words_of(looked(form(tmp_path)).document, vocabulary())


@pytest.mark.usefixtures("added")
def test_spreadsheets_and_defaults_take_them(tmp_path: Path) -> None:
    from catalog.defaults import load_defaults
    from catalog.readers import Source, choose

    path = tmp_path / "table.csv"
    path.write_text(
        "試料名,元素,吸収端,ゲージ圧（kPa）,入手元\nFe,Fe,K,200,Example Supply\n", encoding="utf-8"
    )
    source = Source(path, "table.csv")
    reader = choose(source)
    assert reader is not None
    reading = reader.read(source)
    assert reading.findings == []
    assert reading.forms[0].get("/spectra/0/gauge_pressure") == "200 kPa"
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{set: {gauge_pressure: 1 bar, proposal: B-2}}]\n", encoding="utf-8")
    load_defaults(rules).apply(reading.forms[0], reading, "table.csv")
    assert reading.forms[0].get("/spectra/0/gauge_pressure") == "200 kPa"
    assert reading.forms[0].get("/proposal") == "B-2"


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_record_page_shows_them(tmp_path: Path, language: str) -> None:
    from flask import Flask, g

    from catalog.projection import public_document, stamped
    from catalog.states import Standing, State
    from catalog.vocabulary import vocabulary
    from server.public.languages import read_languages
    from server.public.view import Viewer

    document = public_document(
        looked(form(tmp_path)).document, Standing(State.PUBLISHED), TODAY, lambda _: True
    )
    assert document is not None
    shown = stamped(
        document,
        issued=TODAY,
        modified=datetime(2026, 5, 1, tzinfo=UTC),
        levels=(),
        base="https://example.org",
        metadata_license="http://creativecommons.org/publicdomain/zero/1.0/",
    )
    app = Flask(__name__)
    app.extensions["languages"] = read_languages(ROOT / "server" / "public" / "translations")
    with app.test_request_context("/"):
        g.language, g.languages = language, app.extensions["languages"]
        view = Viewer(vocabulary(), language, "https://example.org").record(shown)
    labels = {"en": ("Gauge pressure", "Supplier", "Proposal"), "ja": ("ゲージ圧", "入手元", "課題番号")}[
        language
    ]
    rows = {row.label: row.values for row in [*view.spectra[0].measured, *view.sample, *view.further]}
    pressure, supplier, proposal = (rows[label][0] for label in labels)
    assert pressure.text == "200000 Pa"
    assert "2 bar" in pressure.note
    assert (supplier.text, proposal.text) == ("Example Supply", "A-1")


def test_a_unit_nobody_lists_is_refused(added: Path) -> None:
    from catalog.plain_fields import plain_fields_of

    shapes = added / "shapes" / "reusable.ttl"
    text = shapes.read_text(encoding="utf-8")
    shapes.write_text(text.replace("xafs:unit unit:PA ;", "xafs:unit unit:FT ;"), encoding="utf-8")
    with pytest.raises(UsageError, match="the scheme of units"):
        plain_fields_of(added / "shapes")


@pytest.mark.parametrize(
    ("datatype", "stated", "kept"),
    [
        ("decimal", "1.50", "1.5"),
        ("integer", "3", "3"),
        ("boolean", "はい", "true"),
        ("date", "2026-05-01", "2026-05-01"),
        ("integer", "3.5", None),
        ("boolean", "perhaps", None),
        ("date", "May", None),
        ("decimal", "many", None),
    ],
)
def test_typed_values_are_judged(
    added: Path, tmp_path: Path, datatype: str, stated: str, kept: str | None
) -> None:
    context = added / "ontology" / "context.jsonld"
    body = json.loads(context.read_text(encoding="utf-8"))
    body["@context"]["supplier"] = {
        "@id": "xafs:supplier",
        "@type": f"http://www.w3.org/2001/XMLSchema#{datatype}",
    }
    context.write_text(json.dumps(body), encoding="utf-8")
    forget()
    assessed = looked(form(tmp_path, FORM.replace("Example Supply", stated)))
    assert assessed.document["sample"].get("supplier") == kept
    codes = {
        item.code
        for item in assessed.findings
        if item.path == "/sample/supplier" and item.severity == "error"
    }
    assert bool(codes) == (kept is None)
