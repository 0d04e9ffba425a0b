from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.errors import UnreadableInput
from catalog.inspection import assess, look
from catalog.mapping import to_triples
from catalog.projection import public_document
from catalog.readers import Reading, Source, choose
from catalog.readers.mdr import READER
from catalog.states import Standing, State

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = (ROOT / "tests" / "data" / "samples" / "mdr.json").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"
TODAY = date(2026, 5, 1)
SENTENCE = (
    "This dataset consists of X-ray absorption fine structure (XAFS) spectra at {edge} of {sample} "
    "measured at {place}, and is a part of XAFS database (MDR XAFS DB, https://doi.org/10.48505/nims.1447) "
    "as a collection of MDR"
)


def read(folder: Path, text: str = SAMPLE, *swaps: tuple[str, str]) -> Reading:
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "file.json"
    path.write_text(text, encoding="utf-8")
    source = Source(path, "file.json")
    assert choose(source) is READER
    return READER.read(source)


def record(edge: str = "Cu K-edge", place: str = "Photon Factory BL-9C", **changes: Any) -> str:
    node = {
        "@id": "https://mdrs-external.nims.go.jp/datasets/0",
        "@type": "Dataset",
        "datePublished": None,
        "name": "XAFS spectrum of Copper(II) oxide",
        "description": SENTENCE.format(edge=edge, sample="Copper(II) oxide", place=place),
        "identifier": "https://doi.org/10.48505/nims.0",
        "license": [{"@id": "cc-by-nc-sa-4.0"}],
        "hasPart": [{"@id": "Cu001.dat"}, {"@id": "metadata.json"}, {"@id": "../up.dat"}],
        "author": [{"@id": "#a"}, {"@id": "#b"}],
        **changes,
    }
    people = [
        {"@id": "#a", "name": "Josiah Carberry", "identifier": "https://orcid.org/0000-0002-1825-0097"},
        {"@id": "#b", "name": "Photon Factory"},
    ]
    return json.dumps({"@context": "http://schema.org", "@graph": [node, *people]}, indent=1)


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def said(reading: Reading) -> str:
    """Every value that would be public of the first deposit."""
    document = assess(reading.forms[0], today=TODAY).document
    public = public_document(document, Standing(State.PUBLISHED), TODAY, lambda _iri: True)
    assert public is not None
    return " ".join(str(triple.object) for triple in to_triples(public))


def test_a_document_of_the_kek_dialect(tmp_path: Path) -> None:
    reading = read(tmp_path)
    form = reading.forms[0]
    spectrum = form.values["spectra"][0]
    header = {pair["key"]: pair["value"] for pair in spectrum.pop("header")}
    assert header["Serial"] == "KEKPF-BL9C_00001", "the key that the data file bears as well"
    assert header["reference sample"] == "Copper"
    assert (spectrum["element"], spectrum["edge"], spectrum["mode"]) == ("Cu", "K", "transmission")
    assert spectrum["energy"] == {"first": "8600 eV", "last": "9980 eV"}
    assert spectrum["files"] == ["Cu001.dat"]
    assert form.values["sample"] == {
        "name": "Copper(II) oxide",
        "formula": "CuO",
        "preparation": "diluted with BN",
    }
    assert reading.suggestions == {
        "/license": "CC-BY-NC-SA-4.0",
        f"{SPECTRUM}/calibration/standard": "Copper",
        f"{SPECTRUM}/calibration/simultaneous": "true",
    }
    assert "2026Z000" not in str(form.values), "the proposal stays private"
    assert "2026Z000" in [pair.value for pair in reading.private]


def test_the_same_document_in_yaml(tmp_path: Path) -> None:
    text = yaml.safe_dump(json.loads(SAMPLE), allow_unicode=True, sort_keys=False)
    assert read(tmp_path, text).forms[0].values == read(tmp_path).forms[0].values


def test_documents_of_several_works_and_of_another_kind(tmp_path: Path) -> None:
    text = yaml.safe_dump(json.loads(SAMPLE), allow_unicode=True, sort_keys=False)
    assert len(read(tmp_path, f"{text}---\n{text}").forms) == 2
    with pytest.raises(UnreadableInput, match="none of the keys"):
        read(tmp_path, f"{text}---\nsomething: else\n")


# What the deposits of MDR are known to have wrong: visible as a finding, and nowhere else.
DEFECTS = [
    ('"Cu K"', '"Cu L21-edge"', "document-edge", "L21"),
    ('"title": "Copper(II) oxide, example data"', '"title": "N/A"', "document-placeholder", "N/A"),
    ('"Cu-foil"', '"Pb-foil"', "document-formula-form", "Pb-foil"),
    ('"chemical_formula": "CuO"', '"chemical_formula": "CuO-powder"', "document-formula-form", "CuO-powder"),
    ('"start_current": 449.9', '"start_current": 0', "document-placeholder", "0 mA"),
    (
        '"chemical_formula": "CuO"',
        '"CAS_number": "37174-30", "Product_number": "7681-49-4", "chemical_formula": "CuO"',
        "document-cas-swapped",
        "7681-49-4",
    ),
    (
        '"start_energy": 8600, "start_energy_unit": "eV", "end_energy": 8940',
        '"start_energy": 8940, "start_energy_unit": "eV", "end_energy": 9980',
        "document-blocks",
        "8940",
    ),
    ('"Si(111)"', '"Si(11x)"', "document-refused", "11x"),
]


@pytest.mark.parametrize(("old", "new", "code", "wrong"), DEFECTS, ids=[each[3] for each in DEFECTS])
def test_a_known_defect_is_a_finding_and_no_public_fact(
    old: str, new: str, code: str, wrong: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, SAMPLE, (old, new))
    lines = SAMPLE.replace(old, new, 1).splitlines()
    wanted = next(number for number, line in enumerate(lines, 1) if new in line)
    assert (code, wanted) in [(item.code, item.line) for item in reading.findings]
    assert wrong not in said(reading)


@pytest.mark.parametrize(
    "name",
    [
        "3c5953dc-spring8-bl14b2.metadata.all",
        "f48a5ce8-kek-pf-bl9c.metadata",
        "fc4fa43d-aichi-bl5s1.metadata",
    ],
)
def test_no_defect_of_the_corpus_becomes_a_public_fact(name: str, shared: Path) -> None:
    path = shared / "data/corpus/mdr-records/mdr-xafs-db" / f"mdr-{name}.json"
    seen = look(path, path.name)
    assert seen.reading is not None
    public = said(seen.reading)
    for wrong in (
        "L21",
        "N/A",
        "Pb-foil",
        "12.7185",
        "0 mA",
        "2014S0000",
        "2021Z000",
        "Ofuchi",
        "XAFS_Standard",
    ):
        assert wrong not in public


def test_a_person_is_suggested_only_where_no_house_is_credited(tmp_path: Path) -> None:
    person = '"data_depositor": {"name": "Anna Example"'
    reading = read(tmp_path, SAMPLE, ('"data_depositor": {"name": "Photon Factory"', person))
    assert reading.forms[0].values["creators"] == [{"name": "Photon Factory"}]
    assert not [each for each in reading.suggestions if each.startswith("/creators")]
    reading = read(
        tmp_path, SAMPLE, ('"data_depositor": {"name": "Photon Factory"', person), ('"role"', '"x"')
    )
    assert reading.forms[0].values["creators"] == [{"name": "Photon Factory"}], "a known facility is a house"


def test_the_record_of_the_repository(tmp_path: Path) -> None:
    reading = read(tmp_path, record())
    form = reading.forms[0]
    assert form.values["spectra"] == [
        {"files": ["Cu001.dat"], "element": "Cu", "edge": "K", "technique": "XAFS"}
    ]
    assert (form.values["facility"], form.values["beamline"]) == ("Photon Factory", "BL-9C")
    assert form.values["sample"] == {"name": "Copper(II) oxide"}
    assert (form.values["doi"], form.values["collection_doi"]) == ("10.48505/nims.0", "10.48505/nims.1447")
    assert form.values["license"] == "cc-by-nc-sa-4.0"
    assert form.values["creators"] == [
        {"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097"},
        {"name": "Photon Factory"},
    ]
    assert codes(reading) == ["mdr-licence-relative"]
    assert reading.suggestions == {}
    document = assess(form, today=TODAY).document
    assert document["license"] == "http://creativecommons.org/licenses/by-nc-sa/4.0/"


def test_a_record_with_a_wrong_edge_asks_for_it(tmp_path: Path) -> None:
    reading = read(tmp_path, record(edge="Pb L21-edge", name="XAFS spectrum of lead"))
    assert "document-edge" in codes(reading)
    assert reading.suggestions == {f"{SPECTRUM}/element": "Pb"}
    assert not {"element", "edge"} & reading.forms[0].values["spectra"][0].keys()


def test_a_record_that_is_not_xafs_is_refused_with_the_reason(tmp_path: Path) -> None:
    text = record(name="Tensile tests", description="Tensile tests of a steel.")
    reading = read(tmp_path, text)
    assert (reading.is_xafs, reading.forms, codes(reading)) == (False, [], ["record-not-xafs"])
    assert reading.findings[0].value == "Tensile tests"


def test_the_mdr_schema(tmp_path: Path) -> None:
    ror = "https://ror.org/01g5y5k24"
    text = f"""
titles:
  - {{title: XAFS spectrum of an alloy, title_type: original, lang: en}}
  - {{title: internal number, title_type: alternative}}
resource_type: dataset
visibility: closed
doi: 10.99999/example
descriptions:
  - description: "{SENTENCE.format(edge="Cr K-edge", sample="an alloy", place="SPring-8 BL14B2")}"
creators:
  - {{name: Example division, ror: "{ror}"}}
  - {{name: Josiah Carberry, orcid: "https://orcid.org/0000-0002-1825-0097", organization: Example house, ror: "{ror}"}}
rights:
  - {{description: some words, identifier: "https://creativecommons.org/licenses/by/4.0/"}}
managing_organization: {{organization: Example house, ror: "{ror}"}}
chemical_compositions:
  - description: W(CO)6
contact_agents:
  - {{name: Anna Example, email: anna@example.org}}
"""
    reading = read(tmp_path, text)
    form = reading.forms[0]
    assert form.values["title"] == {"en": "XAFS spectrum of an alloy"}
    assert form.values["access"] == "metadata-only"
    assert form.values["creators"] == [
        {"name": "Example division"},
        {
            "name": "Josiah Carberry",
            "orcid": "0000-0002-1825-0097",
            "affiliation": {"name": "Example house", "ror": "01g5y5k24"},
        },
    ]
    assert form.get("/sample/formula") is None
    assert codes(reading) == ["mdr-ror", "mdr-formula-absorber"]
    assert "Anna" not in str(form.values)
    right = read(tmp_path, text, ("W(CO)6", "Co42Cr20Fe18Ni13W3Mo2Mn2"))
    assert right.forms[0].get("/sample/formula") == "Co42Cr20Fe18Ni13W3Mo2Mn2"


def test_no_member_of_another_family_is_taken_for_mdr(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in (
        '{"data_info": {}, "sample": [], "measurement": {}, "other": 1}',
        '{"data_info": {"deposite_time": 1}, "sample": [], "measurement": {}}',
        '{"note": "data_info"}',
        '{"@context": "https://schema.org", "name": "mdr"}',
    ):
        path.write_text(text, encoding="utf-8")
        assert READER.sniff(Source(path, "a.json")) == 0, text
