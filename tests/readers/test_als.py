from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source, choose
from catalog.readers.als import READER

SAMPLE = (Path(__file__).resolve().parents[1] / "data" / "samples" / "als.e").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"


def source(folder: Path, content: str | bytes) -> Source:
    path = folder / "file.e"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Source(path, "file.e")


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
    assert (form.values["facility"], form.values["beamline"]) == ("ALS", "10.3.2")
    assert form.values["sample"] == {
        "name": "Hematite (example data; calculated)",
        "formula": "alpha-Fe3+2O3",
        "preparation": "powder on kapton tape",
    }
    assert spectrum == {
        "edge": "K",
        "mode": "fluorescence",
        "temperature": "28 °C",
        "started": "2026-05-01T23:39:00",
        "energy": {"first": "7.0800000E+3 eV", "last": "7.1760000E+3 eV", "points": "95"},
    }
    assert header == {
        "Mineral group": "oxides",
        "Xtal system": "Hexagonal",
        "Beamline": "HxV slits = 50x20 um",
        "Det": "I0=N2, Fluorescence mode (Ge solid state 7elts)",
    }
    assert reading.suggestions == {
        "/sample/formula": "Fe3+2O3",
        f"{SPECTRUM}/element": "Fe",
        f"{SPECTRUM}/edge": "K",
    }
    curve = reading.curves[0, SPECTRUM]
    assert (curve.energy_ev[0], len(curve.signal)) == (7080, 95)
    origin = form.origins[f"{SPECTRUM}/started"]
    assert (origin.line, origin.raw) == (11, "11:39 PM 05/01/2026")


def test_people_stay_private_and_are_told_of(tmp_path: Path) -> None:
    reading = read(tmp_path, ("  none", "  sample provided by Anna Beispiel, XRD confirmed"))
    assert [(item.code, item.value) for item in reading.findings] == [("names-people", "Ref/notes, Provider")]
    assert "Beispiel" not in json.dumps(reading.forms[0].values)
    assert read(tmp_path).findings[0].value == "Provider"


@pytest.mark.parametrize(
    ("stated", "facility", "beamline"),
    [("SSRL ", "SSRL", None), ("Elsewhere 7, slits", None, "Elsewhere 7"), ("als 10.3.2", "ALS", "10.3.2")],
)
def test_places(tmp_path: Path, stated: str, facility: str | None, beamline: str | None) -> None:
    form = read(tmp_path, ("ALS 10.3.2, HxV slits = 50x20 um", stated)).forms[0]
    assert (form.get("/facility"), form.get("/beamline")) == (facility, beamline)


@pytest.mark.parametrize(
    ("stated", "started"),
    [
        ("12:34 AM 2/25/2007", "2007-02-25T00:34:00"),
        ("1:36 pm 1/12/2007 ", "2007-01-12T13:36:00"),
        ("2010", "2010"),
        ("", None),
        ("11:39 PM 17/03/2007", None),
    ],
)
def test_dates_have_the_month_first(tmp_path: Path, stated: str, started: str | None) -> None:
    reading = read(tmp_path, ("11:39 PM 05/01/2026", stated))
    assert reading.forms[0].get(f"{SPECTRUM}/started") == started
    assert ("stated-refused" in codes(reading)) == (stated.startswith("11:39"))


def test_words_are_no_temperature(tmp_path: Path) -> None:
    form = read(tmp_path, ("Room temp (28C)", "Room temp")).forms[0]
    assert form.get(f"{SPECTRUM}/temperature") is None
    assert {"key": "Temp", "value": "Room temp"} in form.get(f"{SPECTRUM}/header")
    assert read(tmp_path, ("(28C)", "(28 degC)")).forms[0].get(f"{SPECTRUM}/temperature") == "28 °C"


def test_an_empty_entry_says_nothing(tmp_path: Path) -> None:
    form = read(tmp_path, (": alpha-Fe3+2O3 / Webmineral", ":"), ("I0=N2, Fluorescence mode", "")).forms[0]
    assert form.get("/sample/formula") is None
    assert form.get(f"{SPECTRUM}/mode") is None


def test_an_edge_that_is_none_is_reported(tmp_path: Path) -> None:
    reading = read(tmp_path, ("Edge: K", "Edge: L21"))
    assert reading.forms[0].get(f"{SPECTRUM}/edge") is None
    assert "stated-refused" in codes(reading)


def test_western_letters_and_a_wrapped_rule(tmp_path: Path) -> None:
    text = SAMPLE.replace("alpha-Fe3+2O3", "Fe3+5HO8\u20224H2O").replace("#%====", "#%==\n====")
    reading = READER.read(source(tmp_path, text.encode("cp1252")))
    assert reading.forms[0].get("/sample/formula") == "Fe3+5HO8\u20224H2O"
    assert "text-encoding" in codes(reading)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("7.0820000E+3 ", "7.0820000E+3 x", "no energy and absorption"),
        ("7.0820000E+3 ", "7.0820000E+3 1 ", "no energy and absorption"),
        ("7.0820000E+3 ", "nan ", "no energy and absorption"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UnreadableInput, match=message) as error:
        read(tmp_path, (old, new))
    assert error.value.where == "file.e:15"


def test_other_files_are_not_taken(tmp_path: Path) -> None:
    bare = "\n".join(line for line in SAMPLE.splitlines() if not line.startswith("#"))
    for text in (bare, "#% a remark\n" + bare, "#%Key: value\n#%Other: value\n" + bare):
        found = choose(source(tmp_path, text))
        assert found is None or found.name != "als"
    with pytest.raises(UnreadableInput, match="without a row of numbers"):
        READER.read(source(tmp_path, "#%Name: a\n#%Edge: K\n"))
