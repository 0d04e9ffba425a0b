from __future__ import annotations

import csv
import json
import math
import random
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UnreadableInput
from catalog.inspection import look
from catalog.readers import Reading, Source, choose
from catalog.readers._curves import ASSUMED_HC, bragg_energy, implied_hc, thinned_curve
from catalog.readers._pf9809_form import moment, persistent_key
from catalog.readers.pf9809 import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = (ROOT / "tests" / "data" / "samples" / "pf9809.dat").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"


class Pf9809:
    """Makes 9809 files from the bundled example, with texts replaced, and reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def source(self, *swaps: tuple[str, str], name: str = "example01.dat", text: str = SAMPLE) -> Source:
        for old, new in swaps:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = self.folder / "file.dat"
        path.write_bytes(text.encode())
        return Source(path, name)

    def read(self, *swaps: tuple[str, str], name: str = "example01.dat", text: str = SAMPLE) -> Reading:
        return READER.read(self.source(*swaps, name=name, text=text))


@pytest.fixture
def example(tmp_path: Path) -> Pf9809:
    return Pf9809(tmp_path)


def codes(reading: Reading) -> set[str]:
    return {item.code for item in reading.findings}


def value(reading: Reading, code: str) -> str | None:
    (found,) = [item for item in reading.findings if item.code == code]
    return found.value


def test_the_example_says_what_it_says(example: Pf9809) -> None:
    reading = example.read()
    (form,) = reading.forms
    spectrum = form.values["spectra"][0]
    header = {pair["key"]: pair["value"] for pair in spectrum.pop("header")}
    assert form.values["facility"] == "KEK-PF"
    assert form.values["beamline"] == "BL9C"
    assert form.values["sample"] == {"name": "Fe foil (example data, calculated)"}
    assert spectrum == {
        "started": "2026-05-01T09:00:00",
        "ended": "2026-05-01T09:05:00",
        "ring_energy": "2.5 GeV",
        "ring_current": "450.0 mA",
        "monochromator": {"type": "crystal", "crystal": "Si", "reflection": "111", "d_spacing": "3.13551 A"},
        "mode": "transmission",
        "energy": {"points": "51", "first": "7080.001 eV", "last": "7169.999 eV"},
        "calibration": {"hc": ASSUMED_HC},
    }
    assert header["Serial"] == "KEKPF-BL9C_1"
    assert header["Ring current at the end"] == "449.0 mA"
    assert header["Initial angle"] == "13.93260 deg"
    assert header["Block 2"] == "7100.00 to 7130.00 eV, step 1.00 eV, 1.00 s a point, 30 points"
    assert codes(reading) == {"pf9809-energy-computed"}
    assert reading.suggestions == {f"{SPECTRUM}/element": "Fe", f"{SPECTRUM}/edge": "K"}


def test_every_value_has_its_origin(example: Pf9809) -> None:
    form = example.read().forms[0]
    started = form.origins[f"{SPECTRUM}/started"]
    assert (started.kind, started.source, started.line, started.key, started.raw) == (
        "header",
        "example01.dat",
        2,
        "Start",
        "26.05.01 09:00",
    )
    for pointer in ("calibration/hc", "energy/first", "energy/last"):
        assert form.origins[f"{SPECTRUM}/{pointer}"].kind == "inferred"
    assert form.origins[f"{SPECTRUM}/monochromator/d_spacing"].kind == "header"


def test_the_curve_is_the_absorption_against_the_computed_energy(example: Pf9809) -> None:
    curve = example.read().curves[0, SPECTRUM]
    assert curve.signal_label == "ln(I0/I1)"
    assert curve.energy_ev[0] == pytest.approx(7080, abs=0.01)
    assert curve.energy_ev[-1] == pytest.approx(7170, abs=0.01)
    assert curve.signal[0] == pytest.approx(0.316, abs=0.01)
    assert curve.signal[-1] == pytest.approx(1.391, abs=0.01)


@pytest.mark.parametrize(
    ("first_line", "facility", "beamline"),
    [
        ("  9809     KEK-PF   BL9C", "KEK-PF", "BL9C"),
        ("  9809     KEK-PF   NW10A", "KEK-PF", "NW10A"),
        ("   9809     AichiSR  BL5S1", "AichiSR", "BL5S1"),
        ("   9809     AichiSR  BL11S", "AichiSR", "BL11S2"),
        ("  9809     SPring-8 14b2 ", "SPring-8", "14b2"),
        ("  9809     SAGA-LS  BL11", "SAGA-LS", "BL11"),
        ("9809 SPring-8 01b1", "SPring-8", "01b1"),
        ("  9809     KEK-PF", "KEK-PF", None),
    ],
)
def test_facility_and_beamline(example: Pf9809, first_line: str, facility: str, beamline: str | None) -> None:
    source = example.source(("  9809     KEK-PF   BL9C", first_line))
    assert READER.sniff(source) == 100
    form = READER.read(source).forms[0]
    assert (form.get("/facility"), form.get("/beamline")) == (facility, beamline)


def test_years_of_two_digits() -> None:
    assert moment("98.09.01 12:30").isoformat() == "1998-09-01T12:30:00"
    assert moment("22. 5. 1  9:05").isoformat() == "2022-05-01T09:05:00"
    assert moment("00.01.01 00:00").year == 2000
    with pytest.raises(ValueError, match="month"):
        moment("22.13.01 00:00")


def test_the_persistent_key_is_spelt_as_it_was_published(shared: Path) -> None:
    folder = shared / "data" / "corpus"
    record = json.loads(
        (folder / "mdr-records/mdr-xafs-db/mdr-f48a5ce8-kek-pf-bl9c.metadata.json").read_text()
    )
    text = (folder / "jp-9809/excerpts/kek-pf-bl9c_Fe011.head.dat").read_text()
    serial = re.search(r"Serial#(\S+)", text)
    assert serial
    assert persistent_key(serial[1]) == record["data_info"]["identifier"]["pid"] == "KEKPF-BL9C_39215"
    assert persistent_key("something else") is None


def test_what_the_repository_record_says_of_the_same_scan_is_the_same(shared: Path) -> None:
    folder = shared / "data" / "corpus"
    for name, record_name in (
        ("kek-pf-bl9c_Fe011", "mdr-f48a5ce8-kek-pf-bl9c.metadata.json"),
        ("spring8-bl14b2_Pb-L21_PbTe_Si311_50ms_210210", "mdr-3c5953dc-spring8-bl14b2.metadata.all.json"),
    ):
        path = folder / "jp-9809" / "excerpts" / f"{name}.head.dat"
        spectrum = READER.read(Source(path, path.name)).forms[0].values["spectra"][0]
        record = json.loads((folder / "mdr-records/mdr-xafs-db" / record_name).read_text())
        instrument = record["instrument"]
        crystal = instrument.get("monochrometor") or instrument["monochrometer"]
        ring = record["facility"]["ring"]
        assert spectrum["monochromator"]["d_spacing"] == f"{crystal['distance']} A"
        assert f"Si({spectrum['monochromator']['reflection']})" == crystal["net_plane"]
        assert spectrum["ring_energy"] == f"{ring['energy']} GeV"
        assert float(spectrum["ring_current"].split()[0]) == pytest.approx(ring["start_current"], abs=0.05)
        # Minutes are all that the file keeps.
        assert spectrum["started"][:16] == record["measurement"]["date"]["start_time"][:16].replace(" ", "T")


def test_no_ring_current_was_recorded_where_it_is_zero(example: Pf9809) -> None:
    reading = example.read(("450.0 mA -  449.0 mA", "  0.0 mA -    0.0 mA"))
    assert reading.forms[0].get(f"{SPECTRUM}/ring_current") is None
    assert value(reading, "pf9809-placeholder") == "0.0 mA"
    assert "Ring current at the end" not in str(reading.forms[0].values)


def test_an_impossible_ring_current_is_refused(example: Pf9809) -> None:
    reading = example.read(("450.0 mA", "4500. mA"))
    assert reading.forms[0].get(f"{SPECTRUM}/ring_current") is None
    assert codes(reading) >= {"pf9809-refused"}


@pytest.mark.parametrize(
    ("stated", "mode"),
    [
        ("Transmission ( 2)", "transmission"),
        ("Fluorescence( 3)", "fluorescence"),
        ("Electron yield( 4)", "electron-yield"),
        ("Whatever( 2)", "transmission"),
        ("Transmission( 3)", None),
        ("Whatever( 9)", None),
    ],
)
def test_detection_modes(example: Pf9809, stated: str, mode: str | None) -> None:
    reading = example.read(("Transmission( 2)", stated))
    assert reading.forms[0].get(f"{SPECTRUM}/mode") == mode
    assert ("pf9809-refused" in codes(reading)) == (mode is None)


def test_fluorescence_sums_its_channels(example: Pf9809) -> None:
    head, _, _ = SAMPLE.partition("  Angle(c)")
    rows = [
        f"{17.4 - step / 100:10.5f}{17.4 - step / 100:10.5f}{1:10.2f}{100 + step:10d}{200:10d}{1000:10d}{9:10d}"
        for step in range(6)
    ]
    table = [
        "  Angle(c)  Angle(o)    time/s         1         2         3         1",
        "      Mode         0         0         3         3         1       103",
        "    Offset         0         0     0.000     0.000     0.000     0.000",
        *rows,
    ]
    text = head + "\n".join(table) + "\n"
    reading = example.read(("Transmission( 2)", "Fluorescence( 3)"), text=text)
    curve = reading.curves[0, SPECTRUM]
    assert curve.signal_label == "If/I0"
    assert curve.signal == pytest.approx([(300 + step) / 1000 for step in range(6)])


def test_numbers_as_wide_as_their_field_are_told_apart(example: Pf9809) -> None:
    glued = "  17.40000  17.40000      1.0012345678901234567890\n  17.30000  17.30000      1.0012345678911234567891\n"
    text = (
        SAMPLE[: SAMPLE.index("    Offset")] + "    Offset         0         0-12345.678123456.789\n" + glued
    )
    reading = example.read(text=text)
    curve = reading.curves[0, SPECTRUM]
    assert curve.signal == pytest.approx([0.0, 0.0])
    assert reading.forms[0].get(f"{SPECTRUM}/energy/points") == "2"


def test_a_glued_block_is_read_by_its_columns(example: Pf9809) -> None:
    reading = example.read(
        (
            "     1        7080.00   7100.00         2.00       1.00        10",
            "     1     1007080.001007100.00          .35       1.00        10",
        )
    )
    header = {pair["key"]: pair["value"] for pair in reading.forms[0].get(f"{SPECTRUM}/header")}
    assert header["Block 1"].startswith("1007080.00 to 1007100.00 eV, step .35 eV")


def test_a_number_that_did_not_fit_is_lost_and_said_so(example: Pf9809) -> None:
    line = next(line for line in SAMPLE.splitlines() if "500000" in line)
    reading = example.read((line, line[:30] + "*" * 10 + line[40:]))
    assert "pf9809-overflow" in codes(reading)
    assert len(reading.curves[0, SPECTRUM].signal) == 50
    assert reading.forms[0].get(f"{SPECTRUM}/energy/points") == "51"


def test_an_angle_scan_is_stated_in_angles(example: Pf9809) -> None:
    reading = example.read(
        ("energy axis(2)", "angle axis (1)"),
        ("     1        7080.00   7100.00         2.00", "     1       16.22000  16.17000     -0.005000"),
        ("     2        7100.00   7130.00         1.00", "     2       16.17000  16.10000     -0.002300"),
        ("     3        7130.00   7174.00         4.00", "     3       16.10000  16.00000     -0.009000"),
    )
    header = {pair["key"]: pair["value"] for pair in reading.forms[0].get(f"{SPECTRUM}/header")}
    assert header["Block 1"] == "16.22000 to 16.17000 deg, step -0.005000 deg, 1.00 s a point, 10 points"
    assert reading.forms[0].get(f"{SPECTRUM}/energy/first") == "7080.001 eV"
    assert "pf9809-hc" not in codes(reading)


def test_without_d_there_is_no_energy(example: Pf9809) -> None:
    reading = example.read(("D=  3.13551 A", "D=          A"))
    form = reading.forms[0]
    assert form.get(f"{SPECTRUM}/energy") == {"points": "51"}
    assert form.get(f"{SPECTRUM}/calibration") is None
    assert codes(reading) >= {"pf9809-absent", "pf9809-no-energy"}
    assert reading.curves == {}


def test_an_angle_beyond_any_crystal_gives_no_energy(example: Pf9809) -> None:
    line = SAMPLE.splitlines()[16]
    reading = example.read((line, f"{0:10.5f}{0:10.5f}{line[20:]}"))
    assert "pf9809-no-energy" in codes(reading)
    assert reading.forms[0].get(f"{SPECTRUM}/energy/first") is None


def test_the_hc_of_the_beamline_is_found_in_its_blocks(example: Pf9809) -> None:
    text = SAMPLE
    for energy in (7080, 7100, 7130):
        angle = math.degrees(math.asin(12398.52 / (2 * 3.13551 * energy)))
        plain = math.degrees(math.asin(12398.4198 / (2 * 3.13551 * energy)))
        text = text.replace(f"{plain:10.5f}{plain:10.5f}", f"{angle:10.5f}{angle:10.5f}")
    reading = example.read(text=text)
    assert value(reading, "pf9809-hc") == "12398.52"
    assert reading.suggestions[f"{SPECTRUM}/calibration/hc"] == "12398.52"
    assert reading.forms[0].get(f"{SPECTRUM}/calibration/hc") == ASSUMED_HC


def test_angles_that_went_apart_are_reported(example: Pf9809) -> None:
    line = SAMPLE.splitlines()[-1]
    apart = f"{float(line[:10]):10.5f}{float(line[:10]) + 0.01:10.5f}{line[20:]}"
    reading = example.read((line, apart))
    assert value(reading, "pf9809-angles") == "4.4"


def test_the_header_is_compared_with_the_table_and_itself(example: Pf9809) -> None:
    reading = example.read(
        ("Points=   51", "Points=   60"), ("\n BL9C  ", "\n BL12C "), ("KEKPF-BL9C_", "KEKPF-BL9A_")
    )
    assert codes(reading) >= {"pf9809-points", "pf9809-disagreement"}
    assert sorted(item.value or "" for item in reading.findings if item.code == "pf9809-disagreement") == [
        "BL12C",
        "KEKPF-BL9A_000001",
    ]
    assert reading.forms[0].get("/beamline") == "BL9C"


def test_a_scan_that_ends_before_it_starts_is_reported(example: Pf9809) -> None:
    assert value(example.read(("26.05.01 09:05", "26.05.01 08:05")), "pf9809-dates") == "2026-05-01T08:05:00"


@pytest.mark.parametrize(
    ("name", "code", "shown"),
    [
        ("example01_2005.dat", "pf9809-name-date", "2005"),
        ("example01-20260502.dat", "pf9809-name-date", "2026-05-02"),
        ("BL12C_example01.dat", "pf9809-name-beamline", "BL12C"),
        ("example01_Zn-K.dat", "pf9809-name-range", "Zn K"),
        ("Pb-L21_example01.dat", "pf9809-name-edge", "Pb-L21"),
        ("other.dat", "pf9809-renamed", "example01"),
    ],
)
def test_a_file_name_that_disagrees_is_reported(example: Pf9809, name: str, code: str, shown: str) -> None:
    reading = example.read(name=name)
    assert value(reading, code) == shown
    assert reading.forms[0].get(f"{SPECTRUM}/element") is None


@pytest.mark.parametrize(
    "name", ["bl9c_example01_Fe-K_2026.dat", "260501-example01.dat", "example01-20260501.dat"]
)
def test_a_file_name_that_agrees_is_not(example: Pf9809, name: str) -> None:
    assert codes(example.read(name=name)) == {"pf9809-energy-computed"}


def test_l21_is_never_made_an_edge(shared: Path) -> None:
    name = "spring8-bl14b2_Pb-L21_PbTe_Si311_50ms_210210.head.dat"
    seen = look(shared / "data" / "corpus" / "jp-9809" / "excerpts" / name, name)
    assert seen.reading
    assert seen.outcome == "ask"
    assert seen.reading.suggestions[f"{SPECTRUM}/element"] == "Pb"
    assert f"{SPECTRUM}/edge" not in seen.reading.suggestions
    assert seen.reading.forms[0].get(f"{SPECTRUM}/edge") is None


@pytest.mark.parametrize(
    "comment",
    [
        "ask someone@example.org",
        "from /ho" + "me/anna/data",
        "Fe foil prepared by Anna",
        "C:" + "\\Users\\anna",
        "from D:" + "\\beamtime\\fe.001",
    ],
)
def test_a_comment_that_names_somebody_stays_private(example: Pf9809, comment: str) -> None:
    reading = example.read(("Fe foil (example data, calculated)", comment))
    assert "pf9809-names-people" in codes(reading)
    assert reading.forms[0].get("/sample") is None
    assert comment in [pair.value for pair in reading.private]


def test_file_names_stay_private(example: Pf9809) -> None:
    reading = example.read(("Param file : example  ", "Param file : A:secret "))
    assert {pair.key: pair.value for pair in reading.private} == {
        "File": "example01",
        "Param file": "A:secret",
    }
    assert "secret" not in json.dumps(reading.forms[0].values)


@pytest.mark.parametrize(
    ("comment", "formula"), [("Fe2O3/BN", "Fe2O3"), ("PbTe", "PbTe"), ("F2T0", None), ("Fe/Pt", None)]
)
def test_formulas_are_suggested_only(example: Pf9809, comment: str, formula: str | None) -> None:
    reading = example.read(("Fe foil (example data, calculated)", comment))
    assert reading.suggestions.get("/sample/formula") == formula
    assert reading.forms[0].get("/sample/formula") is None
    assert reading.forms[0].get("/sample/name") == comment


def test_line_ends_ctrl_z_and_encodings(example: Pf9809, tmp_path: Path) -> None:
    expected = example.read().forms[0].values
    for content in (
        SAMPLE.replace("\n", "\r\n").encode(),
        SAMPLE.replace("\n", "\r").encode(),
        SAMPLE.encode() + b"\x1a\n",
        SAMPLE.encode() + b"\n\n\x1a" + b"\0" * 100,
        b"\xef\xbb\xbf" + SAMPLE.encode(),
    ):
        path = tmp_path / "other.dat"
        path.write_bytes(content)
        source = Source(path, "example01.dat")
        assert choose(source) is READER
        assert READER.read(source).forms[0].values == expected
    path.write_bytes(SAMPLE.replace("Fe foil", "鉄箔 測定").encode("cp932"))
    reading = READER.read(Source(path, "example01.dat"))
    assert str(reading.forms[0].get("/sample/name")).startswith("鉄箔 測定")
    assert value(reading, "text-encoding") == "cp932"


@pytest.mark.parametrize(
    ("swaps", "where"),
    [
        ([("  Angle(c)  Angle(o)", "  nothing")], ""),
        ([("      Mode", "      More")], ":15"),
        ([("    Offset", "    Office")], ":16"),
        ([("      1.00    500000", "      1.00    5x0000")], ":17"),
        ([("      1.00    500000", "      1.00")], ":17"),
    ],
)
def test_a_broken_file_is_refused_at_its_line(
    example: Pf9809, swaps: list[tuple[str, str]], where: str
) -> None:
    with pytest.raises(UnreadableInput) as caught:
        example.read(*swaps)
    assert caught.value.where == f"example01.dat{where}"


def test_a_header_alone_is_refused(example: Pf9809) -> None:
    with pytest.raises(UnreadableInput, match="without a table"):
        example.read(
            text=SAMPLE[: SAMPLE.index("    Offset")] + "    Offset         0         0     0.000     0.000\n"
        )


def test_bragg_and_curves() -> None:
    assert bragg_energy(12.7183, 3.13551) == pytest.approx(8980.35, abs=0.1)
    assert all(math.isnan(bragg_energy(angle, 3.1)) for angle in (0, 180, -5, 200))
    assert math.isnan(bragg_energy(10, 0))
    assert implied_hc([], 3.1) is None
    assert thinned_curve([1, 2, 3], [math.nan, math.nan, 1], "x") is None
    curve = thinned_curve(range(20_000), [step == 7_777 for step in range(20_000)], "x")
    assert curve
    assert len(curve.energy_ev) <= 5_000
    assert max(curve.signal) == 1


def test_a_table_of_numbers_that_begins_with_9809_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    for content in (b"  9809 1.5\n 9810 1.6\n", b"9809\n", b"  9809     \n"):
        path.write_bytes(content)
        assert READER.sniff(Source(path, "a.dat")) == 0


@pytest.mark.parametrize(
    "content",
    [
        "  9809     KEK-PF   BL9C\n" + "x\n" * 500,
        "  9809     KEK-PF   BL9C\n" + " " * 70_000,
        SAMPLE.replace("  Angle(c)", "  Angle(c)" + "         1" * 2_000),
        SAMPLE + SAMPLE.splitlines()[-1] + " 5\n",
        SAMPLE + "\0binary",
    ],
    ids=["header", "line", "columns", "row", "binary"],
)
def test_limits(example: Pf9809, content: str) -> None:
    with pytest.raises(UnreadableInput):
        example.read(text=content)


def test_patterns_do_not_run_away(example: Pf9809) -> None:
    started = time.process_time()
    for word in (" Ring :", " Mono :", " Param file :", " BL9C", " Block", " x", ""):
        for filling in (" " * 60_000, "(" * 60_000, "1 " * 30_000, "( 2)" * 15_000, "=" * 60_000):
            with pytest.raises(UnreadableInput):
                example.read(text=f"  9809     KEK-PF   BL9C\n{word}{filling}\n{word}{filling}\n")
    assert time.process_time() - started < 3


def read_or_refuse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    source = Source(path, path.name)
    READER.sniff(source)
    try:
        reading = READER.read(source)
    except UnreadableInput as error:
        assert error.detail
        return
    assert len(reading.forms) == 1
    for item in reading.findings:
        assert item.text("ja")
    for curve in reading.curves.values():
        assert all(map(math.isfinite, (*curve.energy_ev, *curve.signal)))


@given(st.binary(max_size=1000))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    read_or_refuse(tmp_path_factory.getbasetemp() / "any.dat", b"  9809     KEK-PF   BL9C\n" + content)


LINES = SAMPLE.splitlines()


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=40)), max_size=30))
def test_any_lines_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, extra: list[str]) -> None:
    content = "\n".join([LINES[0], *extra, *LINES[13:20]]).encode()
    read_or_refuse(tmp_path_factory.getbasetemp() / "lines.dat", content)


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(9809)
    splices = [
        b"\0",
        b"\x1a",
        b"\r",
        b"\n",
        b"*",
        b"-",
        b"nan",
        b"\x83\x5c",
        b"9" * 30,
        b"=",
        b"(",
        b":",
        b"99.99.99",
    ]
    for _ in range(400):
        content = bytearray(SAMPLE.encode())
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(1500)
            content[at : at + chance.choice([0, 0, 1, 30])] = chance.choice(splices)
        read_or_refuse(tmp_path / "damaged.dat", bytes(content))


# The corpus

POINTERS = {
    "element": f"{SPECTRUM}/element",
    "edge": f"{SPECTRUM}/edge",
    "facility": "/facility",
    "beamline": "/beamline",
    "sample": "/sample/name",
    "started": f"{SPECTRUM}/started",
    "ended": f"{SPECTRUM}/ended",
    "mode": f"{SPECTRUM}/mode",
    "crystal": f"{SPECTRUM}/monochromator/crystal",
    "reflection": f"{SPECTRUM}/monochromator/reflection",
    "d_spacing": f"{SPECTRUM}/monochromator/d_spacing",
    "ring_energy": f"{SPECTRUM}/ring_energy",
    "ring_current": f"{SPECTRUM}/ring_current",
    "energy_first": f"{SPECTRUM}/energy/first",
    "energy_last": f"{SPECTRUM}/energy/last",
    "points": f"{SPECTRUM}/energy/points",
    "hc": f"{SPECTRUM}/calibration/hc",
}


def test_the_corpus_is_read_as_the_table_expects(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    with (ROOT / "tests" / "data" / "expect-9809.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["path"]: row for row in csv.DictReader(stream)}
    files = [path for path in (corpus / "jp-9809").rglob("*") if path.is_file() and path.suffix != ".md"]
    assert {path.relative_to(corpus).as_posix() for path in files} == rows.keys()
    for path in files:
        row = dict(rows[path.relative_to(corpus).as_posix()])
        seen = look(path, path.name)
        assert seen.reading, path
        form = seen.reading.forms[0]
        found = {key: form.get(pointer) or "" for key, pointer in POINTERS.items()}
        suggestions = seen.reading.suggestions
        found |= {
            "path": row["path"],
            "outcome": seen.outcome,
            "suggested_element": suggestions.get(POINTERS["element"], ""),
            "suggested_edge": suggestions.get(POINTERS["edge"], ""),
            "findings": " ".join(sorted({item.code for item in seen.findings})),
        }
        assert found == row


def test_nothing_else_is_taken_for_a_japanese_file(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    ours = {"pf9809", "ritsumeikan", "aichi_info"}
    for path in sorted(corpus.rglob("*")):
        if path.is_file() and "jp-9809" not in path.parts:
            reader = choose(Source(path, path.name))
            assert reader is None or reader.name not in ours, path


@pytest.mark.parametrize("table", ["pf9809", "ritsumeikan"])
def test_each_row_of_the_alias_table_names_where_it_was_seen(table: str, shared: Path) -> None:
    sections = yaml.safe_load((ROOT / "ontology" / "aliases" / f"{table}.yaml").read_text(encoding="utf-8"))
    rows = [(name, row) for name, section in sections.items() for row in section]
    assert len(rows) > 10
    for name, row in rows:
        if "documented" in row:
            assert re.match(r"https?://", row["documented"]), (name, row)
        else:
            text = (shared / "data" / "corpus" / row["from"]).read_bytes().decode("utf-8")
            assert row["text"] in text, (name, row)
