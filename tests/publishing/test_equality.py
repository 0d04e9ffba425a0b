"""Every door states the same facts of a record: each answer is read back by other libraries, and compared.

What a format has no way to say is listed in ``LOSSES``, and in docs/harvest.md; nothing else may be missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree, html
from rdflib import OWL, URIRef

from catalog.errors import UsageError
from catalog.mapping import RecordDocument
from catalog.publishing import frame_of

from ._facts_stated import (
    COAR,
    EU_REPO,
    FACTS,
    LOSSES,
    PROJECT,
    PUBLISHER_STATED,
    Found,
    Person,
    expected,
    truth,
)
from ._read_citations import from_bibtex, from_citation, from_csl, from_links, from_meta_tags, from_ris
from ._read_documents import from_datacite, from_datacite_json, from_dublin_core, from_jpcoar, from_schema_org
from ._read_rdf import Graph, from_dcat, from_own_vocabulary, from_schema_org_rdf
from .conftest import BASE, ORCID, RORS, World
from .test_harvest import client_of

PUBLISHER = f"{BASE}/catalog#publisher"
LONG = {"en": "Kyushu example laboratory", "ja": "例示研究所"}
FORMS: dict[str, dict[str, Any]] = {
    "several": {
        "title": {"en": "Example: α-Fe & Pt <foils> {50%}", "ja": "例示: 鉄と白金「箔」"},
        "doi": "10.99999/example_foil",
        "collection_doi": "10.99999/example.collection",
        "papers": ["10.99999/example.paper"],
        "round": {"id": "example foils 1", "name": {"en": "Example & round <1>", "ja": "例示ラウンドロビン"}},
        "funding": [
            {"funder": {"en": "Example Foundation", "ja": "例示財団"}, "funder_id": "10.13039/501100000000"}
            | {"award": "EX-1 & 2", "award_title": {"en": "Example <project>", "ja": "例示課題"}}
            | {"award_uri": "https://example.org/award/1?a=1&b=2"},
            {"funder": "Example & Co.", "funder_id": RORS[1]},
            {"funder": {"ja": "例示財団"}, "award": "EX-3"},
            {"funder": {"en": "Example Foundation"}, "award_uri": "https://example.org/award/4"},
        ],
        "creators": [
            {"name": "Zett, Example", "affiliation": {"name": LONG, "ror": RORS[0]}},
            {"name": "Hidden, Person", "orcid": "0000-0001-5109-3700", "credit": "hidden"},
            {
                "name": {"en": "Example, Ann", "ja": "例示 花子"},
                "orcid": ORCID,
                "affiliation": {"name": "Example & Co.", "ror": RORS[1]},
            },
            {"name": {"ja": "例示 太郎"}, "affiliation": "SPring-8"},
            {"name": {"en": "Example, Survey and Co.", "ja": "例示班"}, "ror": "https://ror.org/02mhbdp94"},
        ],
        "spectra": [
            {"element": "Fe", "edge": "K", "started": "2020-05-21T13:00:00+09:00", "mode": "transmission"},
            {"element": "Pt", "edge": "L2,3", "mode": "fluorescence yield"}
            | {"started": "2020-05-22T13:00:00+09:00", "ended": "2020-05-22T14:30:00+09:00"},
        ],
    },
    "embargoed": {"access": "embargoed", "available": "2031-04-01", "title": "Example without a language"},
    "ended": {"access": "embargoed", "available": "2026-04-01"},
    "hiddenall": {
        "creators": [{"name": "Hidden, Person", "orcid": ORCID, "credit": "hidden"}],
        "sample": {"name": "niobium pentoxide", "formula": "Nb2O5", "form": "pellet"},
        "spectra": [{"element": "Nb", "edge": "K", "started": "2015-03"}],
    },
    "restricted": {
        "round": {"id": "unnamed"},
        "access": "restricted",
        "license": "CC-BY-NC-SA-4.0",
        "title": {"ja": "例示: 日本語だけの表題"},
        "sample": {"name": "uranium dioxide", "formula": "UO2", "form": "pellet"},
        "laboratory_source": "Example source: Ag tube <40 kV> & bender",
        "spectra": [{"element": "U", "edge": "M5", "started": "1998"}],
    },
    "fraction": {
        "access": "metadata-only",
        "license": "CC0-1.0",
        "kind": "user",
        "facility": {"en": "Example ring", "ja": "例示リング"},
        "beamline": "Example BL-1",
        "spectra": [
            {"element": "Fe", "edge": "K", "started": "2021-01-02T03:04:05.678900+09:00"},
            {"element": "Fe", "edge": "L3", "started": "2021-01-02", "ended": "2021-01-04"},
        ],
    },
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("equality") / "home")
    iri, names = PUBLISHER_STATED
    world.settings = replace(world.settings, publisher_name=names, publisher_iri=iri)
    for number, (identifier, form) in enumerate(FORMS.items()):
        world.deposit(identifier, data=f"711{number} 1.0" if identifier != "fraction" else "", **form)
    world.publish()
    yield world
    world.close()


@pytest.fixture(scope="module")
def client(world: World) -> FlaskClient:
    return client_of(world, harvest_page=10)


@pytest.fixture(scope="module")
def documents(world: World) -> dict[str, RecordDocument]:
    release = world.release()
    found = {item.id: item.document for item in release.entries()}
    release.close()
    assert found.keys() == FORMS.keys()
    return found


def harvested_element(client: FlaskClient, prefix: str, identifier: str) -> Any:
    answer = client.get(
        "/oai",
        query_string={
            "verb": "GetRecord",
            "metadataPrefix": prefix,
            "identifier": f"oai:example.org:{identifier}",
        },
    )
    return etree.fromstring(answer.data).find(".//{http://www.openarchives.org/OAI/2.0/}metadata")[0]


def answers(client: FlaskClient, identifier: str) -> Iterator[tuple[str, str, Found]]:
    """(format, where it was had, what it says) of every door of a record."""
    record = URIRef(f"{BASE}/record/{identifier}")
    get = lambda suffix: client.get(f"/record/{identifier}{suffix}").data  # noqa: E731
    page = get(".html")
    parsed = html.fromstring(page.decode())
    for prefix, read in (
        ("datacite", from_datacite),
        ("oai_datacite", from_datacite),
        ("jpcoar_1.0", from_jpcoar),
        ("jpcoar_2.0", from_jpcoar),
        ("oai_dc", from_dublin_core),
    ):
        yield prefix, "OAI-PMH", read(harvested_element(client, prefix, identifier))
    for name, suffix, read in (
        ("datacite", ".datacite", from_datacite),
        ("jpcoar_1.0", ".jpcoar1", from_jpcoar),
        ("jpcoar_2.0", ".jpcoar2", from_jpcoar),
        ("oai_dc", ".dc", from_dublin_core),
    ):
        yield name, suffix, read(etree.fromstring(get(suffix)))
    for name, suffix, reader in (
        ("datacite_json", ".datacitejson", from_datacite_json),
        ("schemaorg", ".schemaorg", from_schema_org),
        ("csl", ".csl", from_csl),
        ("bibtex", ".bib", from_bibtex),
        ("ris", ".ris", from_ris),
        ("citation", ".citation", from_citation),
    ):
        yield name, suffix, reader(get(suffix))
    (script,) = parsed.iterfind(".//head/script[@type='application/ld+json']")
    yield "schemaorg", "in the page", from_schema_org(script.text.encode())
    rdf = harvested_element(client, "schemaorg", identifier)
    yield "schemaorg (OAI-PMH)", "OAI-PMH", from_schema_org_rdf(rdf)
    yield "meta tags", "in the page", from_meta_tags(parsed)
    # Its publisher is described in the catalog's own document.
    own = Graph().parse(data=client.get("/catalog.ttl").data, format="turtle").cbd(URIRef(PUBLISHER))
    for suffix, syntax in ((".ttl", "turtle"), (".nt", "nt"), (".rdf", "xml"), (".jsonld", "json-ld")):
        graph = Graph().parse(data=get(suffix), format=syntax) + own
        yield "record as RDF", suffix, from_own_vocabulary(graph, record)
    yield "dcat", ".dcat", from_dcat(Graph().parse(data=get(".dcat"), format="xml"), record)
    rdf = etree.tostring(harvested_element(client, "dcat", identifier))
    yield "dcat", "OAI-PMH", from_dcat(Graph().parse(data=rdf, format="xml"), record)
    links: dict[str, list[str]] = {}
    for value in client.head(f"/record/{identifier}.html").headers.getlist("Link"):
        target, relation = re.fullmatch(r'<([^>]*)>; rel="([\w-]+)".*', value).groups()  # type: ignore[union-attr]
        links.setdefault(relation, []).append(target)
    yield "signposting", "Link", from_links(links)
    for item in json.loads(get("/linkset.json"))["linkset"]:
        if item["anchor"] == str(record):
            found = {key: [each["href"] for each in item[key]] for key in item if key != "anchor"}
            yield "signposting", "linkset", from_links(found)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("identifier", FORMS)
def test_every_door_says_what_the_record_says(
    client: FlaskClient, documents: dict[str, RecordDocument], identifier: str
) -> None:
    facts = truth(documents[identifier])
    assert facts.keys() == FACTS
    seen = set()
    for name, where, found in answers(client, identifier):
        assert found == expected(name, facts), (name, where)
        seen.add(name)
    assert seen == LOSSES.keys()


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("suffix", "syntax"), [("ttl", "turtle"), ("rdf", "xml"), ("jsonld", "json-ld")])
def test_the_catalog_says_what_its_records_say(
    client: FlaskClient, documents: dict[str, RecordDocument], suffix: str, syntax: str
) -> None:
    graph = Graph().parse(data=client.get(f"/catalog.{suffix}").data, format=syntax)
    for document in documents.values():
        assert from_dcat(graph, URIRef(document["id"])) == truth(document)


def test_the_start_page_states_the_publisher(client: FlaskClient) -> None:
    (script,) = html.fromstring(client.get("/").text).iterfind(".//script[@type='application/ld+json']")
    iri, names = PUBLISHER_STATED
    said = [{"@value": text, "@language": tag} for tag, text in names.items()]
    assert json.loads(script.text)["publisher"] == {"@type": "Organization", "@id": iri, "name": said}


def test_the_publisher_s_own_iri_is_named_and_described_by_nobody(world: World) -> None:
    iri = PUBLISHER_STATED[0]
    assert world.ask(f"SELECT ?s WHERE {{ ?s <{OWL.sameAs}> <{iri}> }}") == [(f"<{PUBLISHER}>",)]
    assert world.ask(f"SELECT ?p WHERE {{ <{iri}> ?p ?o }}") == []
    assert world.agrees()
    unset = replace(world.settings, publisher_iri=None)
    assert "same_as" not in frame_of(unset, BASE).catalog["publisher"]
    with pytest.raises(UsageError, match="is no IRI"):
        frame_of(replace(world.settings, publisher_iri="https://example.org/%zz^"), BASE)


def test_what_is_told_apart_is_there_to_be_told(documents: dict[str, RecordDocument]) -> None:
    facts = {name: truth(document) for name, document in documents.items()}
    people = facts["several"]["creators"]
    assert [bool(item.iri) for item in people] == [False, True, False, True]
    assert [item.ror for item in people][:2] == list(RORS)
    assert people[2].ror == "https://ror.org/01d1kv753"
    assert facts["several"]["edge"] == {"Fe K-edge", "Pt L2-edge", "Pt L3-edge"}
    assert facts["several"]["doi"]
    assert not facts["ended"]["doi"]
    assert [facts[name]["available"] for name in ("embargoed", "ended", "several", "restricted")] == [
        *("2031-04-01", "2026-04-01", "2026-05-01", ""),
    ]
    assert [len(facts[name]["title"]) for name in ("several", "embargoed", "restricted")] == [2, 1, 1]
    assert facts["hiddenall"]["creators"] == (
        Person(frozenset({("en", "Photon Factory"), ("ja", "フォトンファクトリー")})),
    )
    assert [bool(item.iri) for item in facts["several"]["funding"]] == [True, True, False, False]
    assert facts["several"]["round"][0] == f"{BASE}/round/example~20~foils~20~1"
    assert [facts[name]["round"][0] for name in ("restricted", "ended")] == [f"{BASE}/round/unnamed", ""]
    assert [len(facts["several"][name]) for name in ("mode", "facility", "beamline", "sample")] == [2] * 4
    assert facts["fraction"]["beamline"] == {("", "Example BL-1")}
    assert [bool(facts[name]["source"]) for name in ("restricted", "several")] == [True, False]
    assert facts["fraction"]["kind"] != facts["several"]["kind"]
    assert {item["access"] for item in facts.values()} == {COAR + word for word in EU_REPO.values()}


def test_what_formats_cannot_hold_is_documented() -> None:
    text = (PROJECT / "docs/harvest.md").read_text(encoding="utf-8")
    rows = {f"| {name} | {loss.fact} | {loss.why} |" for name, losses in LOSSES.items() for loss in losses}
    assert rows == set(re.findall(r"(?m)^\| [^|`]+ \| (?:" + "|".join(FACTS) + r") \| [^|]+ \|$", text))
