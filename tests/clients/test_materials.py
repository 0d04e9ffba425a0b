"""What the pages and the data of a served catalog say of materials, links and the evidence for them."""

from __future__ import annotations

import re
from urllib.parse import quote
from urllib.request import Request, urlopen

import rdflib

from tests.clients.test_matrix import endpoint  # noqa: F401 (a fixture)

MATERIAL = "https://w3id.org/xafscat/material/"
OWL, SSSOM = rdflib.OWL, rdflib.Namespace("https://w3id.org/sssom/")
XAFS = rdflib.Namespace("https://w3id.org/xafscat/ns#")


def get(endpoint: str, path: str, accept: str = "text/html", language: str = "en") -> str:  # noqa: F811
    headers = {"Accept": accept, "Accept-Language": language}
    with urlopen(Request(endpoint.removesuffix("/sparql") + path, headers=headers), timeout=30) as answer:
        return str(answer.read().decode())


def test_a_material_s_page_has_links_records_and_spectra_over_each_other(endpoint: str) -> None:  # noqa: F811
    page = get(endpoint, "/material/copper")
    assert page.count('class="tag unreviewed"') == 2
    assert 'href="http://www.wikidata.org/entity/Q753"' in page
    assert "Not reviewed by a person. Given by: " in page
    assert len(set(re.findall(r'href="/record/([0-9a-z]+)"', page))) == 4
    (overlay,) = re.findall(r'<figure class="plot overlay">.*?</figure>', page, re.DOTALL)
    assert overlay.count("<path") == 4
    assert "skos:broader*" in page
    japanese = get(endpoint, "/material/copper", language="ja")
    assert "未確認" in japanese
    assert "人による確認は未了" in japanese


def test_a_phase_shows_which_links_are_its_substance_s(endpoint: str) -> None:  # noqa: F811
    page = get(endpoint, "/material/rutile")
    assert "for titanium(IV) oxide: " in page or "for titanium dioxide: " in page
    assert "a structure of this phase" in page
    substance = get(endpoint, "/material/titanium-dioxide")
    assert len(set(re.findall(r'href="/record/([0-9a-z]+)"', substance))) == 2


def test_a_record_names_its_material_and_why(endpoint: str) -> None:  # noqa: F811
    listed = get(endpoint, f"/records?material={quote(MATERIAL + 'rutile', safe='')}")
    (identifier,) = set(re.findall(r'href="/record/([0-9a-z]+)"', listed))
    page = get(endpoint, f"/record/{identifier}")
    assert 'href="/material/rutile"' in page
    assert "Not reviewed by a person: read from the sample" in page
    assert "https://materialsproject.org/materials/mp-2657" in page
    graph = rdflib.Graph().parse(
        data=get(endpoint, f"/record/{identifier}.ttl", "text/turtle"), format="turtle"
    )
    ((sample, material),) = graph.subject_objects(XAFS.sampleMaterial)
    assert str(material) == MATERIAL + "rutile"
    (evidence,) = graph.objects(sample, XAFS.materialEvidence)
    assert graph.value(evidence, OWL.annotatedTarget) == material
    assert graph.value(evidence, SSSOM.mapping_justification) is not None
    assert graph.value(evidence, SSSOM.reviewer_label) is None


def test_a_material_as_data_holds_its_links_and_mappings(endpoint: str) -> None:  # noqa: F811
    text = get(endpoint, "/material/rutile.ttl", "text/turtle")
    graph = rdflib.Graph().parse(data=text, format="turtle")
    rutile = rdflib.URIRef(MATERIAL + "rutile")
    (structure,) = graph.objects(rutile, XAFS.referenceStructure)
    (mapping,) = graph.subjects(OWL.annotatedTarget, structure)
    assert str(mapping).startswith(f"{rutile}#link-")
    assert graph.value(mapping, OWL.annotatedProperty) == XAFS.referenceStructure
