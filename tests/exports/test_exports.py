from __future__ import annotations

import importlib
import json
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from catalog.exports import Export, exports, rdf_exports, write_triples
from catalog.facts import facts
from catalog.ids import doi_iri
from catalog.mapping import to_triples

IRI = "http://127.0.0.1:8000/record/foil7k3m9q"
DOCUMENT = {
    "id": IRI,
    "type": ["dcat:Dataset", "xafs:Deposit"],
    "title": {"en": 'Iron "foil" <&>\n\u2028line', "ja": "鉄箔 ｶﾞ か\u3099 \U0001f9ea", "@none": "שלום"},
    "license": "http://creativecommons.org/licenses/by/4.0/",
    "issued": "2026-11-20",
    "catalog": "http://127.0.0.1:8000/catalog",
    "sample": {
        "id": f"{IRI}#sample",
        "type": ["sosa:Sample", "xafs:Sample"],
        "formula": "Fe",
        "stated_unknown": ["xafs:thickness"],
    },
    "spectra": [
        {
            "id": f"{IRI}#spectrum-1",
            "type": ["dcat:Dataset", "xafs:Spectrum"],
            "edge": ["L2", "L3"],
            "energy_first": {
                "id": f"{IRI}#spectrum-1.energy_first",
                "type": "qudt:QuantityValue",
                "value": "6612.5",
                "in_unit": "unit:EV",
            },
        }
    ],
}


def test_a_format_is_one_file_with_one_constant() -> None:
    folder = Path(importlib.import_module("catalog.exports").__file__ or "").parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert set(exports()) == modules
    assert set(rdf_exports()) == {"turtle", "jsonld", "ntriples", "rdfxml"}
    for export in exports().values():
        assert export.title["en"]
        assert export.title["ja"]
        assert "/" in export.media_type
        assert export.extension.isalnum()
    assert len({export.extension for export in exports().values()}) == len(exports())


@pytest.mark.parametrize("export", rdf_exports().values(), ids=lambda export: export.name)
def test_each_format_holds_exactly_the_document(export: Export) -> None:
    content = export.write(DOCUMENT)
    assert export.rdf_format is not None
    assert {quad.triple for quad in ox.parse(content, format=export.rdf_format)} == set(to_triples(DOCUMENT))
    assert export.write(DOCUMENT) == content


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("export", rdf_exports().values(), ids=lambda export: export.name)
def test_each_format_is_read_alike_by_another_library(export: Export) -> None:
    graph = rdflib.Graph()
    names = {"jsonld": "json-ld", "rdfxml": "xml", "ntriples": "nt"}
    graph.parse(data=export.write(DOCUMENT), format=names.get(export.name, export.name))
    assert len(graph) == len(set(to_triples(DOCUMENT)))
    titles = {str(title) for title in graph.objects(rdflib.URIRef(IRI), rdflib.DCTERMS.title)}
    assert titles == set(DOCUMENT["title"].values())  # type: ignore[attr-defined]


def test_json_ld_carries_its_context() -> None:
    body = json.loads(exports()["jsonld"].write(DOCUMENT))
    assert isinstance(body["@context"], dict)
    assert {key: body[key] for key in DOCUMENT} == DOCUMENT


def test_equal_graphs_give_equal_bytes_and_declare_what_they_use() -> None:
    triples = to_triples(DOCUMENT)
    first = write_triples(triples, ox.RdfFormat.TURTLE)
    assert write_triples([*reversed(triples), triples[0]], ox.RdfFormat.TURTLE) == first
    assert b"@prefix xafs:" in first
    assert b"@prefix prov:" not in first
    assert first.index(b" a ") < first.index(b"dcterms:title")
    assert b"@prefix" not in write_triples(triples, ox.RdfFormat.N_TRIPLES)


def test_a_scan_downwards_has_its_range_upwards() -> None:
    ends = {"energy_first": "10200", "energy_last": "9600"}
    spectrum = {key: {"value": value, "in_unit": "unit:EV"} for key, value in ends.items()}
    assert facts({**DOCUMENT, "spectra": [spectrum]}).energy_ev == ("9600", "10200")


@pytest.mark.parametrize(
    ("measurement", "collected"),
    [
        ({"started": "2020-05-21T13:00:00+09:00", "ended": "2020-05-21T14:00:00+09:00"}, None),
        ({"date": "2020-05-21", "ended": "2020-05-22T10:00:00+09:00"}, "2020-05-21/2020-05-22"),
        ({"ended": "2020-05-22T10:00:00+09:00"}, "2020-05-22T10:00:00+09:00"),
        ({"date_year": "1998"}, "1998"),
        ({"date": "2020-05-21", "ended_date": "2020-05-23"}, None),
        ({"date": "2020-05-21", "ended_date": "2020-05-21"}, "2020-05-21"),
        ({"started": "2020-05-21T13:00:00+09:00", "ended_date": "2020-05-22"}, "2020-05-21/2020-05-22"),
        ({"date": "2020-05-21", "ended_month": "2020-06"}, "2020-05/2020-06"),
        ({"date_year": "1998", "ended_year": "1999"}, None),
    ],
)
def test_no_day_of_measurement_is_lost(measurement: dict[str, str], collected: str | None) -> None:
    found = facts({**DOCUMENT, "spectra": [{"measurement": measurement}]}).collected
    assert found == (collected or "/".join(measurement.values()),)


def test_a_doi_is_itself_where_it_is_no_address() -> None:
    doi = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"
    fact = facts({**DOCUMENT, "doi": doi_iri(doi)})
    assert (fact.doi, fact.identifier) == (doi, doi_iri(doi))


@pytest.mark.parametrize("name", ["datacite", "datacite_json", "jpcoar_2.0", "oai_dc", "schemaorg", "dcat"])
def test_a_remark_is_in_every_door(name: str) -> None:
    (export,) = [
        item for item in exports().values() if name in {item.name, *(each.prefix for each in item.oai)}
    ]
    written = export.write({**DOCUMENT, "note": {"en": "nothing was measured"}}).decode()
    assert "nothing was measured" in written
