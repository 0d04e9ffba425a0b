from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source, choose
from catalog.readers.xasdb import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLE: dict[str, Any] = json.loads((ROOT / "tests/data/samples/xasdb.json").read_text(encoding="utf-8"))
SPECTRUM = "/spectra/0"
ZENODO: dict[str, Any] = {
    "created": "2026-05-01",
    "id": 1,
    "doi": "10.99999/example.1",
    "metadata": {
        "title": "Raw XAS data of zinc foils, example data",
        "description": "<p>Measured at the Advanced Photon Source.</p>",
        "access_right": "open",
        "creators": [
            {"name": "Josiah Carberry", "affiliation": "Example House", "orcid": "0000-0002-1825-0097"}
        ],
        "resource_type": {"type": "dataset"},
        "license": {"id": "cc-by-4.0"},
        "related_identifiers": [{"identifier": "10.99999/paper", "relation": "isSupplementTo"}],
        "notes": "Thanks to Anna Example.",
    },
    "links": {"self": "https://example.org"},
    "files": [{"key": "a.dat"}, {"key": "b.dat"}],
}


def read(folder: Path, document: dict[str, Any], indent: int | None = 1) -> Reading:
    path = folder / "file.json"
    path.write_text(json.dumps(document, indent=indent), encoding="utf-8")
    source = Source(path, "file.json")
    assert choose(source) is READER
    return READER.read(source)


def header(**changes: Any) -> dict[str, Any]:
    return SAMPLE | {"header": SAMPLE["header"] | changes}


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


@pytest.mark.parametrize("indent", [1, None])
def test_a_spectrum_of_xasdb_on_many_lines_or_on_one(indent: int | None, tmp_path: Path) -> None:
    reading = read(tmp_path, SAMPLE, indent)
    form = reading.forms[0]
    spectrum = form.values["spectra"][0]
    assert {pair["key"]: pair["value"] for pair in spectrum.pop("header")} == {
        "Scan.edge_energy": "4966 eV",
        "Scan.number": "scan1",
        "Beamline.flux": "1E12 ph/s",
        "XASDB.sid": "Ti_idexample",
        "XASDB.url": "https://example.org/DB/Ti/HXMA/example.dat",
    }
    assert spectrum == {
        "element": "Ti",
        "edge": "K",
        "mode": "transmission",
        "temperature": "77 K",
        "ring_energy": "2.90 GeV",
        "started": "2026-05-01",
    }
    assert form.values["sample"] == {
        "name": "Rutile, example data",
        "formula": "TiO2",
        "preparation": "powder",
    }
    assert (form.values["license"], form.values["papers"]) == ("CC BY 4.0", ["10.99999/example.paper"])
    assert reading.suggestions == {
        "/creators/0/name": "Example Researcher A",
        "/creators/0/affiliation": "Example University",
        "/creators/1/name": "Example Researcher B",
        "/creators/1/affiliation": "Example University",
    }
    private = {pair.key for pair in reading.private}
    assert {"Publication.authors", "cache_path", "filepath"} <= private
    assert {"xasdb-crystals", "xasdb-authors", "xdi-field-missing"} <= set(codes(reading))


def test_the_crystals_of_a_beamline_are_not_the_one_used(tmp_path: Path) -> None:
    assert read(tmp_path, SAMPLE).forms[0].get(f"{SPECTRUM}/monochromator") is None
    one = read(tmp_path, header(**{"Mono.name": "Si(111)"}))
    assert one.forms[0].get(f"{SPECTRUM}/monochromator/reflection") == "111"
    assert "xasdb-crystals" not in codes(one)


@pytest.mark.parametrize(
    ("key", "value", "code", "absent"),
    [
        ("Element.edge", {"L21": 1}, "xdi-value-refused", "edge"),
        ("Element.edge", "L", "xdi-value-refused", "edge"),
        ("Beamline.scan_mode", "Sideways", "document-refused", "mode"),
        ("Sample.temperature", "room temp", "xdi-value-in-words", "temperature"),
        ("Facility.energy", "0 GeV", "xdi-value-refused", "ring_energy"),
    ],
)
def test_what_cannot_be_read_is_reported_and_left_out(
    key: str, value: Any, code: str, absent: str, tmp_path: Path
) -> None:
    reading = read(tmp_path, header(**{key: value}))
    assert code in codes(reading)
    assert reading.forms[0].get(f"{SPECTRUM}/{absent}") is None


def test_a_record_of_zenodo_asks_for_element_and_edge(tmp_path: Path) -> None:
    reading = read(tmp_path, ZENODO)
    form = reading.forms[0]
    assert form.values == {
        "spectra": [{}],
        "title": "Raw XAS data of zinc foils, example data",
        "description": "Measured at the Advanced Photon Source.",
        "doi": "10.99999/example.1",
        "papers": ["10.99999/paper"],
        "license": "cc-by-4.0",
        "access": "open",
        "creators": [
            {
                "name": "Josiah Carberry",
                "orcid": "0000-0002-1825-0097",
                "affiliation": {"name": "Example House"},
            }
        ],
    }
    assert reading.suggestions == {f"{SPECTRUM}/element": "Zn", "/facility": "Advanced Photon Source"}
    assert codes(reading) == ["record-several-files"]
    assert "Anna" not in str(form.values)


def test_a_record_of_the_newer_zenodo(tmp_path: Path) -> None:
    document = {
        "created": "2026-05-01",
        "id": "abc",
        "links": {},
        "pids": {"doi": {"identifier": "10.99999/example.2"}},
        "access": {"record": "public"},
        "metadata": {
            "title": "EXAFS of copper",
            "resource_type": {"id": "dataset"},
            "rights": [{"id": "cc-by-4.0"}],
            "creators": [
                {
                    "person_or_org": {
                        "name": "Carberry, Josiah",
                        "identifiers": [{"identifier": "0000-0002-1825-0097", "scheme": "orcid"}],
                    },
                    "affiliations": [{"name": "Example House"}],
                }
            ],
        },
    }
    values = read(tmp_path, document).forms[0].values
    assert (values["doi"], values["access"], values["license"]) == ("10.99999/example.2", "open", "cc-by-4.0")
    assert values["creators"][0]["orcid"] == "0000-0002-1825-0097"


def test_the_end_of_an_embargo_is_taken_over(tmp_path: Path) -> None:
    changes = {"access_right": "embargoed", "embargo_date": "2027-04-01"}
    values = read(tmp_path, ZENODO | {"metadata": ZENODO["metadata"] | changes}).forms[0].values
    assert (values["access"], values["available"]) == ("embargoed", "2027-04-01")


def test_other_records_are_refused_with_the_reason(tmp_path: Path) -> None:
    for changes, code in (
        ({"title": "Songs of whales", "description": ""}, "record-not-xafs"),
        ({"resource_type": {"type": "software"}}, "record-not-data"),
    ):
        reading = read(tmp_path, ZENODO | {"metadata": ZENODO["metadata"] | changes})
        assert (reading.is_xafs, reading.forms, codes(reading)) == (False, [], [code])


def test_a_header_of_thousands_of_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="more than 500 entries"):
        read(tmp_path, header(**{f"A.b{number}": "x" for number in range(600)}))
