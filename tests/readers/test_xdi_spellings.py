from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading, choose
from catalog.readers.xdi import READER

SPECTRUM = "/spectra/0"


def codes(reading: Reading) -> set[str]:
    return {item.code for item in reading.findings}


def the(reading: Reading, code: str) -> Any:
    (found,) = [item for item in reading.findings if item.code == code]
    return found


# Spellings and quirks of real files


@pytest.mark.parametrize(
    "line",
    [
        "#XDI/1.1",
        "# XDI/1.0",
        "#XDI/1.1    Epics StepScan File / 2.0",
        "# XDI/1.0 BlueSky/1.15.0 BMM/terminal",
        "  #  XDI/1.0  GSE/1.0 ",
    ],
)
def test_version_lines(xdi: Any, line: str) -> None:
    source = xdi.source(xdi.text(first=line))
    assert READER.sniff(source) == 100
    assert READER.read(source).forms[0].get("/sample/name") == "Cu"


@pytest.mark.parametrize("name", ["scan.dat", "scan.001", "scan", "scan.csv"])
def test_content_decides_and_not_the_name(xdi: Any, name: str) -> None:
    chosen = choose(xdi.source(xdi.text(), name))
    assert chosen is not None
    assert chosen.name == "xdi"


@pytest.mark.parametrize(
    "first",
    ["", "# energy eV", "# XDI", "XDI/1.0", "#XDIX/1.0", "  9809     KEK-PF  BL9C", "# Title XDI/1.0"],
)
def test_other_files_are_left_to_others(xdi: Any, first: str) -> None:
    source = xdi.source(xdi.text(first=first))
    assert READER.sniff(source) == 0
    with pytest.raises(UnreadableInput, match="no XDI version line"):
        READER.read(source)


def test_an_unknown_version_is_read_and_reported(xdi: Any) -> None:
    reading = xdi.read(xdi.text(first="# XDI/2.3"))
    assert the(reading, "xdi-version").value == "2.3"
    assert reading.forms


VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "bom": lambda plain: b"\xef\xbb\xbf" + plain,
    "crlf": lambda plain: plain.replace(b"\n", b"\r\n"),
    "cr": lambda plain: plain.replace(b"\n", b"\r"),
    "ctrl-z": lambda plain: plain + b"\x1a",
    "ctrl-z and more": lambda plain: plain + b"\n\x1a\n\x00\x00binary rest",
    "nul padding": lambda plain: plain + b"\x00" * 100,
    "blank lines at the end": lambda plain: plain + b"\n\n   \n",
    "no end of the last line": lambda plain: plain.rstrip(b"\n"),
    "utf-16-le": lambda plain: b"\xff\xfe" + plain.decode().encode("utf-16-le"),
    "utf-16-be": lambda plain: b"\xfe\xff" + plain.decode().encode("utf-16-be"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_encodings_line_ends_and_trailers(xdi: Any, variant: str) -> None:
    plain = xdi.text().encode()
    source = xdi.source(VARIANTS[variant](plain))
    assert READER.sniff(source) == 100
    assert READER.read(source).forms[0].values == xdi.read(plain).forms[0].values


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1252", "Prüfkörper"), ("cp932", "鉄箔の試料"), ("cp1252", "5 µm")]
)
def test_other_encodings_are_told_apart(xdi: Any, encoding: str, word: str) -> None:
    reading = xdi.read(xdi.swapped("Sample.name", word).encode(encoding))
    assert reading.forms[0].get("/sample/name") == word
    assert the(reading, "xdi-encoding").value == encoding


def test_nul_in_the_text_is_refused_with_its_line(xdi: Any) -> None:
    with pytest.raises(UnreadableInput, match=r"file.xdi:3: the line holds NUL bytes"):
        xdi.read(xdi.text().encode().replace(b"Column.2", b"Colu\0mn.2"))


@pytest.mark.parametrize(
    ("pointer", "entries"),
    [
        (f"{SPECTRUM}/element", ["Scan.element: Cu", "Scanparameters.element: cu"]),
        (f"{SPECTRUM}/edge", ["Scan.edge: K", "ScanParameters.Edge: K-edge"]),
        (
            f"{SPECTRUM}/monochromator/d_spacing",
            ["Mono.dspacing: 3.13553  ||  13IDE:En:dspace.VAL", "Monochromator.dspacing: 3.13553"],
        ),
        (f"{SPECTRUM}/monochromator/reflection", ["Monochromator.name: Si(111), LN2 cooled"]),
    ],
)
def test_other_spellings_of_a_name_are_accepted_and_flagged(
    xdi: Any, pointer: str, entries: list[str]
) -> None:
    usual = {"element": "Element.symbol", "edge": "Element.edge", "d_spacing": "Mono.d_spacing"}
    key = usual.get(pointer.rpartition("/")[2], "Mono.name")
    expected = xdi.read(xdi.text()).forms[0].get(pointer)
    for entry in entries:
        reading = xdi.read(xdi.text(entry, drop=f"# {key}:"))
        assert reading.forms[0].get(pointer) == expected
        found = the(reading, "xdi-alias")
        assert (found.path.startswith(pointer.rpartition("/")[0]), found.value, found.line) == (True, key, 2)
        assert "xdi-field-missing" not in codes(reading)


def test_the_name_of_the_dictionary_wins_and_a_disagreement_is_reported(xdi: Any) -> None:
    reading = xdi.read(xdi.text("Scan.element: Fe", "ScanParameters.element: Cu"))
    assert reading.forms[0].get(f"{SPECTRUM}/element") == "Cu"
    found = the(reading, "xdi-contradicts")
    assert (found.value, found.line, found.severity) == ("Fe", 2, "error")
    assert "Element.symbol says 'Cu'" in found.text("en")
    assert "xdi-alias" not in codes(reading)


def test_an_edge_that_names_its_element(xdi: Any) -> None:
    form = xdi.read(xdi.text("Element.edge: Cu L2,3", drop="# Element.")).forms[0]
    assert (form.get(f"{SPECTRUM}/element"), form.get(f"{SPECTRUM}/edge")) == ("Cu", ["L2", "L3"])
    reading = xdi.read(xdi.swapped("Element.edge", "Fe K"))
    assert reading.forms[0].get(f"{SPECTRUM}/element") == "Cu"
    assert the(reading, "xdi-contradicts").value == "Fe K"


@pytest.mark.parametrize("key", ["Element.edge", "Element.symbol"])
def test_of_two_elements_or_edges_none_is_chosen(xdi: Any, key: str) -> None:
    said = {"Element.edge": ("K", "L3"), "Element.symbol": ("Cu", "Fe")}[key]
    reading = xdi.read(xdi.text(*(f"{key}: {value}" for value in said), drop=f"# {key}"))
    assert reading.forms[0].get(f"{SPECTRUM}/{key.split('.')[1].replace('symbol', 'element')}") is None
    found = the(reading, "xdi-contradicts")
    assert (found.severity, found.value) == ("error", said[1])
    assert f"says {said[0]!r}" in found.text()
    same = xdi.read(xdi.text(f"{key}: {said[0]}", f"{key}: {said[0].lower()}", drop=f"# {key}"))
    assert "xdi-contradicts" not in codes(same)


def test_repeated_keys_take_the_last_value(xdi: Any) -> None:
    reading = xdi.read(
        xdi.text(
            "Sample.name: first",
            "SAMPLE.NAME: last",
            "Any.thing: 1",
            "Any.thing: 2",
            drop="# Sample.name",
        )
    )
    assert reading.forms[0].get("/sample/name") == "last"
    found = the(reading, "xdi-repeated")
    assert (found.value, found.line) == ("last", 3)
    assert [pair.value for pair in reading.private if pair.key in {"Any.thing", "Sample.name"}] == [
        "first",
        "1",
        "2",
    ]


def test_epics_names_units_and_comments_in_column_labels(xdi: Any) -> None:
    columns = [
        "Column.1: Energy eV  ||  13IDE:En:Energy.VAL",
        "Column.2: I0 counts || 13IDE:scaler1.S2",
        "Column.3: ifluor # deadtime-corrected",
        "Column.4: raw_fluor # not deadtime-corrected",
    ]
    curve = xdi.read(xdi.text(*columns, drop="# Column.")).curves[0, SPECTRUM]
    assert curve.signal_label == "ifluor/i0"
    assert curve.signal[0] == pytest.approx(550643.089065 / 149013.7)


def test_section_markers_are_no_statements(xdi: Any) -> None:
    markers = [
        "Legend.Start:  Column.N: Name units || EpicsPV",
        "Legend.End: here",
        "ScanParameters.Start: Scan.Member: Value",
    ]
    reading = xdi.read(xdi.text(*markers))
    assert not {pair.key for pair in reading.private} & {"Legend.Start", "Legend.End", "ScanParameters.Start"}


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("3.1354087 Å", "3.1354087 Å"),
        ("3.1354087 \u212b", "3.1354087 \u212b"),
        ("3.13553 A", "3.13553 A"),
        ("3.13553", "3.13553 Å"),
        ("0.313553 nm", "0.313553 nm"),
    ],
)
def test_d_spacing(xdi: Any, stated: str, kept: str) -> None:
    reading = xdi.read(xdi.swapped("Mono.d_spacing", stated))
    assert reading.forms[0].get(f"{SPECTRUM}/monochromator/d_spacing") == kept
    assert reading.findings == []


@pytest.mark.parametrize("stated", ["3.0", "3.0 geV", "3.0 GeV", "3000 MeV"])
def test_ring_energy(xdi: Any, stated: str) -> None:
    reading = xdi.read(xdi.swapped("Facility.energy", stated))
    assert reading.forms[0].get(f"{SPECTRUM}/ring_energy") == (stated if " " in stated else "3.0 GeV")
    assert codes(reading) == (set() if " " in stated else {"xdi-unit-assumed"})


def test_ring_current_zero_is_not_recorded(xdi: Any) -> None:
    reading = xdi.read(xdi.text("Facility.current: 0.0 mA"))
    assert reading.forms[0].get(f"{SPECTRUM}/ring_current") is None
    assert the(reading, "xdi-placeholder").value == "0.0 mA"


@pytest.mark.parametrize(
    "stated", ["room temperature", "room temp", "Room Temperature", "RT", "室温", "ambient"]
)
def test_a_temperature_in_words_stays_words(xdi: Any, stated: str) -> None:
    reading = xdi.read(xdi.text(f"Sample.temperature: {stated}"))
    form = reading.forms[0]
    assert form.get(f"{SPECTRUM}/temperature") is None
    assert {"key": "Sample.temperature", "value": stated} in form.get(f"{SPECTRUM}/header")
    assert the(reading, "xdi-value-in-words").path == f"{SPECTRUM}/temperature"
    assert "298" not in repr(form.values) + repr(reading.suggestions)


@pytest.mark.parametrize("stated", ["10K", "10 K", "-263.15 °C"])
def test_a_temperature_in_numbers(xdi: Any, stated: str) -> None:
    reading = xdi.read(xdi.text(f"Sample.temperature: {stated}"))
    assert reading.forms[0].get(f"{SPECTRUM}/temperature") == stated
    assert reading.findings == []


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("2001-06-26T22:27:31", "2001-06-26T22:27:31"),
        ("2001-06-26 22:27:31", "2001-06-26T22:27:31"),
        ("2001-06-26 22:27", "2001-06-26T22:27:00"),
        ("2001-06-26T22:27:31.25+09:00", "2001-06-26T22:27:31.250000+09:00"),
        ("2001-06-26T22:27:31Z", "2001-06-26T22:27:31+00:00"),
        ("2001-06-26", "2001-06-26"),
    ],
)
def test_dates_get_a_zone_only_where_one_is_stated(xdi: Any, stated: str, kept: str) -> None:
    assert xdi.read(xdi.swapped("Scan.start_time", stated)).forms[0].get(f"{SPECTRUM}/started") == kept


def test_an_end_before_the_start_is_reported(xdi: Any) -> None:
    assert the(xdi.read(xdi.text("Scan.end_time: 2001-06-26 22:00:00")), "xdi-dates").severity == "warning"
    assert "xdi-dates" not in codes(xdi.read(xdi.text("Scan.end_time: 2001-06-26 23:00:00")))


@pytest.mark.parametrize("placeholder", ["...", "X", "n/a", "NaN", "?"])
def test_placeholders_are_left_out_and_kept_privately(xdi: Any, placeholder: str) -> None:
    reading = xdi.read(xdi.swapped("Sample.name", placeholder))
    assert reading.forms[0].get("/sample/name") is None
    assert the(reading, "xdi-placeholder").value == placeholder
    assert placeholder in [pair.value for pair in reading.private if pair.key == "Sample.name"]


def test_unknown_is_a_statement(xdi: Any) -> None:
    assert xdi.read(xdi.text("Sample.formula: Unknown")).forms[0].get("/sample/formula") == "unknown"


@pytest.mark.parametrize(
    "formula", ["Fe(1-x)S", "(Fe,Ni)9S8", "Ni_OH_2", "Zn3(PO4)2·4H2O", "Fe4(OH)8 Cl n(H2O)"]
)
def test_any_formula_is_kept_as_stated(xdi: Any, formula: str) -> None:
    reading = xdi.read(xdi.text(f"Sample.formula: {formula}"))
    assert reading.forms[0].get("/sample/formula") == formula


@pytest.mark.parametrize(
    ("entry", "pointer", "value"),
    [
        ("Scan.license: CC BY 4.0", "/license", "CC BY 4.0"),
        ("Data.doi: https://doi.org/10.18434/mds2-4032", "/doi", "10.18434/mds2-4032"),
        ("Publication.DOI: https://doi.org/10.20383/103.01329", "/papers/0", "10.20383/103.01329"),
        ("Scan.detection_mode: Fluorescence mode", f"{SPECTRUM}/mode", "fluorescence"),
        ("Detector.mode: TEY", f"{SPECTRUM}/mode", "electron-yield"),
        ("ScanParameters.ScanType: xafs", f"{SPECTRUM}/technique", "XAFS"),
        ("Sample.cas: 7440-50-8", "/sample/cas", "7440-50-8"),
        ("Sample.thickness: 5 um", "/sample/thickness", "5 um"),
    ],
)
def test_further_entries(xdi: Any, entry: str, pointer: str, value: str) -> None:
    assert xdi.read(xdi.text(entry)).forms[0].get(pointer) == value


@pytest.mark.parametrize(
    ("key", "value", "pointer"),
    [
        ("Element.symbol", "Foo", f"{SPECTRUM}/element"),
        ("Element.edge", "Bar", f"{SPECTRUM}/edge"),
        ("Element.edge", "L21-edge", f"{SPECTRUM}/edge"),
        ("Element.edge", "L", f"{SPECTRUM}/edge"),
        ("Mono.d_spacing", "wide", f"{SPECTRUM}/monochromator/d_spacing"),
        ("Mono.d_spacing", "-3.13553", f"{SPECTRUM}/monochromator/d_spacing"),
        ("Mono.d_spacing", "313.553", f"{SPECTRUM}/monochromator/d_spacing"),
        ("Mono.name", "sapphire", f"{SPECTRUM}/monochromator/crystal"),
        ("Scan.start_time", "2001-26-6T22:27:31", f"{SPECTRUM}/started"),
        ("Scan.start_time", "26 June 2001", f"{SPECTRUM}/started"),
        ("Scan.start_time", "2001-02-30 00:00:00", f"{SPECTRUM}/started"),
        ("Sample.temperature", "warm", f"{SPECTRUM}/temperature"),
        ("Sample.temperature", "25", f"{SPECTRUM}/temperature"),
        ("Sample.temperature", "-300 C", f"{SPECTRUM}/temperature"),
        ("Facility.energy", "7.00 missing units", f"{SPECTRUM}/ring_energy"),
        ("Facility.current", "101x ma", f"{SPECTRUM}/ring_current"),
        ("Data.doi", "10/x", "/doi"),
        ("Sample.cas", "7440-50-9", "/sample/cas"),
    ],
)
def test_a_wrong_value_is_a_finding_and_no_fact(xdi: Any, key: str, value: str, pointer: str) -> None:
    reading = xdi.read(xdi.swapped(key, value))
    assert reading.forms[0].get(pointer) is None
    found = the(reading, "xdi-value-refused")
    assert (found.severity, found.value, found.line) == ("warning", value, 2)
    assert pointer.startswith(found.path)
    assert key in found.text("en")
    assert key in found.text("ja")
    assert value in [pair.value for pair in reading.private if pair.key == key]


@pytest.mark.parametrize("key", ["Sample.preparation", "Sample.name", "Sample.prep"])
def test_a_text_that_names_somebody_stays_private(xdi: Any, key: str) -> None:
    reading = xdi.read(xdi.text(f"{key}: prepared by Hanako Exampleperson", drop="# Sample."))
    assert "Exampleperson" not in str(reading.forms[0].values)
    assert "prepared by Hanako Exampleperson" in {pair.value for pair in reading.private}
    assert key.split(".")[1] in str(the(reading, "xdi-names-people").value)
