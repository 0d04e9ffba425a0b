"""Readers of beamline ASCII files: each format by its sample, every file of the corpus by its row, hostile input."""

from __future__ import annotations

import csv
import random
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from catalog.inspection import inspect_file, look
from catalog.readers import Reading, Source, choose, readers

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "data" / "samples"
TABLE = ROOT / "tests" / "data" / "expect" / "beamline-ascii.csv"
TODAY = date(2026, 5, 1)
SPECTRUM = "/spectra/0"
FORMATS = {
    "xdac.dat": "xdac",
    "ssrl.001": "ssrl",
    "nsls2.dat": "nsls2",
    "labview.0001": "labview",
    "cls.dat": "cls",
    "epics.001": "epics",
    "epics-mda.asc": "epics",
    "spec.dat": "spec",
    "lytle.dat": "lytle",
    "modellib.dat": "modellib",
    "columns.xmu": "columns",
}
# What a spectrum's form says beside its header pairs and its energies, and what is suggested.
STATED: dict[str, dict[str, str]] = {
    "xdac.dat": {
        "/facility": "NSLS",
        "/beamline": "X-23A2",
        f"{SPECTRUM}/started": "2026-11-18T21:48:15",
        f"{SPECTRUM}/ring_energy": "2.80 GeV",
        f"{SPECTRUM}/monochromator/reflection": "311",
        f"{SPECTRUM}/energy/first": "7053 eV",
        f"{SPECTRUM}/energy/points": "71",
    },
    "ssrl.001": {
        "/facility": "SSRL",
        "/beamline": "2-3",
        f"{SPECTRUM}/started": "2026-05-03T00:13:57",
        f"{SPECTRUM}/monochromator/d_spacing": "1.920156 Å",
        f"{SPECTRUM}/energy/last": "25600.002 eV",
    },
    "nsls2.dat": {
        "/facility": "NSLS-II",
        "/beamline": "QAS",
        f"{SPECTRUM}/element": "Pd",
        f"{SPECTRUM}/edge": "K",
        f"{SPECTRUM}/started": "2026-02-28T13:35:56",
        f"{SPECTRUM}/ended": "2026-02-28T13:36:28",
    },
    "labview.0001": {
        "/facility": "APS",
        "/beamline": "20-BM",
        f"{SPECTRUM}/started": "2026-10-29T11:17:00",
        f"{SPECTRUM}/energy/first": "7053 eV",
    },
    "cls.dat": {
        "/facility": "CLS",
        "/beamline": "HXMA",
        "/license": "CC BY 4.0",
        "/papers/0": "https://doi.org/10.5555/12345678",
        "/sample/formula": "ZnO",
        f"{SPECTRUM}/energy/first": "9599.03 eV",
        f"{SPECTRUM}/energy/points": "71",
    },
    "epics.001": {
        "/facility": "APS",
        "/beamline": "13-BM-D",
        f"{SPECTRUM}/ring_current": "101.743 mA",
        f"{SPECTRUM}/started": "2026-04-10T16:50:32",
        f"{SPECTRUM}/ended": "2026-04-10T17:00:25",
    },
    "epics-mda.asc": {
        "/facility": "Australian Synchrotron",
        f"{SPECTRUM}/ring_current": "200.091103 mA",
        f"{SPECTRUM}/monochromator/type": "grating",
        f"{SPECTRUM}/energy/first": "270 eV",
        f"{SPECTRUM}/started": "2026-03-14T00:31:46",
    },
    "spec.dat": {
        f"{SPECTRUM}/id": "1",
        f"{SPECTRUM}/started": "2026-05-02T03:30:00-05:00",
        "/spectra/1/id": "3",
        "/spectra/1/started": "2026-05-02T03:45:00-05:00",
    },
    "lytle.dat": {
        f"{SPECTRUM}/monochromator/d_spacing": "1.92017 Å",
        f"{SPECTRUM}/calibration/hc": "12398.4198",
        f"{SPECTRUM}/started": "1983-06-30",
        f"{SPECTRUM}/energy/first": "8919.956 eV",
    },
    "modellib.dat": {
        "/facility": "SSRL",
        "/beamline": "4-3",
        "/sample/name": "Cu2O cuprous oxide (example data; calculated)",
        f"{SPECTRUM}/element": "Cu",
        f"{SPECTRUM}/edge": "K",
        f"{SPECTRUM}/temperature": "13 K",
    },
    "columns.xmu": {f"{SPECTRUM}/energy/first": "8920 eV", f"{SPECTRUM}/energy/last": "9066 eV"},
}
SUGGESTED = {
    "xdac.dat": ("Fe", "K"),
    "ssrl.001": ("Ag", "K"),
    "nsls2.dat": (None, None),
    "labview.0001": ("Fe", "K"),
    "cls.dat": ("Zn", "K"),
    "epics.001": ("Zn", "K"),
    "epics-mda.asc": ("C", "K"),
    "spec.dat": ("Fe", "K"),
    "lytle.dat": ("Cu", "K"),
    "modellib.dat": (None, None),
    "columns.xmu": ("Cu", "K"),
}


def sample(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode("utf-8").replace("\r\n", "\n")


def read(folder: Path, text: str | bytes, given: str = "a.dat") -> Reading:
    path = folder / "file.dat"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    source = Source(path, given)
    reader = choose(source)
    assert reader is not None
    return reader.read(source)


def codes(reading: Reading) -> list[str]:
    return sorted({item.code for item in reading.findings})


def refusal(folder: Path, text: str | bytes) -> tuple[str | None, str]:
    """The line and the sentence by which a file is refused."""
    path = folder / "file.dat"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    seen = look(path, "file.dat")
    assert seen.outcome == "refuse"
    item = next(item for item in seen.findings if item.severity == "error")
    assert item.code != "reader-failed", item.text()
    return str(item.line) if item.line else None, item.text()


@pytest.mark.parametrize("name", STATED)
def test_what_each_format_states_and_suggests(name: str) -> None:
    source = Source(SAMPLES / name, name)
    reader = choose(source)
    assert reader is not None
    assert reader.name == FORMATS[name]
    reading = reader.read(source)
    (form,) = reading.forms
    assert {pointer: form.get(pointer) for pointer in STATED[name]} == STATED[name]
    suggested = tuple(reading.suggestions.get(f"{SPECTRUM}/{key}") for key in ("element", "edge"))
    assert suggested == SUGGESTED[name]
    curve = reading.curves[0, SPECTRUM]
    assert len(curve.energy_ev) == int(form.get(f"{SPECTRUM}/energy/points"))
    assert max(curve.signal) > min(curve.signal)


@pytest.mark.parametrize("ends", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("name", STATED)
def test_line_ends_a_ctrl_z_and_padding_change_nothing(tmp_path: Path, name: str, ends: str) -> None:
    usual = read(tmp_path, sample(name))
    other = read(tmp_path, sample(name).replace("\n", ends).encode() + b"\x1a\0\0\0")
    assert [form.values for form in other.forms] == [form.values for form in usual.forms]
    assert other.curves == usual.curves


@pytest.mark.parametrize("name", STATED)
def test_what_names_people_is_in_no_form(name: str) -> None:
    reading = readers()[FORMATS[name]].read(Source(SAMPLES / name, name))
    shown = str([form.values for form in reading.forms])
    assert "Nobody" not in shown
    assert "'000000'" not in shown


def test_energies_computed_or_told_by_a_process_variable_are_inferred() -> None:
    for name, pointer in (
        ("lytle.dat", f"{SPECTRUM}/energy/first"),
        ("epics.001", "/beamline"),
        ("xdac.dat", "/facility"),
    ):
        form = readers()[FORMATS[name]].read(Source(SAMPLES / name, name)).forms[0]
        assert form.origins[pointer].kind == "inferred"
    form = readers()["xdac"].read(Source(SAMPLES / "xdac.dat", "xdac.dat")).forms[0]
    assert form.origins["/beamline"].kind == "header"


def test_an_edge_energy_left_from_another_scan_is_reported(tmp_path: Path) -> None:
    reading = read(tmp_path, sample("xdac.dat").replace("E0= 7112.00", "E0= 8332.00"))
    assert "scan-e0" in codes(reading)
    assert reading.suggestions[f"{SPECTRUM}/element"] == "Fe"


def test_a_stopped_scan_is_said_to_be_one(tmp_path: Path) -> None:
    text = sample("ssrl.001").rstrip("\n")
    short = text.rsplit("\n", 3)[0]
    assert "scan-points" in codes(read(tmp_path, short))
    assert codes(read(tmp_path, text[:-20])) == ["scan-cut", "scan-points"]


def test_a_file_name_that_says_another_edge_is_reported(tmp_path: Path) -> None:
    assert "scan-name-range" in codes(read(tmp_path, sample("columns.xmu"), "Zr foil Zr K.dat"))
    assert "scan-name-edge" in codes(read(tmp_path, sample("nsls2.dat"), "Rh K foil.dat"))
    assert "scan-name-edge" not in codes(read(tmp_path, sample("nsls2.dat"), "Pd K foil.dat"))


def test_an_element_by_name_and_number_has_to_be_one(tmp_path: Path) -> None:
    reading = read(tmp_path, sample("nsls2.dat").replace("Palladium ( 46)", "Palladium ( 45)"))
    assert reading.forms[0].get(f"{SPECTRUM}/element") is None
    assert "stated-refused" in codes(reading)


def test_an_edge_the_scan_does_not_reach_is_no_fact(tmp_path: Path) -> None:
    reading = read(tmp_path, sample("nsls2.dat").replace("# Edge: K", "# Edge: L3"))
    assert reading.forms[0].get(f"{SPECTRUM}/edge") is None
    assert "stated-out-of-reach" in codes(reading)


def test_samples_side_by_side_are_deposits_of_their_own(tmp_path: Path) -> None:
    text = sample("xdac.dat").replace(
        "Iron foil (example data; calculated), 300K", "1: Fe foil  2: Fe2O3 on tape"
    )
    head, _, rows = text.partition("        Energy            I0            It\n")
    wide = "".join(f"{row}{row[13:]}\n" for row in rows.splitlines())
    reading = read(
        tmp_path, f"{head}        Energy            I0           It1           I02           It2\n{wide}"
    )
    assert "xdac-channels" in codes(reading)
    assert [form.get("/sample/name") for form in reading.forms] == ["Fe foil", "Fe2O3 on tape"]
    assert [form.get(f"{SPECTRUM}/id") for form in reading.forms] == ["channel1", "channel2"]
    assert reading.curves[1, SPECTRUM].signal == reading.curves[0, SPECTRUM].signal
    assert reading.forms[1].get("/beamline") == "X-23A2"


def test_a_table_of_spectra_is_a_deposit_for_each(tmp_path: Path) -> None:
    rows = "".join(f"{8900 + step}\t{step}\t{2 * step}\t{step % 7}\n" for step in range(100))
    reading = read(tmp_path, f"E\tcu-foil\tcu_foil\tCuO \u202ex\n{rows}")
    assert "columns-several" in codes(reading)
    assert [form.get(f"{SPECTRUM}/id") for form in reading.forms] == ["cufoil", "cufoilx2", "CuOx"]
    assert [form.get("/title") for form in reading.forms][:2] == ["cu-foil", "cu_foil"]
    assert reading.forms[2].get("/title") == "CuO x"
    assert reading.curves[2, SPECTRUM].signal[:3] == (0, 1, 2)
    assert [reading.suggestions_of(number)["/sample/name"] for number in (0, 1)] == ["cu-foil", "cu_foil"]
    keys = [(item.code, item.line) for item in reading.findings]
    assert len(keys) == len(set(keys))


def test_scans_of_one_number_keep_ids_of_their_own(tmp_path: Path) -> None:
    reading = read(tmp_path, sample("spec.dat").replace("#S 3 ", "#S 1 "))
    assert [spectrum["id"] for spectrum in reading.forms[0].values["spectra"]] == ["1", "1x2"]


def test_a_clock_that_does_not_fit_the_seconds_gives_no_zone(tmp_path: Path) -> None:
    reading = read(tmp_path, sample("spec.dat").replace("#E 1777710526", "#E 1371554237"))
    assert reading.forms[0].get(f"{SPECTRUM}/started") == "2026-05-02T03:30:00"


def test_a_detectors_spectrum_between_the_rows_is_passed_over(tmp_path: Path) -> None:
    text = (
        sample("spec.dat")
        .replace("\n7054", "\n@A 1 2 3\\\n 4 5 6\\\n 7 8\n7054")
        .replace("\n7059", "\n@A 1 2 3\\\n 4 5\n7059")
    )
    assert text != sample("spec.dat") or "7058" in text
    assert read(tmp_path, text).curves == read(tmp_path, sample("spec.dat")).curves


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("# FDMNES program, Revision 20th of January 2022\n", "columns-computed"),
        ("# GeH_4 r=1.00 /AA                      Feff 8.20x8\n# e, mu\n", "columns-computed"),
        ("# a\n#  xsedge+ 50, used to normalize mu     2.0390E-04\n# e, mu\n", "columns-computed"),
        ("Absorption (K-edge) for mids: mp-90; elements: Cr\nE (eV)\tmu\n", "columns-computed"),
        ("#  k chi(k)\n", "columns-no-energy"),
    ],
)
def test_what_is_computed_or_processed_is_refused_in_words(tmp_path: Path, text: str, code: str) -> None:
    rows = "".join(f"{7000 + step} {step}\n" for step in range(100))
    path = tmp_path / "a.dat"
    path.write_text(text + rows, encoding="utf-8")
    seen = look(path, "a.dat")
    assert (seen.reader, seen.outcome, [item.code for item in seen.findings]) == ("columns", "refuse", [code])


def test_a_comment_that_names_a_program_leaves_a_file_measured(tmp_path: Path) -> None:
    rows = "".join(f"{7000 + step} {step}\n" for step in range(100))
    reading = read(tmp_path, f"# fitted with Feff 8 and FDMNES\n# energy mu\n{rows}")
    assert reading.is_xafs
    assert codes(reading) == ["columns-only"]
    prose = tmp_path / "notes.txt"
    prose.write_text("# FDMNES program, Revision 1\nwas used for the figures.\n", encoding="utf-8")
    assert choose(Source(prose, "notes.txt")) is None


def test_bare_columns_need_energies_and_enough_rows(tmp_path: Path) -> None:
    def rows(count: int, first: float = 7000, step: float = 2) -> str:
        return "".join(f"{first + step * number} {number}\n" for number in range(count))

    assert codes(read(tmp_path, rows(60))) == ["columns-only"]
    assert codes(read(tmp_path, rows(60, 7.0, 0.002))) == ["columns-only", "scan-unit"]
    for text, words in (
        (rows(12), "12 rows are too few"),
        (rows(60, 1, 1), "too wide"),
        (rows(60, 0, 1), "no photon energies"),
    ):
        assert words in refusal(tmp_path, text)[1]


def test_files_of_another_kind_are_nobodys(tmp_path: Path) -> None:
    for content in ("one line\n", "1 2\n3 4\n", "# only\n# comments\n", "a,b\nc,d\n" * 40):
        path = tmp_path / "a.dat"
        path.write_text(content, encoding="utf-8")
        assert choose(Source(path, "a.dat")) is None, content


def test_the_binary_files_of_ssrl_are_refused_in_one_sentence(tmp_path: Path) -> None:
    line, words = refusal(
        tmp_path, b"SSRL - EXAFS Data Collector 1.1       \r\n\0Tue Jun 13\r\n\x1a\0[\xff" * 9
    )
    assert line is None
    assert words.startswith("this is a binary file of the SSRL data collector")


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "words"),
    [
        ("xdac.dat", "-" * 80, "no rule", "102", "no line of dashes|ends before"),
        ("xdac.dat", "        Energy            I0            It\n", "", "18", "no row of column labels"),
        ("xdac.dat", "        Energy  ", "        Angle   ", "18", "no column is labelled as energy"),
        ("ssrl.001", "PTS:", "PTX:", "3", "'PTS:'"),
        ("ssrl.001", "Data: \n", "\n", None, "ends before|no line 'Data:'"),
        ("nsls2.dat", "# energy  i0", "# angle  i0", "21", "before the row of column labels"),
        ("labview.0001", "# Column Headings:\n", "", "19", "'Column Headings:'"),
        ("cls.dat", "#(1)", "#(3)", "1", "names the columns"),
        ("epics.001", "Scan 1 dim", "Scan 2 dim", "1", "2 dimensions"),
        ("epics-mda.asc", "= 1-D", "= 2-D", "6", "2-D"),
        ("lytle.dat", " 4000. ", " 0. ", "2", "above 0"),
        ("lytle.dat", "  DELTA:", "  OTHER:", "3", "DELTA"),
        ("modellib.dat", "#%cols: 71 ", "#%cols: ", "1", "#%cols:"),
        ("spec.dat", "#L energy", "#L angle", None, "no scan of the file runs over a photon energy"),
    ],
)
def test_a_damaged_header_is_named_with_its_line(
    tmp_path: Path, name: str, old: str, new: str, line: str | None, words: str
) -> None:
    text = sample(name)
    assert old in text
    count = -1 if name in {"cls.dat", "spec.dat"} else 1
    where, said = refusal(tmp_path, text.replace(old, new, count))
    assert any(part in said for part in words.split("|")), said
    assert "within" in said or "ends before" in said or where == line, where


def test_hostile_columns_are_refused_or_read_never_fatal(tmp_path: Path) -> None:
    rows = "".join(f"{7000 + step} {step}\n" for step in range(60))
    assert "65,536" in refusal(tmp_path, "# energy mu\n" + rows + "1 " * 25_000_000)[1]
    assert "1e400" in refusal(tmp_path, "# energy mu\n" + rows + "7200 1e400\n")[1]
    assert refusal(tmp_path, "# energy mu\n" + rows + "7200 1 2\n" + rows)[0] == "62"
    assert (
        "NUL" in refusal(tmp_path, ("# energy mu\n" + rows).encode() + b"1 2\n" * 20_000 + b"\x00\x01\x02")[1]
    )
    wide = "# energy mu\n" + "1 " * 30_000 + "\n"
    assert choose(Source(_put(tmp_path, wide), "a.dat")) is None


def _put(folder: Path, text: str) -> Path:
    path = folder / "hostile.dat"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_with_line_breaks_and_direction_marks_do_not_reach_the_form(tmp_path: Path) -> None:
    text = sample("xdac.dat").replace("Iron foil (example", "\u202eIron\u2028 foil\x07 (example")
    reading = read(tmp_path, text, "a\n\u202eFe K.dat")
    suggested = reading.suggestions["/sample/name"]
    assert isinstance(suggested, str)
    assert not set(suggested) & set("\u202e\u2028\x07\n")
    assert reading.suggestions[f"{SPECTRUM}/element"] == "Fe"
    settings = sample("xdac.dat").replace("Gains= 8.00", "Gains= \u202e8.00\x07")
    assert "\u202e" not in str(read(tmp_path, settings).forms[0].values)
    path = tmp_path / "file.dat"
    assert inspect_file(path, "a\n\u202e.dat", today=TODAY)["outcome"] == "ask"


@pytest.mark.parametrize("name", STATED)
def test_a_damaged_file_is_read_or_refused_but_never_fatal(tmp_path: Path, name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    chance = random.Random(name)
    path = tmp_path / "a.dat"
    for _ in range(25):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        path.write_bytes(bytes(damaged[: chance.choice([len(damaged), chance.randrange(1, len(damaged))])]))
        seen = look(path, "a.dat")
        assert "reader-failed" not in [item.code for item in seen.findings], [i.text() for i in seen.findings]


def expected() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_file_of_the_corpus_is_what_its_row_says(shared: Path) -> None:
    corpus = shared / "data" / "corpus"
    rows = expected()
    files = sorted(path for path in (corpus / "beamline-ascii").rglob("*") if path.is_file())
    files = [path for path in files if path.name != "SOURCES.md"]
    assert len(files) == 81
    used = set()
    for path in files:
        name = path.relative_to(corpus).as_posix()
        (row,) = [each for each in rows if fnmatchcase(name, each["path"])]
        used.add(row["path"])
        seen = inspect_file(path, name, today=TODAY)
        suggested = seen["suggestions"]
        found = {
            "path": row["path"],
            "outcome": seen["outcome"],
            "reader": seen["reader"] or "",
            "suggested_element": suggested.get("spectra/0/element", ""),
            "suggested_edge": suggested.get("spectra/0/edge", ""),
            "findings": " ".join(sorted({each["code"] for each in seen["findings"]})),
        }
        found |= {key: str(seen["facts"].get(key, "")) for key in row if key not in found}
        assert found == row
    assert used == {row["path"] for row in rows}


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("larch/NSLS8ID_2019.dat", ("Lauren", "Pincus", "303577", "303958")),
        ("nsls2-qas/Pd foil 0001.dat", ("Ma'", "309826", "311269")),
        ("larch/ESRF_SNBL_2013.dat", ("ELKE", "opd01")),
        ("larch/APS9BM_2006.dat", ("bmexafs",)),
        ("xafsfun-sulfur/2013.2_Cron_S_XANES_gypsum.003", ("Cron",)),
        ("xafsfun-sulfur/2013.2_Langman_s_xanes_coso4.001", ("Langman",)),
        ("refxas-pyexafs/Mo_foil Mo K ROCK Soleil.txt", ("Matthias", "Roudenko")),
        ("excerpts/cls-hxma_ZnAcetate_idrfof85.head.dat", ("Blanchard", "Vu", "Warner")),
        ("horae/mngaas.351", ("Aubrey",)),
        ("larch/EMG003.txt", ("Losq",)),
    ],
)
def test_nobody_of_the_corpus_is_named_in_a_form(shared: Path, name: str, people: tuple[str, ...]) -> None:
    path = shared / "data" / "corpus" / "beamline-ascii" / name
    reader = choose(Source(path, path.name))
    assert reader is not None
    reading = reader.read(Source(path, path.name))
    shown = str([form.values for form in reading.forms])
    assert not [each for each in people if each in shown]
    assert any(people[0].rstrip("'") in pair.value for pair in reading.private)
