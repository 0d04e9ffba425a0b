from __future__ import annotations

import math
from typing import Any

import pytest

from catalog.readers import Reading
from catalog.readers.xdi import READER

SPECTRUM = "/spectra/0"


def codes(reading: Reading) -> set[str]:
    return {item.code for item in reading.findings}


def the(reading: Reading, code: str) -> Any:
    (found,) = [item for item in reading.findings if item.code == code]
    return found


# What a good file gives


def test_a_good_file_fills_the_form(xdi: Any) -> None:
    reading = xdi.read(xdi.text())
    (form,) = reading.forms
    assert form.values == {
        "facility": "APS",
        "beamline": "13ID",
        "sample": {"name": "Cu", "preparation": "Cu metal foil"},
        "spectra": [
            {
                "element": "Cu",
                "edge": "K",
                "ring_energy": "7.00 GeV",
                "monochromator": {
                    "type": "crystal",
                    "crystal": "Si",
                    "reflection": "111",
                    "d_spacing": "3.13553 Å",
                },
                "started": "2001-06-26T22:27:31",
                "energy": {"first": "8779 eV", "last": "8999.5 eV", "points": "3"},
                "header": [
                    {"key": "Scan.edge_energy", "value": "8980.0"},
                    {"key": "Beamline.focusing", "value": "yes"},
                    {"key": "Facility.xray_source", "value": "APS Undulator A"},
                    {"key": "Detector.i0", "value": "10cm  N2"},
                ],
            }
        ],
    }
    assert reading.is_xafs
    assert reading.findings == []


def test_every_value_has_its_origin(xdi: Any) -> None:
    source = xdi.source(
        xdi.swapped("Facility.current", "101.8 mA || S:SRcurrentAI.VAL"), given="given/name.xdi"
    )
    (form,) = READER.read(source).forms
    origin = form.origins[f"{SPECTRUM}/ring_current"]
    assert (origin.kind, origin.source, origin.line) == ("header", "given/name.xdi", 2)
    assert (origin.key, origin.raw) == ("Facility.current", "101.8 mA || S:SRcurrentAI.VAL")
    first = form.origins[f"{SPECTRUM}/energy/first"]
    assert (first.line, first.key, first.raw) == (27, "Column.1", "8779.0")
    for pointer in (
        "/facility",
        "/sample/name",
        f"{SPECTRUM}/element",
        f"{SPECTRUM}/monochromator/crystal",
        f"{SPECTRUM}/header/0",
    ):
        assert form.origins[pointer].key, pointer


def test_what_nobody_mapped_stays_private_with_the_comments(xdi: Any) -> None:
    reading = xdi.read(xdi.text())
    assert [(pair.key, pair.value, pair.line) for pair in reading.private if "." in pair.key] == [
        ("Column.1", "energy eV", 2),
        ("Column.2", "i0", 3),
        ("Column.3", "itrans", 4),
        ("Column.4", "mutrans", 5),
        ("GSE.EXTRA", "config 1", 20),
    ]
    assert [pair.value for pair in reading.private if pair.key == "comment"] == [
        "Cu foil Room Temperature",
        "measured at beamline 13-ID",
    ]


def test_what_is_inferred_is_suggested_and_not_stated(xdi: Any) -> None:
    reading = xdi.read(xdi.text())
    assert reading.suggestions == {
        f"{SPECTRUM}/mode": "transmission",
        f"{SPECTRUM}/temperature": "room temperature",
    }
    assert reading.forms[0].get(f"{SPECTRUM}/temperature") is None


def test_the_curve_is_the_absorption_column(xdi: Any) -> None:
    curve = xdi.read(xdi.text()).curves[0, SPECTRUM]
    assert curve.energy_ev == (8779.0, 8789.0, 8999.5)
    assert curve.signal == (-1.3070486, -1.3006104, -1.3033816)
    assert curve.signal_label == "mutrans"


# Names, people and proposals

PERSONAL = {
    "Scan.experimenters": "Ada Example, Ben Example",
    "Sample.experimenters": "Ada Example",
    "Experiment.User_Name": "Example",
    "Publication.authors": "Ada Example",
    "Facility.GUP": "301027",
    "Facility.SAF": "310583",
    "Experiment.Proposal_Number": "77172",
    "Scan.uid": "7f73b169-c664-4e8e-b0a5-c4ebab800bb6",
    "Scan.transient_id": "6986",
    "Scan.file": "/export/example/data/x.dat",
    "Beamline.software": "started by ada@example.org",
    "Mono.notes": "detuned by Ada",
}


def test_nothing_personal_becomes_public(xdi: Any) -> None:
    reading = xdi.read(xdi.text(*(f"{key}: {value}" for key, value in PERSONAL.items())))
    public = repr(reading.forms[0].values)
    for key, value in PERSONAL.items():
        assert value not in public, key
    assert {pair.key for pair in reading.private} >= PERSONAL.keys()


@pytest.mark.parametrize(
    "key", [key for key in PERSONAL if key not in {"Scan.uid", "Scan.transient_id", "Mono.notes"}]
)
def test_a_file_that_names_people_or_proposals_is_reported(xdi: Any, key: str) -> None:
    found = the(xdi.read(xdi.text(f"{key}: {PERSONAL[key]}")), "xdi-names-people")
    assert (found.severity, found.line, found.value) == ("warning", 2, key)
    assert PERSONAL[key] not in found.text("en") + found.text("ja")


def test_people_in_the_comments_are_reported(xdi: Any) -> None:
    reading = xdi.read(xdi.text().replace("# measured at beamline 13-ID", "# sample courtesy Ada Example"))
    assert the(reading, "xdi-names-people").value == "comment"


def test_a_placeholder_is_no_proposal(xdi: Any) -> None:
    assert "xdi-names-people" not in codes(xdi.read(xdi.text("Facility.GUP: 123456")))


# Missing element and edge


def test_a_missing_edge_is_reported_and_not_invented(xdi: Any) -> None:
    reading = xdi.read(xdi.text(drop="# Element.edge"))
    found = the(reading, "xdi-field-missing")
    assert (found.value, found.path) == ("Element.edge", f"{SPECTRUM}/edge")
    assert reading.forms[0].get(f"{SPECTRUM}/edge") is None


def step(edge_ev: float) -> list[str]:
    """Rows of a smooth absorption step, scanned in fine steps around it."""
    grid = [edge_ev - 150 + 10 * i for i in range(13)] + [edge_ev - 20 + 0.5 * i for i in range(120)]
    grid += [edge_ev + 45 + 4 * i for i in range(100)]
    return [
        f"{e:.2f} 100000 {100000 * math.exp(-1.2 - math.atan((e - edge_ev) / 2) / 3):.3f} 0" for e in grid
    ]


STEP_COLUMNS = ["Column.1: energy eV", "Column.2: i0", "Column.3: itrans", "Column.4: time"]


def test_element_and_edge_are_suggested_from_the_curve(xdi: Any) -> None:
    drop = ("# Element", "# Column")
    source = xdi.source(xdi.text(*STEP_COLUMNS, drop=drop, rows=step(8983.0)))
    reading = READER.read(source)
    assert reading.suggestions[f"{SPECTRUM}/element"] == "Cu"
    assert reading.suggestions[f"{SPECTRUM}/edge"] == "K"
    assert reading.forms[0].get(f"{SPECTRUM}/element") is None


def test_the_curve_must_agree_with_the_stated_element(xdi: Any) -> None:
    reading = xdi.read(
        xdi.text(*STEP_COLUMNS, "Element.symbol: Fe", drop=("# Element", "# Column"), rows=step(8983.0))
    )
    assert f"{SPECTRUM}/edge" not in reading.suggestions


def test_element_edge_and_sample_are_suggested_from_the_file_name(xdi: Any) -> None:
    drop = ("# Element", "# Sample")
    reading = xdi.read(xdi.text(drop=drop), given="some/folder/Br-K-NaBrO3.xdi")
    suggested = {
        key: reading.suggestions[key] for key in (f"{SPECTRUM}/element", f"{SPECTRUM}/edge", "/sample/name")
    }
    assert list(suggested.values()) == ["Br", "K", "NaBrO3"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Fe-K-foil.xdi", "xdi-name-disagrees"),
        ("Cu_L3_foil.xdi", "xdi-name-disagrees"),
        ("Fe/foil.xdi", "xdi-folder-disagrees"),
    ],
)
def test_the_header_wins_over_names_and_the_conflict_is_reported(xdi: Any, name: str, code: str) -> None:
    reading = xdi.read(xdi.text(), given=name)
    assert reading.forms[0].get(f"{SPECTRUM}/element") == "Cu"
    assert codes(reading) == {code}


@pytest.mark.parametrize(
    "name", ["Cu-K-foil.xdi", "Cu/foil.xdi", "foil.xdi", "data/Cu_foil_rt_01.xdi", "Fe_Cu-K.xdi"]
)
def test_names_that_agree_are_no_conflict(xdi: Any, name: str) -> None:
    assert xdi.read(xdi.text(), given=name).findings == []


def test_reference_channel_and_facility_are_suggested(xdi: Any) -> None:
    entries = ["Column.4: irefer", "Element.reference_material: Cu foil", "Beamline.name: SSRL 2-3"]
    drop = ("# Column.4", "# Facility", "# Beamline")
    reading = xdi.read(xdi.text(*entries, drop=drop))
    assert reading.suggestions["/facility"] == "SSRL"
    assert reading.suggestions[f"{SPECTRUM}/calibration/standard"] == "Cu foil"
    assert reading.forms[0].get("/facility") is None


# The reader as a member of its family


def test_the_reader_describes_itself() -> None:
    assert READER.name == "xdi"
    assert READER.is_data
    assert set(READER.title) == {"en", "ja"}
    assert READER.specification.startswith("https://")
