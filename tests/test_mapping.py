"""The mapping equals what JSON-LD processors make of the same document, and goes both ways."""

from __future__ import annotations

import json
import random
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from catalog.document import canonical_json
from catalog.mapping import (
    MappingError,
    context,
    context_json,
    from_triples,
    part_fragment,
    to_bytes,
    to_triples,
)

IRI = "http://127.0.0.1:8000/record/7k3m9q2xw0"


def quantity(path: str, value: str, unit: str, stated: str) -> dict[str, str]:
    return {
        "id": f"{IRI}#{path}",
        "type": "qudt:QuantityValue",
        "value": value,
        "in_unit": unit,
        "stated": stated,
    }


def full_document() -> dict[str, Any]:
    """A public document that uses every kind of key."""
    return {
        "id": IRI,
        "type": ["dcat:Dataset", "xafs:Deposit"],
        "title": {"en": "Iron foil, Fe K edge", "ja": "鉄箔 Fe K吸収端"},
        "note": {"@none": "Example data."},
        "kind": "https://w3id.org/xafscat/kind/standard",
        "access": "http://purl.org/coar/access_right/c_abf2",
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "available": "2027-04-01",
        "doi": "https://doi.org/10.99999/example.foil",
        "papers": ["https://doi.org/10.1/a-10", "https://doi.org/10.1/a-9"],
        "facility": "https://w3id.org/xafscat/facility/photon-factory",
        "beamline": {
            "id": f"{IRI}#beamline",
            "type": ["sosa:Platform", "xafs:Beamline"],
            "name": {"@none": "BL-99"},
        },
        "creators": [f"{IRI}#credit-1.agent", "https://orcid.org/0000-0002-1825-0097"],
        "credits": [
            {
                "id": f"{IRI}#credit-1",
                "type": "prov:Attribution",
                "position": "1",
                "credit_name": {"@none": "Example Group"},
                "agent": {
                    "id": f"{IRI}#credit-1.agent",
                    "type": ["foaf:Agent", "prov:Agent"],
                    "name": {"@none": "Example Group"},
                },
            },
            {
                "id": f"{IRI}#credit-2",
                "type": "prov:Attribution",
                "position": "2",
                "credit_name": {"en": "Josiah Carberry"},
                "agent": "https://orcid.org/0000-0002-1825-0097",
            },
        ],
        "sample": {
            "id": f"{IRI}#sample",
            "type": ["sosa:Sample", "xafs:Sample"],
            "sample_name": {"en": "iron foil", "ja": "鉄箔"},
            "formula": "Fe2O3",
            "formula_elements": ["Fe", "O"],
            "stated_unknown": ["xafs:casNumber"],
            "thickness": quantity("sample.thickness", "5", "unit:MicroM", "5 µm"),
        },
        "spectra": [
            {
                "id": f"{IRI}#spectrum-{number}",
                "type": ["dcat:Dataset", "xafs:Spectrum"],
                "position": str(number),
                "element": "Fe",
                "edge": ["L2", "L3"] if number == 2 else "K",
                "of_sample": f"{IRI}#sample",
                "beamline": f"{IRI}#beamline",
                "points": "676",
                "measurement": {
                    "id": f"{IRI}#spectrum-{number}.measurement",
                    "type": ["prov:Activity", "sosa:Observation", "xafs:Measurement"],
                    "measured_edge": ["https://w3id.org/xafscat/edge/Fe-K"],
                    "used": [f"{IRI}#beamline"],
                    "feature_of_interest": f"{IRI}#sample",
                    "date_month": "2021-11",
                    "monochromator": {
                        "id": f"{IRI}#spectrum-{number}.measurement.monochromator",
                        "type": ["prov:Entity", "xafs:Monochromator"],
                        "d_spacing": quantity(
                            f"spectrum-{number}.measurement.monochromator.d_spacing",
                            "3.13551",
                            "unit:ANGSTROM",
                            "3.135510 Å",
                        ),
                    },
                },
                "files": [
                    {
                        "id": f"{IRI}#spectrum-{number}.file-{file}",
                        "type": "dcat:Distribution",
                        "file_name": f"Fe{file}.xdi",
                        "bytes": "1234",
                        "checksum": {
                            "id": f"{IRI}#spectrum-{number}.file-{file}.checksum",
                            "type": "spdx:Checksum",
                            "algorithm": "spdx:checksumAlgorithm_sha256",
                            "digest": "ab" * 32,
                        },
                    }
                    for file in (1, 2, 10)
                ],
            }
            for number in (1, 2, 10)
        ],
        "catalog": "http://127.0.0.1:8000/catalog",
        "about": {
            "id": f"{IRI}#record",
            "type": "dcat:CatalogRecord",
            "primary_topic": IRI,
            "modified": "2026-11-20T00:00:00Z",
            "conforms_to": ["https://w3id.org/xafscat/shapes/findable"],
        },
    }


def json_ld(document: dict[str, Any]) -> bytes:
    return json.dumps({"@context": context_json(), **document}).encode()


def test_equals_the_engine_s_json_ld() -> None:
    document = full_document()
    theirs = {quad.triple for quad in ox.parse(json_ld(document), format=ox.RdfFormat.JSON_LD)}
    ours = to_triples(document)
    assert len(ours) == len(set(ours))
    assert set(ours) == theirs


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib warns of its own parser
def test_equals_rdflib_s_json_ld() -> None:
    document = full_document()
    theirs = rdflib.Graph().parse(data=json_ld(document), format="json-ld")
    ours = rdflib.Graph().parse(data=to_bytes(document, ox.RdfFormat.N_TRIPLES), format="nt")
    assert len(ours) == len(to_triples(document))
    assert isomorphic(ours, theirs)


def test_way_back() -> None:
    document = full_document()
    triples = to_triples(document)
    random.Random(7).shuffle(triples)
    assert canonical_json(from_triples(triples, IRI)) == canonical_json(document)


def test_way_back_from_turtle() -> None:
    document = full_document()
    content = to_bytes(document, ox.RdfFormat.TURTLE)
    triples = [quad.triple for quad in ox.parse(content, format=ox.RdfFormat.TURTLE)]
    assert from_triples(triples, IRI) == document


def test_every_subject_belongs_to_the_record() -> None:
    document = full_document()
    strangers = {
        triple.subject.value
        for triple in to_triples(document)
        if triple.subject.value != IRI and not triple.subject.value.startswith(IRI + "#")
    }
    assert strangers == {document["catalog"]}


def test_no_blank_nodes_and_no_double_keys() -> None:
    assert not any(
        isinstance(part, ox.BlankNode) for triple in to_triples(full_document()) for part in triple
    )
    signatures = [
        (term.predicate, term.kind, term.datatype, term.reverse) for term in context().terms.values()
    ]
    assert len(signatures) == len(set(signatures)), "two keys with one property and one kind of value"


def test_no_key_is_a_prefix() -> None:
    assert not set(context().terms) & set(context().prefixes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "'colour' is not in the context"),
        ({"kind": "not an iri"}, "is not an IRI"),
        ({"points": 676}, "holds int, not text"),
        ({"sample": {"type": "xafs:Sample"}}, "has no id"),
    ],
)
def test_refusals(change: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        to_triples({**full_document(), **change})


def test_strangers_are_refused_on_the_way_back() -> None:
    triples = to_triples(full_document())
    lone = ox.Triple(
        ox.NamedNode(IRI + "#ghost"), ox.NamedNode("https://w3id.org/xafscat/ns#edge"), ox.Literal("K")
    )
    with pytest.raises(MappingError, match="nothing refers to"):
        from_triples([*triples, lone], IRI)
    other = ox.Triple(
        ox.NamedNode("http://elsewhere/x"), ox.NamedNode("http://elsewhere/p"), ox.NamedNode(IRI)
    )
    with pytest.raises(MappingError, match="does not belong"):
        from_triples([*triples, other], IRI)


def test_a_tombstone_makes_no_triples() -> None:
    assert to_triples({"id": IRI, "type": "xafs:Withdrawn", "withdrawn": "2026-11-20"}) == []


def test_fragments_spell_the_path() -> None:
    assert part_fragment("", "about") == "record"
    assert part_fragment("spectrum-1.file-2", "checksum") == "spectrum-1.file-2.checksum"
