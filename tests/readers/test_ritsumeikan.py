from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source, choose
from catalog.readers.ritsumeikan import READER

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "data" / "samples"
SAMPLE = (SAMPLES / "ritsumeikan.dat").read_text(encoding="utf-8")
SOFT = (SAMPLES / "ritsumeikan-soft.csv").read_text(encoding="utf-8")
SPECTRUM = "/spectra/0"


def read(folder: Path, text: str, *swaps: tuple[str, str]) -> Reading:
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "file.dat"
    path.write_text(text, encoding="utf-8")
    return READER.read(Source(path, "file.dat"))


def codes(reading: Reading) -> set[str]:
    return {item.code for item in reading.findings}


def test_the_hard_x_ray_dialect(tmp_path: Path) -> None:
    reading = read(tmp_path, SAMPLE)
    (form,) = reading.forms
    spectrum = form.values["spectra"][0]
    header = {pair["key"]: pair["value"] for pair in spectrum.pop("header")}
    assert (form.values["facility"], form.values["beamline"]) == ("Ritsumeikan University SR Center", "BL-10")
    assert form.values["sample"] == {"name": "Quartz (example data; calculated)"}
    assert spectrum == {
        "monochromator": {"type": "crystal", "crystal": "InSb", "reflection": "111", "d_spacing": "3.7405 Å"},
        "started": "2026-05-01T10:00:00",
        "ended": "2026-05-01T10:20:00",
        "energy": {"first": "1830.00 eV", "last": "1850.00 eV", "points": "21"},
        "ring_current": "290.0 mA",
    }
    assert header == {
        "測定モード": "PhotonEnergy",
        "Block 0": "66.0, 1830",
        "Block 1": "65.0, 1840, 10, 1, 1, 1",
        "Block 2": "64.0, 1850, 10, 1, 1, 1",
    }
    assert reading.findings == []
    assert reading.suggestions == {
        f"{SPECTRUM}/mode": "fluorescence",
        f"{SPECTRUM}/element": "Si",
        f"{SPECTRUM}/edge": "K",
    }
    curve = reading.curves[0, SPECTRUM]
    assert curve.signal_label == "fluorescence/I0"
    assert curve.energy_ev == tuple(range(1830, 1851))
    origin = form.origins[f"{SPECTRUM}/monochromator/d_spacing"]
    assert (origin.kind, origin.line, origin.key, origin.raw) == (
        "header",
        5,
        "分光結晶",
        "InSb(111), 2d= 0.7481 nm",
    )


def test_the_soft_x_ray_dialect(tmp_path: Path) -> None:
    reading = read(tmp_path, SOFT)
    spectrum = reading.forms[0].values["spectra"][0]
    header = {pair["key"]: pair["value"] for pair in spectrum.pop("header")}
    assert spectrum == {
        "started": "2026-05-01T13:47:15",
        "ended": "2026-05-01T13:55:37",
        "ring_current": "299.8 mA",
        "element": "O",
        "edge": "K",
        "monochromator": {"type": "grating"},
        "energy": {"first": "509.8407 eV", "last": "511.8525 eV", "points": "3"},
    }
    assert reading.forms[0].get("/sample/name") == "a-Fe2O3"
    assert header == {
        "delta En": "-0.8",
        "Grating": "1200",
        "Slit1/um": "40",
        "Block 1": "510, 524, 1, 1",
        "Block 2": "524, 533, 0.1, 1",
    }
    assert reading.suggestions == {f"{SPECTRUM}/mode": "electron-yield", "/sample/formula": "Fe2O3"}
    # The mode of one detector is not the spectrum's.
    assert "PEY" in {pair.value for pair in reading.private}


def test_shift_jis_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "file.dat"
    path.write_bytes(SAMPLE.encode("cp932"))
    source = Source(path, "file.dat")
    assert choose(source) is READER
    reading = READER.read(source)
    assert reading.forms[0].values == read(tmp_path, SAMPLE).forms[0].values
    assert [(item.code, item.value) for item in reading.findings] == [("text-encoding", "cp932")]


def test_a_current_beyond_the_ring_is_left_out(tmp_path: Path) -> None:
    reading = read(tmp_path, SOFT, ("299.8-298.6mA", "1326.8-1306.6mA"))
    assert reading.forms[0].get(f"{SPECTRUM}/ring_current") is None
    assert [(item.code, item.value) for item in reading.findings] == [("ritsumeikan-current", "1326.8 mA")]


def test_several_signals_are_no_mode(tmp_path: Path) -> None:
    reading = read(tmp_path, SOFT, ("61574,0", "61574,5"))
    assert [(item.code, item.value) for item in reading.findings] == [
        ("ritsumeikan-signals", "fluorescence, electron-yield")
    ]
    assert f"{SPECTRUM}/mode" not in reading.suggestions


def test_a_scan_over_midnight_ends_on_the_next_day(tmp_path: Path) -> None:
    form = read(tmp_path, SAMPLE, ("10:00:00,10:20:00", "23:50:00,00:20:00")).forms[0]
    assert form.get(f"{SPECTRUM}/ended") == "2026-05-02T00:20:00"
    assert form.origins[f"{SPECTRUM}/ended"].kind == "inferred"
    last = read(tmp_path, SAMPLE, ("2026/05/01,10:00:00,10:20:00", "9999/12/31,23:50:00,00:20:00")).forms[0]
    assert last.get(f"{SPECTRUM}/ended") is None


@pytest.mark.parametrize(
    ("swap", "path"),
    [
        (("InSb(111), 2d= 0.7481 nm", "unknown glass"), f"{SPECTRUM}/monochromator"),
        (("2026/05/01,10:00:00,10:20:00", "2026/13/01,10:00:00,10:20:00"), f"{SPECTRUM}/started"),
    ],
)
def test_values_that_make_no_sense_are_left_out(tmp_path: Path, swap: tuple[str, str], path: str) -> None:
    reading = read(tmp_path, SAMPLE, swap)
    assert [(item.code, item.path) for item in reading.findings] == [("ritsumeikan-refused", path)]


def test_l21_is_no_edge(tmp_path: Path) -> None:
    reading = read(tmp_path, SOFT, ("O-K edge", "Ti-L21 edge"))
    assert reading.forms[0].get(f"{SPECTRUM}/edge") is None
    assert codes(reading) == {"ritsumeikan-refused"}


def test_a_cut_table_is_reported(tmp_path: Path) -> None:
    reading = read(tmp_path, SAMPLE, ("全測定点数:,21", "全測定点数:,354"))
    assert [(item.code, item.value, item.line) for item in reading.findings] == [
        ("ritsumeikan-points", "354", 8)
    ]


@pytest.mark.parametrize("comment", ["someone@example.org", "D:" + "\\beamtime\\1.dat"])
def test_a_comment_that_is_not_for_the_public_stays_private(tmp_path: Path, comment: str) -> None:
    reading = read(tmp_path, SAMPLE, ("Quartz (example data; calculated)", comment))
    assert reading.forms[0].get("/sample") is None
    assert codes(reading) == {"ritsumeikan-names-people"}


def test_the_record_of_the_repository_says_the_same(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    path = corpus / "jp-9809" / "excerpts" / "ritsumeikan-bl10_17032306.head.dat"
    reading = READER.read(Source(path, path.name))
    record = json.loads(
        (corpus / "mdr-records/mdr-xafs-db/mdr-a75da7e1-ritsumeikan-bl10.metadata.json").read_text("utf-8")
    )
    assert reading.forms[0].get("/sample/name") == record["sample"]["name"]
    assert reading.suggestions[f"{SPECTRUM}/element"] == "Si"
    assert record["measurement"]["absorption_edge"] == "Si K-edge"
    assert (
        int(next(item.value or "" for item in reading.findings if item.code == "ritsumeikan-points"))
        == (record["measurement"]["data_points"])
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Ritsumeikan University SR Center BL-10\n", ""),
        ("Ritsumeikan University SR Center BL-10\nEnergy,Ch6(I0)\n", ""),
        ("Ritsumeikan University SR Center BL-10\nEnergy,Ch6(I0)\n1,x\n", ":3"),
        ("Ritsumeikan University SR Center BL-10\nEnergy,Ch6(I0)\n1,2,3\n", ":3"),
        ("Ritsumeikan University SR Center BL-10\nEnergy,Ch6(I0)\n,3\n", ":3"),
        ("Ritsumeikan University SR Center BL-10\nEnergy,Ch6(I0)\n1,1e999\n", ":3"),
        ("Ritsumeikan University SR Center BL-10\n" + "x\n" * 500, ":401"),
        ("Ritsumeikan University SR Center BL-10\n" + "," * 5_000, ":2"),
    ],
)
def test_a_broken_file_is_refused_at_its_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(UnreadableInput) as caught:
        read(tmp_path, text)
    assert caught.value.where == f"file.dat{line}"


def read_or_refuse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    source = Source(path, path.name)
    READER.sniff(source)
    try:
        reading = READER.read(source)
    except UnreadableInput as error:
        assert error.detail
        return
    assert all(item.text("ja") for item in reading.findings)


@given(
    st.lists(
        st.one_of(st.sampled_from([*SAMPLE.splitlines(), *SOFT.splitlines()]), st.text(max_size=30)),
        max_size=30,
    )
)
def test_any_lines_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, extra: list[str]) -> None:
    content = "\n".join(["Ritsumeikan University SR Center BL-10", *extra, "Energy,Ch6(I0)", "1,2", "2,3"])
    read_or_refuse(tmp_path_factory.getbasetemp() / "lines.dat", content.encode())


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(10)
    splices = [b"\0", b"\x1a", b"\r", b'"', b",", b"nan", b"\x83", b"9" * 30, b"#", b":"]
    for text in (SAMPLE, SOFT):
        for _ in range(200):
            content = bytearray(text.encode())
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(content))
                content[at : at + chance.choice([0, 0, 1, 30])] = chance.choice(splices)
            read_or_refuse(tmp_path / "damaged.dat", bytes(content))
