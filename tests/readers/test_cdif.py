from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.readers import Reading, Source, choose
from catalog.readers.cdif import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = (ROOT / "tests" / "data" / "samples" / "cdif.jsonld").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"


def read(folder: Path, *swaps: tuple[str, str], text: str = SAMPLE) -> Reading:
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "file.jsonld"
    path.write_text(text, encoding="utf-8")
    source = Source(path, "file.jsonld")
    assert choose(source) is READER
    return READER.read(source)


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def test_a_document_of_the_present_spelling(tmp_path: Path) -> None:
    reading = read(tmp_path)
    form = reading.forms[0]
    spectrum = form.values["spectra"][0]
    assert {pair["key"]: pair["value"] for pair in spectrum.pop("header")} == {
        "temperature": "room temperature",
        "CDIF document": "https://example.org/cdif/mo-foil",
    }
    assert spectrum == {
        "element": "Mo",
        "edge": "K",
        "mode": "Transmission",
        "started": "2026-05-01T11:36:21",
        "ring_energy": "7.00 GeV",
        "monochromator": {
            "type": "crystal",
            "crystal": "Si",
            "reflection": "111",
            "d_spacing": "3.13550 Angstrom",
        },
    }
    assert form.values["facility"] == "APS"
    assert form.values["sample"] == {"preparation": "metal foil"}
    assert form.values["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert reading.suggestions == {"/sample/name": "Mo foil, example data"}
    assert codes(reading) == ["document-placeholder", "cdif-sample-name", "cdif-assumed"]
    line = next(n for n, text in enumerate(SAMPLE.splitlines(), 1) if '"K-edge"' in text)
    assert form.origins[f"{SPECTRUM}/edge"].line == line


def test_room_temperature_is_no_number(tmp_path: Path) -> None:
    assert read(tmp_path).forms[0].get(f"{SPECTRUM}/temperature") is None
    stated = read(tmp_path, (' Conversion notes: temperature reported as \\"room temperature\\".', ""))
    assert stated.forms[0].get(f"{SPECTRUM}/temperature") == "295.0 K"


def test_a_reference_within_the_document_is_followed_and_no_other(tmp_path: Path) -> None:
    document = json.loads(SAMPLE)
    beamline = {
        "@id": "https://example.org/cdif/mo-foil/beamline",
        "schema:name": "20-ID-C",
        "schema:additionalType": [{"@id": "xas:beamline"}],
    }
    context = document.pop("@context")
    reading = read(tmp_path, text=json.dumps({"@context": context, "@graph": [document, beamline]}))
    assert reading.forms[0].get("/beamline") == "20-ID-C"
    assert read(tmp_path).forms[0].get("/beamline") is None


def test_documents_that_refer_to_themselves_come_to_an_end(tmp_path: Path) -> None:
    document = json.loads(SAMPLE)
    event = document["prov:wasGeneratedBy"][0]
    event["prov:used"] = [{"@id": event["@id"]}] * 5
    context = document.pop("@context")
    text = json.dumps({"@context": context, "@graph": [document, event]})
    assert read(tmp_path, text=text).forms[0].get(f"{SPECTRUM}/element") == "Mo"


@pytest.mark.parametrize(
    ("swap", "code", "absent"),
    [
        (
            ('"K-edge", "schema:termCode": "K"', '"K-edge", "schema:termCode": "L21"'),
            "document-refused",
            "edge",
        ),
        (('"schema:termCode": "Mo"', '"schema:termCode": "Zz"'), "document-refused", "element"),
        (('"3.13550"', '"???"'), "document-placeholder", "monochromator/d_spacing"),
        (('"3.13550"', '"31355"'), "document-refused", "monochromator/d_spacing"),
        (('"1 1 1"', '"one"'), "document-refused", "monochromator/reflection"),
        (('"7.00"', '"much"'), "document-refused", "ring_energy"),
        (('"2026-05-01T11:36:21"', '"yesterday"'), "document-refused", "started"),
    ],
)
def test_what_cannot_be_read_is_reported_and_left_out(
    swap: tuple[str, str], code: str, absent: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, swap)
    assert code in codes(reading)
    assert reading.forms[0].get(f"{SPECTRUM}/{absent}") is None


def test_what_the_writing_program_supplied_is_no_statement(tmp_path: Path) -> None:
    said = '"schema:description": "not recorded in the source file; supplied"'
    reading = read(tmp_path, ('[{"@id": "xas:dspacing"}],', f'[{{"@id": "xas:dspacing"}}], {said},'))
    assert reading.forms[0].get(f"{SPECTRUM}/monochromator/d_spacing") is None
    assert codes(reading).count("cdif-assumed") == 2


def test_known_beamlines_suggest_their_facility(tmp_path: Path) -> None:
    document: dict[str, Any] = json.loads(SAMPLE)
    event = document["prov:wasGeneratedBy"][0]
    del event["schema:location"]
    event["prov:used"][0] = {"schema:instrument": {"@type": "xas:Beamline", "schema:name": "APS 13-BM-D"}}
    reading = read(tmp_path, text=json.dumps(document))
    assert reading.suggestions["/facility"] == "Advanced Photon Source"


def test_a_vocabulary_is_no_data_set(tmp_path: Path) -> None:
    context = '"@context": {"xas": "https://w3id.org/cdif/xas/"}'
    reading = read(
        tmp_path, text=f'{{{context}, "@graph": [{{"@id": "xas:edge", "@type": "skos:Concept"}}]}}'
    )
    assert (reading.is_xafs, codes(reading)) == (False, ["cdif-no-dataset"])
    other = read(
        tmp_path, ("X-ray absorption spectroscopy", "Whale song"), ("X-Ray Absorption Spectroscopy", "song")
    )
    assert (other.is_xafs, codes(other)) == (False, ["record-not-xafs"])
