"""The info file of Aichi SR, and what every sidecar does: it fills what the header of its data file leaves absent."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.axis import follow_hc, hc_values
from catalog.config import Settings, load_settings
from catalog.defaults import load_defaults
from catalog.document import Form, Origin
from catalog.errors import UnreadableInput
from catalog.inspection import Inspected, look
from catalog.intake import Receipt, find, ingest
from catalog.readers import Curve, Source, choose
from catalog.readers.aichi_info import READER
from catalog.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
INFO = (ROOT / "tests" / "data" / "samples" / "aichi_info.info").read_text(encoding="utf-8")
DATA = (ROOT / "tests" / "data" / "samples" / "pf9809.dat").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"


def pair(folder: Path, *swaps: tuple[str, str], info: str | None = INFO, name: str = "zr") -> Inspected:
    data = DATA
    for old, new in swaps:
        assert old in data
        data = data.replace(old, new, 1)
    path = folder / f"{name}.dat"
    path.write_text(data, encoding="utf-8")
    if info is not None:
        (folder / f"{name}.info").write_bytes(info.encode("cp932"))
    return look(path, path.name)


def codes(seen: Inspected) -> set[str]:
    return {item.code for item in seen.findings}


def test_the_info_file_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "zr.info"
    path.write_bytes(INFO.replace("Sample X", "光学定盤 X").replace("\n", "\r\n").encode("cp932"))
    source = Source(path, "zr.info")
    assert choose(source) is READER
    reading = READER.read(source)
    form = reading.forms[0]
    spectrum = form.values["spectra"][0]
    header = {each["key"]: each["value"] for each in spectrum.pop("header")}
    assert spectrum == {
        "started": "2026-05-01T10:05:00.250",
        "ended": "2026-05-01T10:07:02.500",
        "monochromator": {"type": "crystal", "crystal": "Si", "reflection": "111", "d_spacing": "3.13553 Å"},
        "element": "Zr",
        "edge": "K",
    }
    assert header == {"Initial Position": "17.9581 [keV] 6.32074 [deg]", "Measurement Type": "Quick XAFS"}
    assert [(item.code, item.value) for item in reading.findings] == [
        ("text-encoding", "cp932"),
        ("aichi-info-placeholder", "0 [mA]"),
    ]
    assert form.origins[f"{SPECTRUM}/edge"] == Origin(
        "sidecar", "zr.info", 11, "Selected Edge", "Zr - K (18 keV)"
    )
    assert reading.suggestions == {"/facility": "Aichi SR"}
    assert [each.value for each in reading.private if each.key == "Motor"] == [
        '0 "光学定盤 X" M009 7361 [pulse] 29.444 [mm]'
    ]


def test_the_file_of_the_corpus(shared: Path) -> None:
    path = shared / "data/corpus/jp-9809/excerpts/Zr-AichiSR-BL5S1-20220712.info"
    reading = READER.read(Source(path, path.name))
    form = reading.forms[0]
    assert (form.get(f"{SPECTRUM}/element"), form.get(f"{SPECTRUM}/edge")) == ("Zr", "K")
    assert form.get(f"{SPECTRUM}/ended") == "2022-07-12T10:07:02.958"
    motors = [each.value for each in reading.private if each.key == "Motor"]
    assert len(motors) == 12
    assert "光学定盤" in motors[1]
    assert "μt" in str(reading.private)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Zr - K (18 keV)", "Pb - L21 (16 keV)"),
        ("26.05.01 10:05:00.250", "26.15.01 10:05:00.250"),
        ("26.05.01 10:05:00.250", "soon"),
        ("Si(111) 3.13553", "glass"),
        ("0 [mA]", "much"),
    ],
)
def test_values_that_make_no_sense_are_left_out(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "zr.info"
    path.write_text(INFO.replace(old, new), encoding="utf-8")
    reading = READER.read(Source(path, "zr.info"))
    refused = [item for item in reading.findings if item.code == "aichi-info-refused"]
    assert [item.value for item in refused] == [new]
    assert new not in str(reading.forms[0].values)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.info"
    path.write_bytes(("# 2007  XAFS Measurement Info File : Ver. 1.00\n" + text).encode())
    try:
        READER.read(Source(path, "any.info"))
    except UnreadableInput as error:
        assert error.where


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(7)
    path = tmp_path / "damaged.info"
    for _ in range(200):
        content = bytearray(INFO.encode())
        at = chance.randrange(len(content))
        content[at : at + chance.choice([0, 1, 30])] = chance.choice([b"\0", b"\r", b":", b"\x83", b"9" * 30])
        path.write_bytes(content)
        READER.sniff(Source(path, "damaged.info"))
        try:
            READER.read(Source(path, "damaged.info"))
        except UnreadableInput as error:
            assert error.where


# A sidecar beside its data file


def test_a_sidecar_states_what_the_header_does_not(tmp_path: Path) -> None:
    alone = pair(tmp_path, info=None)
    assert alone.outcome == "ask"
    seen = pair(tmp_path, ("26.05.01 09:00 - 26.05.01 09:05", "26.05.01 10:05 - 26.05.01 10:07"))
    assert seen.outcome == "read"
    assert seen.reading
    form = seen.reading.forms[0]
    assert form.get(f"{SPECTRUM}/element") == "Zr"
    assert form.origins[f"{SPECTRUM}/element"].kind == "sidecar"
    # Header before sidecar: minutes stay minutes, and the beamline's own d stays.
    assert form.get(f"{SPECTRUM}/started") == "2026-05-01T10:05:00"
    assert form.get(f"{SPECTRUM}/monochromator/d_spacing") == "3.13551 A"
    assert "sidecar-disagrees" not in codes(seen)
    assert seen.sidecars == [tmp_path / "zr.info"]
    assert {"Quick XAFS", "KEKPF-BL9C_1"} <= {each["value"] for each in form.get(f"{SPECTRUM}/header")}
    assert f"{SPECTRUM}/element" not in seen.reading.suggestions
    assert "/facility" not in seen.reading.suggestions
    assert "Motor" in {each.key for each in seen.reading.private}


def test_a_sidecar_that_disagrees_is_reported_and_not_used(tmp_path: Path) -> None:
    seen = pair(tmp_path, info=INFO.replace("Si(111) 3.13553", "Si(311) 1.63751"))
    assert seen.reading
    told = {item.path: item.value for item in seen.findings if item.code == "sidecar-disagrees"}
    assert told == {
        f"{SPECTRUM}/started": "2026-05-01T10:05:00.250",
        f"{SPECTRUM}/ended": "2026-05-01T10:07:02.500",
        f"{SPECTRUM}/monochromator/reflection": "311",
        f"{SPECTRUM}/monochromator/d_spacing": "1.63751 Å",
    }
    assert seen.reading.forms[0].get(f"{SPECTRUM}/monochromator/reflection") == "111"


def test_halves_of_two_statements_are_not_put_together(tmp_path: Path) -> None:
    seen = pair(
        tmp_path,
        ("D=  3.13551 A", "D=          A"),
        info=INFO.replace("Si(111) 3.13553", "Si(311) 1.63751"),
    )
    assert seen.reading
    form = seen.reading.forms[0]
    assert form.get(f"{SPECTRUM}/monochromator/reflection") == "111"
    assert form.get(f"{SPECTRUM}/monochromator/d_spacing") is None
    assert form.get(f"{SPECTRUM}/edge") == "K"


def test_a_link_to_a_file_elsewhere_is_no_sidecar(tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    (tmp_path / "elsewhere.info").write_text(INFO, encoding="utf-8")
    (folder / "zr.info").symlink_to(tmp_path / "elsewhere.info")
    seen = pair(folder, info=None)
    assert seen.sidecars == []
    assert seen.outcome == "ask"


def test_a_file_of_that_name_that_is_no_sidecar_is_left_alone(tmp_path: Path) -> None:
    seen = pair(tmp_path, info="anything: else\n")
    assert seen.sidecars == []
    assert seen.outcome == "ask"


def test_an_unreadable_sidecar_does_not_stop_its_data_file(tmp_path: Path) -> None:
    seen = pair(tmp_path, info=INFO + "no entry\n")
    assert seen.outcome == "ask"
    (told,) = [item for item in seen.findings if item.code == "sidecar-unreadable"]
    assert told.file == "zr.info"


@pytest.fixture
def settings(tmp_path: Path, registry: Registry) -> Settings:
    return load_settings(tmp_path)


def take(folder: Path, registry: Registry, settings: Settings, defaults: Path | None = None) -> list[Receipt]:
    now = datetime(2026, 5, 2, tzinfo=UTC)
    rules = load_defaults(defaults) if defaults else None
    found = find([folder], settings)
    return list(ingest(found, registry=registry, settings=settings, now=now, actor="tests", defaults=rules))


def test_intake_joins_a_sidecar_to_its_data_file(
    tmp_path: Path, registry: Registry, settings: Settings
) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    pair(folder)
    (folder / "lonely.info").write_text(INFO, encoding="utf-8")
    first = {Path(each.file).name: each for each in take(folder, registry, settings)}
    assert {name: each.result for name, each in first.items()} == {
        "zr.dat": "stored",
        "zr.info": "attached",
        "lonely.info": "refused",
    }
    assert [item.code for item in first["lonely.info"].findings] == ["sidecar-alone"]
    again = {Path(each.file).name: each.result for each in take(folder, registry, settings)}
    assert again["zr.dat"] == "duplicate"
    (folder / "zr.info").write_text(INFO.replace("Zr - K", "Nb - K"), encoding="utf-8")
    changed = {Path(each.file).name: each.result for each in take(folder, registry, settings)}
    assert changed["zr.dat"] == "stored"


# Energies follow the hc of the beamline


def test_a_defaults_file_replaces_the_assumed_hc_and_the_energies_follow(
    tmp_path: Path, registry: Registry, settings: Settings
) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    pair(folder, info=None)
    rules = tmp_path / "defaults.yaml"
    rules.write_text(
        "rules:\n  - set: {calibration: {hc: '12398.52'}, ring_current: 1 mA, energy: {first: 1 eV}}\n",
        encoding="utf-8",
    )
    (receipt,) = take(folder, registry, settings, rules)
    assert receipt.record_id
    (spectrum,) = registry.form(receipt.record_id).values["spectra"]
    assert spectrum["calibration"]["hc"] == "12398.52"
    # What the header states is never replaced by a template, what was inferred is.
    assert spectrum["ring_current"] == "450.0 mA"
    assert spectrum["energy"]["first"] == "1 eV"
    assert spectrum["energy"]["last"] == "7170.057 eV"


def test_energies_and_curve_follow_in_proportion() -> None:
    form = Form()
    inferred = Origin("inferred", "a.dat", 1)
    form.put(f"{SPECTRUM}/energy/first", "7000.000 eV", inferred)
    form.put(f"{SPECTRUM}/energy/last", "8000 eV", Origin("header", "a.dat", 1))
    form.put(f"{SPECTRUM}/calibration/hc", "12398.4198", inferred)
    before = hc_values(form)
    assert before == {0: "12398.4198"}
    curves = {SPECTRUM: Curve((7000.0, 8000.0), (0.0, 1.0), "x")}
    follow_hc(form, before, curves)
    assert form.get(f"{SPECTRUM}/energy/first") == "7000.000 eV"
    for stated in ("unknown", "12.39852", "12398.52 eV Å"):
        form.put(f"{SPECTRUM}/calibration/hc", stated, Origin("template", "d.yaml", 1))
        follow_hc(form, before, curves)
    assert form.get(f"{SPECTRUM}/energy/first") == "7000.057 eV"
    assert form.get(f"{SPECTRUM}/energy/last") == "8000 eV"
    assert form.origins[f"{SPECTRUM}/energy/first"] is inferred
    assert curves[SPECTRUM].energy_ev == pytest.approx((7000.0566, 8000.0647), abs=1e-3)
    assert hc_values(form) == {}
