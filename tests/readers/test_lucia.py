from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source, choose
from catalog.readers.lucia import READER, french_date

SAMPLE = (Path(__file__).resolve().parents[1] / "data" / "samples" / "lucia.dat").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"


def source(folder: Path, content: str | bytes) -> Source:
    path = folder / "file.dat"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Source(path, "file.dat")


def read(folder: Path, *swaps: tuple[str, str]) -> Reading:
    text = SAMPLE
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return READER.read(source(folder, text))


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def test_what_the_header_states(tmp_path: Path) -> None:
    reading = read(tmp_path)
    (form,) = reading.forms
    spectrum = dict(form.values["spectra"][0])
    header = {pair["key"]: pair["value"] for pair in spectrum.pop("header")}
    assert (form.values["facility"], form.values["beamline"]) == ("SOLEIL", "LUCIA")
    assert form.values["sample"] == {"name": "Soufre (example data; calculated)"}
    assert spectrum == {
        "monochromator": {"type": "crystal", "crystal": "Si", "reflection": "111"},
        "started": "2026-05-01T23:50:39",
        "ended": "2026-05-02T00:02:05",
        "energy": {"first": "2455 eV", "last": "2500 eV", "points": "106"},
    }
    assert header == {
        "Total number of scan(s)": "1",
        "Scan N°": "1",
        "Horizontal": "7234.5",
        "Vertical": "-9213.3",
        "ROI_inf": "490",
        "ROI_sup": "525",
        "Undulator Harmonic": "5",
        "Undulator Polarization": "0",
        "Low pass filter angle (°)": "0.800577",
        "translation (µm)": "-354",
        "Range 1": "2455 to 2465 eV, step 1 eV, 1 s a point",
        "Range 2": "2465.2 to 2480 eV, step 0.2 eV, 1 s a point",
        "Range 3": "2481 to 2500 eV, step 1 eV, 1 s a point",
    }
    # The end after midnight is an inference, the start is not.
    assert form.origins[f"{SPECTRUM}/ended"].kind == "inferred"
    assert form.origins[f"{SPECTRUM}/started"].kind == "header"
    assert [(item.code, item.value) for item in reading.findings] == [
        ("stated-placeholder", "0"),
        ("stated-placeholder", "nan"),
    ]
    assert reading.suggestions == {
        f"{SPECTRUM}/mode": "fluorescence",
        f"{SPECTRUM}/element": "S",
        f"{SPECTRUM}/edge": "K",
    }
    curve = reading.curves[0, SPECTRUM]
    assert (curve.signal_label, curve.energy_ev[0], len(curve.signal)) == ("fluorescence/I0", 2455, 106)


def test_latin_1_with_dos_line_ends_says_the_same(tmp_path: Path) -> None:
    given = source(tmp_path, SAMPLE.replace("\n", "\r\n").encode("latin-1"))
    assert choose(given) is READER
    reading = READER.read(given)
    assert reading.forms[0].values == read(tmp_path).forms[0].values
    assert codes(reading)[0] == "text-encoding"


def test_a_table_parted_by_commas_says_the_same(tmp_path: Path) -> None:
    head, label, rows = SAMPLE.partition("# Energy")
    commas = READER.read(source(tmp_path, head + (label + rows).replace("\t\t", ",").replace("\t", ", ")))
    assert commas.forms[0].values == read(tmp_path).forms[0].values


def test_several_signals_are_no_mode(tmp_path: Path) -> None:
    row = SAMPLE.partition("Ctr4\n")[2].splitlines()[0]
    cells = row.split()
    reading = read(tmp_path, (row, "\t\t".join([*cells[:5], "7", *cells[6:]])))
    assert ("lucia-signals", "fluorescence, electron-yield") in {
        (item.code, item.value) for item in reading.findings
    }
    assert f"{SPECTRUM}/mode" not in reading.suggestions


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("mer. 26 mai 2021", date(2021, 5, 26)),
        ("lundi 1er février 2021", date(2021, 2, 1)),
        ("sam. 14 août 2021", date(2021, 8, 14)),
        ("ven. 2 déc. 2022", date(2022, 12, 2)),
        ("30 juin 2021", date(2021, 6, 30)),
        ("jeu. 1 juil. 2021", date(2021, 7, 1)),
    ],
)
def test_french_dates(text: str, day: date) -> None:
    assert french_date(text) == day


@pytest.mark.parametrize(
    "text", ["", "mer. 26 2021", "31 juin 2021", "26 may 2021", "1 ju 2021", "x" * 10_000]
)
def test_what_is_no_french_date(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError):
        french_date(text)
    reading = read(tmp_path, ("ven. 1 mai 2026", text))
    assert reading.forms[0].get(f"{SPECTRUM}/started") is None
    assert codes(reading).count("stated-refused") == 2


def test_a_crystal_that_is_none_is_reported(tmp_path: Path) -> None:
    reading = read(tmp_path, ("1: Si 111", "1: vide"))
    assert reading.forms[0].get(f"{SPECTRUM}/monochromator") is None
    assert "stated-refused" in codes(reading)
    assert (
        read(tmp_path, ("1: Si 111", "3: Si311")).forms[0].get(f"{SPECTRUM}/monochromator/reflection")
        == "311"
    )


def test_points_that_were_not_reached(tmp_path: Path) -> None:
    head, _, rows = SAMPLE.partition("Ctr4\n")
    lines = rows.splitlines()
    nothing = "\t\t".join(["NaN"] * 8)
    stopped = READER.read(source(tmp_path, head + "Ctr4\n" + "\n".join([*lines[:60], nothing, nothing])))
    assert ("lucia-unmeasured", "2") in {(item.code, item.value) for item in stopped.findings}
    assert stopped.forms[0].get(f"{SPECTRUM}/energy/points") == "60"
    with pytest.raises(UnreadableInput, match="nothing but NaN"):
        READER.read(source(tmp_path, head + "Ctr4\n" + nothing))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SAMPLE.partition("# Energy")[0], "no row of column labels"),
        (SAMPLE.partition("# Energy")[0] + "1 2 3\n", "without its row of column labels"),
        (SAMPLE.partition("Ctr4\n")[0] + "Ctr4\n", "without a row of numbers"),
        (SAMPLE + "1 2 3\n", "has 3 cells where the labels have 8"),
        (SAMPLE + "1 2 3 4 5 6 7 x\n", "'x' in column 8"),
        (SAMPLE.partition("\n")[0] + "\n" + "# a : b\n" * 500, "more than 400 lines"),
    ],
)
def test_what_breaks_the_format_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        READER.read(source(tmp_path, text))
