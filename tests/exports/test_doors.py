"""Every export obeys the schema of its format, whatever is in a record.

What they say is compared in tests/publishing/test_equality.py.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import rdflib
from datacite import schema45
from lxml import etree
from rdflib import RDF
from rdflib.namespace import DCTERMS, FOAF

from catalog.config import load_settings
from catalog.document import Form
from catalog.examples import make_demo
from catalog.exports import exports, harvested
from catalog.ids import NO_PUBLISHER
from catalog.mapping import RecordDocument
from catalog.normalise import normalise
from catalog.normalise_values import StoredFile
from catalog.projection import public_document, stamped
from catalog.releases import open_current
from catalog.states import Standing, State
from catalog.vocabulary import vocabulary

XSD = {
    "datacite": "datacite/metadata.xsd",
    "jpcoar_1": "jpcoar-1.0/jpcoar_scm.xsd",
    "jpcoar_2": "jpcoar-2.0/jpcoar_scm.xsd",
    "oai_dc": "oai/oai_dc.xsd",
}
LOCAL = {"xml.xsd": "datacite/include/xml.xsd", "simpledc20021212.xsd": "oai/simpledc20021212.xsd"}

AWARD = json.loads((Path(__file__).parents[1] / "data" / "award.json").read_text(encoding="utf-8"))

# Everything that a record can tell DataCite. People, funders and awards are examples; the ORCID iD is ORCID's own.
FULL: dict[str, Any] = {
    "title": {"en": "Example: copper foil", "ja": "例: 銅箔"},
    "description": {"en": "Example data.", "ja": "例示データ。"},
    "kind": "round-robin",
    "round": {"id": "example-cu-foil", "name": {"en": "Example round-robin", "ja": "例示ラウンドロビン"}},
    "access": "open",
    "license": "CC-BY-4.0",
    "doi": "10.99999/example.foil",
    "collection_doi": "10.99999/example.collection",
    "papers": ["10.99999/example.paper"],
    "creators": [
        {
            "name": {"en": "Example, Ann", "ja": "例示 花子"},
            "orcid": "0000-0002-1825-0097",
            "affiliation": {"name": "Example University", "ror": "https://ror.org/01g5y5k24"},
        }
    ],
    "funding": [
        AWARD,
        {"funder": "Example University", "funder_id": "https://ror.org/01g5y5k24"},
    ],
    "facility": "SPring-8",
    "beamline": "BL14B2",
    "sample": {
        "id": "foil 7",
        "name": {"en": "copper foil", "ja": "銅箔"},
        "formula": "Cu",
        "cas": "7440-50-8",
    },
    "spectra": [
        {
            "element": "Cu",
            "edge": "K",
            "technique": "XAFS",
            "mode": "transmission",
            "started": "2020-05-21T13:00:00+09:00",
            "ended": "2020-05-21T13:20:00+09:00",
            "calibration": {"standard": "copper foil", "reference": "0123456789#spectrum-1"},
            "files": ["Cu_foil.xdi"],
        }
    ],
}


def full(**changes: Any) -> RecordDocument:
    """The public document of ``FULL`` with changes."""
    base = "https://example.org/xafs"
    made = normalise(
        Form({**FULL, **changes}),
        iri=f"{base}/record/7k3m9q2xw0",
        base=base,
        vocabulary=vocabulary(),
        attachments={"Cu_foil.xdi": StoredFile("ab" * 32, 1234, "text/plain")},
    )
    assert made.findings == []
    issued = date(2026, 5, 1)
    public = public_document(
        made.document, Standing(State.PUBLISHED, issued=issued), issued, lambda iri: True
    )
    assert public is not None
    return stamped(
        public,
        issued=issued,
        modified=datetime(2026, 5, 2, 3, 0, tzinfo=UTC),
        levels=["https://w3id.org/xafscat/shapes/findable"],
        base=base,
        metadata_license="http://creativecommons.org/publicdomain/zero/1.0/",
    )


def organised() -> RecordDocument:
    """``FULL`` with an organisation among the creators, measured in a laboratory."""
    group = {"name": {"en": "Example group", "ja": "例示班"}, "ror": "https://ror.org/02mhbdp94"}
    return full(creators=[*FULL["creators"], group], laboratory_source="Example tube")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[RecordDocument], RecordDocument]:
    """The published examples, and the document of their catalog."""
    home = tmp_path_factory.mktemp("doors") / "demo"
    make_demo(home, now=datetime(2026, 5, 1, 3, 0, tzinfo=UTC))
    release = open_current(load_settings(home, environ={}).public_path)
    found = [entry.document for entry in release.entries() if entry.state == "published"]
    catalog = release.catalog
    release.close()
    # Among the examples none has a DOI; some records of the world do.
    with_doi = {**found[0], "doi": "https://doi.org/10.99999/example.foil"}
    # Nor has one an ORCID iD; this one is ORCID's own example.
    credits = [dict(credit) for credit in found[1]["credits"]]
    credits[0] = {**credits[0], "agent": "https://orcid.org/0000-0002-1825-0097"}
    with_orcid = {**found[1], "credits": credits, "creators": [credits[0]["agent"]]}
    assert any("available" in document for document in found)
    return [*found, with_doi, with_orcid], catalog


@pytest.mark.parametrize("name", XSD)
def test_xml_obeys_its_schema(
    records: tuple[list[RecordDocument], RecordDocument], name: str, shared: Path
) -> None:
    documents, catalog = records
    schema = schema_of(name, shared)
    for document in [*documents, full(), organised()]:
        schema.assertValid(etree.fromstring(exports()[name].write(document, catalog)))


def schema_of(name: str, shared: Path) -> etree.XMLSchema:
    """The XSD of an export, its parts read from the folder beside it."""
    folder = shared / "data/schemas"
    if not folder.is_dir():
        pytest.skip("the schemas are not on this machine")

    class Here(etree.Resolver):
        def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
            path = LOCAL.get(system_url.rpartition("/")[2])
            return self.resolve_filename(str(folder / path), context) if path else None

    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(Here())
    return etree.XMLSchema(etree.parse(str(folder / XSD[name]), parser))


def test_datacite_json_obeys_the_schema_of_the_package(
    records: tuple[list[RecordDocument], RecordDocument],
) -> None:
    documents, catalog = records
    for document in [*documents, full(), organised()]:
        body = json.loads(exports()["datacite_json"].write(document, catalog))
        assert [error.message for error in schema45.validator.iter_errors(body)] == [], document["id"]


def test_datacite_json_says_what_the_xml_says_that_obeys_kernel_4_6(
    records: tuple[list[RecordDocument], RecordDocument], shared: Path
) -> None:
    """The package knows no newer schema of the JSON than that of 4.5: the XML made from it is held to 4.6."""
    documents, catalog = records
    stated = {**catalog, "publisher": {**catalog["publisher"], "same_as": "https://ror.org/01g5y5k24"}}
    schema = schema_of("datacite", shared)
    for document in [*documents, full(), organised()]:
        body = json.loads(exports()["datacite_json"].write(document, stated))
        made = etree.fromstring(as_xml(body))
        schema.assertValid(made)
        own = etree.fromstring(exports()["datacite"].write(document, stated))
        assert said_in(made) == said_in(own), document["id"]


def as_xml(body: dict[str, Any]) -> bytes:
    """DataCite JSON as XML by the package, which takes a DOI alone for the identifier."""
    text = schema45.tostring({**body, "doi": body.get("doi", body["url"])})
    kind = "DOI" if "doi" in body else "URL"
    return str(text).replace('identifierType="DOI">', f'identifierType="{kind}">', 1).encode()


def said_in(root: Any) -> list[Any]:
    """Path, attributes and text of every element, whatever the order of groups and attributes."""
    path = root.getroottree().getelementpath
    return sorted(
        (
            path(item).replace("[1]", ""),
            # The JSON has no place for the address of a scheme of funders.
            sorted(
                pair for pair in item.attrib.items() if pair[0] != "schemeURI" or "funder" not in item.tag
            ),
            item.text or "",
        )
        for item in root.iter(etree.Element)
        if item is not root
    )


def test_what_a_harvester_gets_is_what_the_page_gives(
    records: tuple[list[RecordDocument], RecordDocument],
) -> None:
    documents, catalog = records
    for export in exports().values():
        for item in export.oai:
            made = etree.fromstring(item.payload(documents[0], catalog))
            assert made.tag.startswith(f"{{{item.namespace}}}")
            if export.name not in {"schemaorg"} and item.prefix != "oai_datacite":
                own = etree.fromstring(export.write(documents[0], catalog))
                assert etree.tostring(made, method="c14n2", strip_text=True) == etree.tostring(
                    own, method="c14n2", strip_text=True
                )
    assert next(iter(harvested())) == "oai_dc"


def test_text_that_xml_cannot_hold_is_marked_and_never_breaks_it(
    records: tuple[list[RecordDocument], RecordDocument],
) -> None:
    documents, catalog = records
    hostile = {**documents[0], "title": {"en": 'a\x00b\x0b<script>&"\ufffe]]>', "ja": "｜鉄\U0001f9ea"}}
    for export in exports().values():
        for item in export.oai:
            content = item.payload(hostile, catalog).encode()
            assert "<script>" not in "".join(etree.fromstring(content).itertext("nothing"))
            assert b"<script>" not in content
            assert "\N{REPLACEMENT CHARACTER}b" in "".join(etree.fromstring(content).itertext())


def test_an_organisation_is_credited_as_one_by_every_door() -> None:
    ror, name = "https://ror.org/02mhbdp94", "Example, Survey & Co."
    ann = FULL["creators"][0]
    record = full(creators=[ann, {"name": name, "ror": ror}, {"name": "Example Person"}])
    written = {key: export.write(record, None).decode() for key, export in exports().items()}
    body = json.loads(written["datacite_json"])
    # Whoever states no ORCID may be a group.
    assert [item.get("nameType") for item in body["creators"]] == ["Personal", "Organizational", None]
    assert body["creators"][1]["nameIdentifiers"] == [
        {"nameIdentifier": ror, "nameIdentifierScheme": "ROR", "schemeUri": "https://ror.org"}
    ]
    assert [item["name"] for item in body["contributors"]] == ["Example, Ann", "Example Person", "SPring-8"]
    described = json.loads(written["schemaorg"])["creator"]
    assert [item.get("@type") for item in described] == ["Person", "Organization", None]
    assert described[1]["@id"] == ror
    assert r"author = {Example, Ann and {Example, Survey \& Co.} and {Example Person}}" in written["bibtex"]
    assert json.loads(written["csl"])["author"] == [
        {"family": "Example", "given": "Ann"},
        {"literal": name},
        {"literal": "Example Person"},
    ]
    assert 'creatorName nameType="Organizational">Example, Survey' in written["jpcoar_2"]
    assert "nameType" not in written["jpcoar_1"]
    graph = rdflib.Graph().parse(data=written["dcat"], format="xml")
    (agent,) = graph.subjects(DCTERMS.identifier, rdflib.Literal(ror))
    assert set(graph.objects(agent, RDF.type)) == {FOAF.Agent, FOAF.Organization}


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("Example, Ann", "Example, Ann"),
        ("Example, Ann, Jr", "{Example, Ann, Jr}"),
        ("Example, Ann and Bob", "{Example, Ann and Bob}"),
        ("Ann Example", "{Ann Example}"),
        ("Example,", "{Example,}"),
        ("Ex_ample, A & B", r"Ex\_ample, A \& B"),
    ],
)
def test_a_name_in_bibtex_has_parts_where_they_are_known(name: str, author: str) -> None:
    written = exports()["bibtex"].write(full(creators=[{"name": name}]), None).decode()
    assert f"author = {{{author}}}," in written


def test_a_publisher_that_is_not_stated_is_named_by_no_door_that_can_do_without() -> None:
    catalog = {"publisher": {"id": "https://example.org/xafs/catalog#publisher", "name": NO_PUBLISHER}}
    record = full()
    written = {name: export.write(record, catalog).decode() for name, export in exports().items()}
    named = {name for name, text in written.items() if any(each in text for each in NO_PUBLISHER.values())}
    # DCAT's agents must have a name; DataCite has a value for what is not to be had.
    assert named == {"dcat"}
    assert json.loads(written["datacite_json"])["publisher"] == {"name": ":unav"}
    assert "<publisher>:unav</publisher>" in written["datacite"]
    assert written["citation"].splitlines()[0] == (
        "Example, Ann (2026). Example: copper foil [Data set]. https://doi.org/10.99999/example.foil"
    )


def test_a_full_record_tells_datacite_all_of_it() -> None:
    catalog = {
        "title": {"en": "Example catalog"},
        "publisher": {"same_as": "https://ror.org/01g5y5k24", "name": {"en": "Example University"}},
    }
    body = json.loads(exports()["datacite_json"].write(full(), catalog))
    record = "https://example.org/xafs/record/7k3m9q2xw0"
    ror = {"affiliationIdentifier": "https://ror.org/01g5y5k24", "affiliationIdentifierScheme": "ROR"}
    orcid = {"nameIdentifier": "https://orcid.org/0000-0002-1825-0097", "nameIdentifierScheme": "ORCID"}
    person = {
        "name": "Example, Ann",
        "nameType": "Personal",
        "nameIdentifiers": [{**orcid, "schemeUri": "https://orcid.org"}],
        "affiliation": [{"name": "Example University", **ror, "schemeUri": "https://ror.org"}],
    }
    assert body["creators"] == [person]
    assert body["contributors"] == [
        {**person, "contributorType": "DataCollector"},
        {
            "name": "SPring-8",
            "nameType": "Organizational",
            "nameIdentifiers": [
                {
                    "nameIdentifier": "https://ror.org/01d1kv753",
                    "nameIdentifierScheme": "ROR",
                    "schemeUri": "https://ror.org",
                }
            ],
            "contributorType": "HostingInstitution",
        },
    ]
    assert body["titles"] == [
        {"title": "Example: copper foil", "lang": "en"},
        {"title": "例: 銅箔", "lang": "ja"},
    ]
    assert body["publisher"]["publisherIdentifier"] == "https://ror.org/01g5y5k24"
    assert body["geoLocations"] == [{"geoLocationPlace": "SPring-8, JP"}]
    assert {
        (item["rightsUri"], item.get("rightsIdentifier"), item.get("rightsIdentifierScheme"))
        for item in body["rightsList"]
    } == {
        ("http://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", "SPDX"),
        ("info:eu-repo/semantics/openAccess", None, None),
    }
    assert {(item["dateType"], item["date"]) for item in body["dates"]} == {
        ("Collected", "2020-05-21T13:00:00+09:00/2020-05-21T13:20:00+09:00"),
        ("Available", "2026-05-01"),
        ("Issued", "2026-05-01"),
        ("Updated", "2026-05-02T03:00:00Z"),
    }
    assert {
        (item["relationType"], item.get("resourceTypeGeneral"), item["relatedIdentifier"])
        for item in body["relatedIdentifiers"]
    } == {
        ("IsSupplementTo", "JournalArticle", "10.99999/example.paper"),
        ("IsCollectedBy", "Instrument", "https://w3id.org/xafscat/beamline/spring8-bl14b2"),
        ("IsPartOf", "Collection", "10.99999/example.collection"),
        ("IsPartOf", "Collection", "https://example.org/xafs/round/example-cu-foil"),
        ("References", "PhysicalObject", "https://example.org/xafs/sample/foil~20~7"),
        ("References", "Dataset", "https://example.org/xafs/record/0123456789"),
        ("HasPart", None, f"{record}/files/{'ab' * 8}"),
    }
    assert (body["sizes"], body["formats"]) == (["1234 bytes"], ["text/plain"])
    assert body["fundingReferences"] == [
        {
            "funderName": "Example Foundation",
            "funderIdentifier": "https://doi.org/10.13039/501100000000",
            "funderIdentifierType": "Crossref Funder ID",
            "awardNumber": "EX-1",
            "awardUri": "https://example.org/award/1",
            "awardTitle": "Example project",
        },
        {
            "funderName": "Example University",
            "funderIdentifier": "https://ror.org/01g5y5k24",
            "funderIdentifierType": "ROR",
        },
    ]
    assert {item["alternateIdentifier"] for item in body["alternateIdentifiers"]} == {record, "7k3m9q2xw0"}
    edge = next(item for item in body["subjects"] if item["subject"] == "Cu K-edge")
    assert edge["valueUri"] == "https://w3id.org/xafscat/edge/Cu-K"
    assert edge["schemeUri"] == "https://w3id.org/xafscat/edge"
