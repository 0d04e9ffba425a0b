from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import UnreadableInput
from catalog.inspection import look
from catalog.readers import Reading, Source, choose
from catalog.readers.datacite import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = (ROOT / "tests" / "data" / "samples" / "datacite.xml").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"
JSON: dict[str, Any] = {
    "doi": "10.99999/example.xas",
    "types": {"resourceTypeGeneral": "Dataset"},
    "titles": [
        {"title": "Raw XAS data of arsenic minerals", "lang": "en-US"},
        {"title": "The same, again", "lang": "en-GB"},
        {"title": "ヒ素鉱物のXAFS", "lang": "ja"},
        {"title": "no language"},
    ],
    "creators": [
        {
            "name": "Carberry, Josiah",
            "nameIdentifiers": [
                {"nameIdentifier": "https://isni.org/1", "nameIdentifierScheme": "ISNI"},
                {"nameIdentifier": "https://orcid.org/0000-0002-1825-0097", "nameIdentifierScheme": "ORCID"},
            ],
            "affiliation": [{"name": "Example Institute", "affiliationIdentifier": "https://ror.org/01g5y5k24"}],
        },
        {"name": "(:unav)"},
        {"name": "Example Consortium", "affiliation": ["Example University"]},
    ],
    "publicationYear": "2026",
    "subjects": [{"subject": "arsenic"}],
    "contributors": [{"name": "Example, Anna", "contributorType": "ContactPerson"}],
    "rightsList": [{"rightsUri": "https://example.org/legalcode", "rightsIdentifier": "cc-by-4.0"}],
    "descriptions": [
        {"description": "<p>Measured at <b>20-ID-C</b> of the Advanced Photon Source.</p><p>Raw &amp; whole.</p>",
         "descriptionType": "Abstract", "lang": "en"},
        {"description": "Series 1", "descriptionType": "SeriesInformation"},
    ],
    "relatedIdentifiers": [
        {"relationType": "IsCitedBy", "relatedIdentifier": "https://doi.org/10.99999/paper"},
        {"relationType": "IsPartOf", "relatedIdentifier": "10.99999/collection"},
        {"relationType": "IsPartOf", "relatedIdentifier": "1234-5678"},
    ],
}  # fmt: skip


def read(folder: Path, content: str | bytes | dict[str, Any], *swaps: tuple[str, str]) -> Reading:
    text = json.dumps(content, ensure_ascii=False) if isinstance(content, dict) else content
    for old, new in swaps:
        assert isinstance(text, str)
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "record"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = Source(path, "record")
    assert choose(source) is READER
    return READER.read(source)


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SAMPLE.splitlines(), 1) if text in line)


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def test_xml(tmp_path: Path) -> None:
    reading = read(tmp_path, SAMPLE)
    form = reading.forms[0]
    assert form.values == {
        "spectra": [{}],
        "title": {
            "en": "XAFS spectra of nickel oxides, example data",
            "ja": "酸化ニッケルのXAFSスペクトル（例示データ）",
        },
        "description": {"en": "Spectra measured at the Photon Factory BL-9C."},
        "doi": "10.99999/example.xas",
        "papers": ["10.99999/example.paper"],
        "collection_doi": "10.99999/example.collection",
        "license": "CC-BY-4.0",
        "creators": [
            {
                "name": "Carberry, Josiah",
                "orcid": "0000-0002-1825-0097",
                "affiliation": {"name": "Example Institute", "ror": "01g5y5k24"},
            }
        ],
    }
    assert form.origins["/creators/0/orcid"].line == 8
    assert reading.suggestions == {
        f"{SPECTRUM}/element": "Ni",
        "/facility": "Photon Factory",
        "/beamline": "BL-9C",
    }
    assert reading.findings == []


FUNDING = [
    {
        "funderName": "Example Foundation",
        "funderIdentifier": "http://dx.doi.org/10.13039/501100000000",
        "funderIdentifierType": "Crossref Funder ID",
        "awardNumber": "EX-1",
        "awardUri": "https://example.org/award/1",
        "awardTitle": "Example project",
    },
    {"funderName": "(:unav)", "awardNumber": "EX-2"},
    {"funderName": "Example Trust", "funderIdentifier": "0000 0001 2345 6789", "funderIdentifierType": "ISNI"}
    | {"awardNumber": "(:unav)", "awardUri": "example.org/without a scheme"},
    {"funderName": "Example Institute", "funderIdentifier": "https://ror.org/01g5y5k24"},
    {"funderName": "Wrong Fund", "funderIdentifier": "https://ror.org/01g5y5k25"},
]
FUNDED = [
    {
        "funder": "Example Foundation",
        "funder_id": "https://doi.org/10.13039/501100000000",
        "award": "EX-1",
        "award_title": "Example project",
        "award_uri": "https://example.org/award/1",
    },
    {"funder": "Example Trust"},
    {"funder": "Example Institute", "funder_id": "https://ror.org/01g5y5k24"},
    {"funder": "Wrong Fund"},
]


def test_funding_in_json(tmp_path: Path) -> None:
    reading = read(tmp_path, {**JSON, "fundingReferences": FUNDING})
    assert reading.forms[0].values["funding"] == FUNDED
    refused = [item for item in reading.findings if item.code == "document-refused"]
    assert [(item.path, item.value) for item in refused] == [
        ("/funding/3/funder_id", "https://ror.org/01g5y5k25")
    ]
    kept = {pair.value for pair in reading.private}
    assert {"0000 0001 2345 6789", "example.org/without a scheme"} <= kept
    assert reading.forms[0].origins["/funding/0/award"].key == "fundingReferences[0].awardNumber"


def test_funding_as_kernel_4_0_wrote_it(tmp_path: Path) -> None:
    old = {
        "funderName": "Example Foundation",
        "funderIdentifier": {"funderIdentifier": "http://doi.org/10.13039/501100000000"},
        "awardNumber": {"awardNumber": "EX-1", "awardURI": "https://example.org/award/1"},
        "awardTitle": "Example project",
    }
    reading = read(tmp_path, {**JSON, "fundingReferences": [old]})
    assert reading.forms[0].values["funding"] == FUNDED[:1]


def test_funding_in_xml(tmp_path: Path) -> None:
    references = """<fundingReferences><fundingReference>
      <awardNumber awardURI="https://example.org/award/1">EX-1</awardNumber><funderName>Example Foundation</funderName>
      <funderIdentifier funderIdentifierType="Crossref Funder ID">10.13039/501100000000</funderIdentifier>
      <awardTitle>Example project</awardTitle></fundingReference>
      <fundingReference><funderName>Example Trust</funderName><awardNumber/></fundingReference>
      <fundingReference><awardNumber>EX-3</awardNumber></fundingReference></fundingReferences></resource>"""
    reading = read(tmp_path, SAMPLE, ("</resource>", references))
    assert reading.forms[0].values["funding"] == FUNDED[:2]
    assert reading.findings == []


def test_funding_in_schema_org(tmp_path: Path) -> None:
    funder = {
        "@type": "Organization",
        "@id": "https://doi.org/10.13039/501100000000",
        "name": "Example Foundation",
    }
    grant = {"@type": "Grant", "identifier": "EX-1", "name": "Example project", "funder": funder}
    body = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": "XAFS of nickel oxides",
        "funding": [{**grant, "url": "https://example.org/award/1"}],
        "funder": [funder, {"@type": "Organization", "name": "Example Trust"}],
    }
    assert read(tmp_path, body).forms[0].values["funding"] == FUNDED[:2]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_xml_in_other_encodings(encoding: str, tmp_path: Path) -> None:
    text = SAMPLE.replace('encoding="UTF-8"', 'encoding="UTF-16"') if "16" in encoding else SAMPLE
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    reading = read(tmp_path, mark + text.encode(encoding))
    assert reading.forms[0].get("/title/ja") == "酸化ニッケルのXAFSスペクトル（例示データ）"


def test_json(tmp_path: Path) -> None:
    for content in (JSON, {"data": {"id": "x", "attributes": JSON}}):
        reading = read(tmp_path, content)
        form = reading.forms[0]
        assert form.values["title"] == {"en": "Raw XAS data of arsenic minerals", "ja": "ヒ素鉱物のXAFS"}
        assert form.values["description"] == {
            "en": "Measured at 20-ID-C of the Advanced Photon Source.\nRaw & whole."
        }
        assert form.values["license"] == "cc-by-4.0"
        assert form.values["creators"] == [
            {
                "name": "Carberry, Josiah",
                "orcid": "0000-0002-1825-0097",
                "affiliation": {"name": "Example Institute", "ror": "01g5y5k24"},
            },
            {"name": "Example Consortium", "affiliation": {"name": "Example University"}},
        ]
        assert (form.values["papers"], form.values["collection_doi"]) == (
            ["10.99999/paper"],
            "10.99999/collection",
        )
        assert codes(reading) == ["document-placeholder"]
        assert reading.suggestions == {
            f"{SPECTRUM}/element": "As",
            "/facility": "Advanced Photon Source",
            "/beamline": "20-ID-C",
        }
        assert "Anna" not in str(form.values)


def test_schema_org(tmp_path: Path) -> None:
    record = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": "https://doi.org/10.99999/example.xas",
        "name": "EXAFS of a copper complex",
        "creator": [
            {"@type": "Person", "name": "Josiah Carberry", "@id": "https://orcid.org/0000-0002-1825-0097"}
        ],
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isPartOf": {"@id": "https://doi.org/10.99999/collection"},
        "keywords": ["copper"],
    }
    form = read(tmp_path, record).forms[0]
    assert form.values == {
        "spectra": [{}],
        "title": "EXAFS of a copper complex",
        "doi": "10.99999/example.xas",
        "collection_doi": "10.99999/collection",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "creators": [{"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097"}],
    }


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"titles": [{"title": "A survey of whales"}]}, "record-not-xafs", "A survey of whales"),
        ({"titles": [{"title": "Taxas and relaxas"}]}, "record-not-xafs", "Taxas"),
        ({"types": {"resourceTypeGeneral": "Software"}}, "record-not-data", "Software"),
        ({"types": {"resourceTypeGeneral": "JournalArticle"}}, "record-not-data", "JournalArticle"),
    ],
)
def test_what_is_no_xafs_data_is_refused_with_the_reason(
    changes: dict[str, Any], code: str, said: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, JSON | changes)
    assert (reading.is_xafs, reading.forms, codes(reading)) == (False, [], [code])
    assert said in reading.findings[0].text()
    assert said in reading.findings[0].text("ja")
    seen = look(tmp_path / "record", "record")
    assert (seen.outcome, [item.code for item in seen.findings]) == ("refuse", [code])


def test_element_is_suggested_only_where_one_is_named(tmp_path: Path) -> None:
    for title, wanted in (
        ("XAFS of iron and nickel", None),
        ("XAFS as in no other work", None),
        ("XAFS of Fe foil", "Fe"),
        ("XAFS of I", None),
        ("XAFS of Arsenic in soil", "As"),
    ):
        reading = read(tmp_path, JSON | {"titles": [{"title": title}], "subjects": []})
        assert reading.suggestions.get(f"{SPECTRUM}/element") == wanted, title


# XML is read without entities, document types and network


def test_a_document_type_is_refused_before_it_is_read(tmp_path: Path) -> None:
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    for doctype in (
        f"<!DOCTYPE resource [{bomb}]>",
        '<!DOCTYPE resource [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE resource SYSTEM "http://192.0.2.1/a.dtd">',
    ):
        for encoding in ("utf-8", "utf-16"):
            text = SAMPLE.replace("<resource", f"{doctype}\n<resource", 1).replace("nickel oxides", "&a9;&x;")
            content = text.replace("UTF-8", encoding.upper()).encode(encoding)
            started = time.perf_counter()
            with pytest.raises(UnreadableInput, match="document type") as caught:
                read(tmp_path, content)
            assert caught.value.where.startswith("record:3" if encoding == "utf-8" else "record:")
            assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (SAMPLE.replace("</titles>", "</title>"), line_of("</titles>"), "not well-formed"),
        (
            SAMPLE.replace("<subject>nickel", "<subject>&undeclared;"),
            line_of("<subject>nickel"),
            "not well-formed",
        ),
        (
            SAMPLE.replace("<subject>nickel", "<a>" * 100 + "</a>" * 100 + "<subject>nickel"),
            line_of("<subject>nickel"),
            "nested deeper",
        ),
        (
            SAMPLE.replace("<subject>nickel", "<a>" * 400 + "</a>" * 400 + "<subject>nickel"),
            None,
            "nested|depth|not well",
        ),
        (
            SAMPLE.replace("kernel-4", "other", 1) + "<!-- http://datacite.org/schema/kernel-4 -->",
            None,
            "no DataCite",
        ),
        ('<a b="http://datacite.org/schema/kernel-4">' + "x" * 20_000_000 + "</a>", None, "not well-formed"),
    ],
    ids=["tag", "entity", "deep", "deeper", "root", "huge"],
)
def test_broken_xml_is_refused_with_the_line(
    content: str, line: int | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableInput, match=message) as caught:
        read(tmp_path, content)
    assert caught.value.where.startswith(f"record:{line}" if line else "record")


def test_comments_and_instructions_are_not_read(tmp_path: Path) -> None:
    reading = read(tmp_path, SAMPLE, ("XAFS spectra of", "XAFS <!-- hidden --><?php evil ?>spectra of"))
    assert reading.forms[0].get("/title/en") == "XAFS spectra of nickel oxides, example data"


def test_names_with_line_breaks_and_marks_of_direction(tmp_path: Path) -> None:
    reading = read(tmp_path, SAMPLE, ("Carberry, Josiah", "Car\u202eberry,\n Josiah"))
    assert reading.forms[0].get("/creators/0/name") == "Carberry, Josiah"
    assert codes(reading) == ["document-cleaned"]
    many = {"name": "x"}
    assert len(read(tmp_path, JSON | {"creators": [many] * 5_000}).forms[0].values["creators"]) == 500
