"""Every real XDI file: the right outcome, and element and edge as an independent look at the header finds them."""

from __future__ import annotations

import re
import time
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading, Source, choose
from catalog.readers.xdi import READER

# Files in each folder that begin with an XDI version line, and how many of them hold an absorption spectrum.
EXPECTED = {
    "xdi-spec/data": (12, 9),
    "xdi-xaslib": (159, 159),
    "xdi-bmm": (216, 216),
    "xdi-misc": (5, 5),
    "beamline-ascii": (5, 5),
}
OTHER_MEASUREMENTS = {
    "xdi-spec/data/nonxafs_1d.xdi": "xdi-not-xafs",
    "xdi-spec/data/nonxafs_2d.xdi": "xdi-several-dimensions",
    "xdi-spec/data/nonxafs_negvalues.xdi": "xdi-not-xafs",
}
# The outcome BadFiles.txt demands: refused at a line, or read with these findings.
BAD_FILES: dict[str, int | set[str]] = {
    "bad_00": set(),
    "bad_02": {"xdi-field-missing"},
    "bad_04": {"xdi-value-refused"},
    "bad_05": {"xdi-value-refused"},
    "bad_07": {"xdi-columns"},
    "bad_09": {"xdi-columns"},
    "bad_10": {"xdi-columns"},
    "bad_12": {"xdi-field-missing", "xdi-energy-axis"},
    "bad_14": 36,
    "bad_15": 29,
    "bad_17": 29,
    "bad_19": 8,
    "bad_20": 8,
    "bad_22": 8,
    "bad_24": 8,
    "bad_25": set(),
    "bad_27": set(),
    "bad_29": {"xdi-value-refused"},
    "bad_30": {"xdi-value-refused"},
    "bad_32": {"xdi-energy-label", "xdi-field-recommended"},
    "bad_34": {"xdi-value-refused"},
    "bad_35": {"xdi-value-refused"},
}


def begins_as_xdi(path: Path) -> bool:
    with path.open("rb") as stream:
        return re.match(rb"#\s*XDI/", stream.read(80)) is not None


@cache
def good_files(corpus: Path) -> tuple[Path, ...]:
    return tuple(
        path
        for path in sorted(corpus.rglob("*"))
        if path.is_file() and "baddata" not in path.parts and begins_as_xdi(path)
    )


@cache
def readings(corpus: Path) -> dict[str, Reading]:
    return {
        path.relative_to(corpus).as_posix(): READER.read(Source(path, str(path.relative_to(corpus))))
        for path in good_files(corpus)
    }


@pytest.fixture(scope="session")
def corpus(shared: Path) -> Path:
    return shared / "data" / "corpus"


def stated(path: Path) -> dict[str, str]:
    """Lower-case key -> last value, by a plain look at the lines that start with '#'."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(r"#\s*(\w+\.\w+)\s*:\s*([^|]*\S)", line)
        if match:
            found[match[1].lower()] = match[2]
    return found


def test_every_file_is_told_by_its_content(corpus: Path) -> None:
    for path in good_files(corpus):
        chosen = choose(Source(path, path.name))
        assert chosen is READER, path


def test_nothing_else_is_taken_for_xdi(corpus: Path) -> None:
    ours = set(good_files(corpus))
    others = [
        path
        for path in corpus.rglob("*")
        if path.is_file() and path not in ours and "baddata" not in path.parts
    ]
    assert len(others) > 300
    assert [path for path in others if READER.sniff(Source(path, path.name))] == []


def test_counts_by_folder(corpus: Path) -> None:
    files: Counter[str] = Counter()
    spectra: Counter[str] = Counter()
    for name, reading in readings(corpus).items():
        folder = next(folder for folder in EXPECTED if name.startswith(folder + "/"))
        files[folder] += 1
        spectra[folder] += reading.is_xafs
    assert {folder: (files[folder], spectra[folder]) for folder in EXPECTED} == EXPECTED


def test_other_measurements_are_told_apart(corpus: Path) -> None:
    told = {
        name: [item.code for item in reading.findings if item.severity == "error"]
        for name, reading in readings(corpus).items()
        if not reading.is_xafs
    }
    assert told == {name: [code] for name, code in OTHER_MEASUREMENTS.items()}


def test_element_and_edge_are_right_wherever_stated(corpus: Path) -> None:
    count: Counter[tuple[str, str]] = Counter()
    for name, reading in readings(corpus).items():
        if not reading.is_xafs:
            continue
        header = stated(corpus / name)
        element, edge = (
            next(
                header[key] for key in (first, f"scan.{second}", f"scanparameters.{second}") if key in header
            )
            for first, second in (("element.symbol", "element"), ("element.edge", "edge"))
        )
        (form,) = reading.forms
        assert (form.get("/spectra/0/element"), form.get("/spectra/0/edge")) == (element, edge), name
        count[element, edge] += 1
    assert sum(count.values()) == 394
    assert Counter(edge for _, edge in count.elements()) == {"K": 277, "L3": 68, "L1": 48, "L2": 1}
    assert (count["Fe", "K"], count["S", "K"], count["Pt", "L3"]) == (45, 24, 7)


def test_what_the_header_states_is_what_the_form_says(corpus: Path) -> None:
    plain = {
        "facility.name": "/facility",
        "beamline.name": "/beamline",
        "sample.name": "/sample/name",
        "sample.formula": "/sample/formula",
        "sample.prep": "/sample/preparation",
    }
    seen: Counter[str] = Counter()
    for name, reading in readings(corpus).items():
        for form in reading.forms:
            header = stated(corpus / name)
            for key, pointer in plain.items():
                value = header.get(key)
                assert form.get(pointer) == (None if value in ("...", "X") else value), (name, key)
                seen[key] += form.get(pointer) is not None
            start = header["scan.start_time"].replace(" ", "T")
            assert form.get("/spectra/0/started") == start, name
    assert seen == {
        "facility.name": 316,
        "beamline.name": 389,
        "sample.name": 384,
        "sample.formula": 158,
        "sample.prep": 386,
    }


def test_every_spectrum_has_its_energy_range_and_curve(corpus: Path) -> None:
    for name, reading in readings(corpus).items():
        if not reading.is_xafs:
            continue
        rows = [
            line.split()
            for line in (corpus / name).read_text(encoding="utf-8").splitlines()
            if line.strip() and not line.startswith("#")
        ]
        (form,) = reading.forms
        energy = form.get("/spectra/0/energy")
        assert float(energy["first"].removesuffix(" eV")) == float(rows[0][0]), name
        assert float(energy["last"].removesuffix(" eV")) == float(rows[-1][0]), name
        assert energy["points"] == str(len(rows)), name
        curve = reading.curves[0, "/spectra/0"]
        assert len(curve.energy_ev) == len(curve.signal) == len(rows), name


def test_crystals_and_spacings(corpus: Path) -> None:
    crystals: Counter[str] = Counter()
    spacings = 0
    for reading in readings(corpus).values():
        for form in reading.forms:
            mono = form.get("/spectra/0/monochromator")
            crystals[f"{mono.get('crystal')}{mono.get('reflection')}"] += 1
            spacings += "d_spacing" in mono
    assert spacings == 394
    assert crystals == {"Si111": 377, "Si220": 11, "Si311": 2, "NoneNone": 4}


def test_no_person_proposal_or_path_becomes_public(corpus: Path) -> None:
    private = (
        "experimenters",
        "gup",
        "saf",
        "uid",
        "transient_id",
        "user_name",
        "proposal_number",
        "xspress3_hdf5_file",
    )
    reported = 0
    for name, reading in readings(corpus).items():
        header = stated(corpus / name)
        public = [
            str(value)
            for form in reading.forms
            for pair in form.get("/spectra/0/header") or []
            for value in pair.values()
        ]
        for key, value in header.items():
            if key.rpartition(".")[2] in private:
                assert not any(value in text for text in public), (name, key)
        reported += any(item.code == "xdi-names-people" for item in reading.findings)
    assert reported == 218


def test_findings_of_the_whole_corpus(corpus: Path) -> None:
    counted = Counter(item.code for reading in readings(corpus).values() for item in reading.findings)
    assert {code: counted[code] for code in sorted(counted)} == {
        "xdi-alias": 87,
        "xdi-field-missing": 6,
        "xdi-field-recommended": 167,
        "xdi-folder-disagrees": 3,
        "xdi-names-people": 218,
        "xdi-not-xafs": 2,
        "xdi-placeholder": 7,
        "xdi-several-dimensions": 1,
        "xdi-unit-assumed": 465,
        "xdi-value-in-words": 115,
    }


def test_data_in_the_wrong_folder_keeps_what_the_header_says(corpus: Path) -> None:
    reading = readings(corpus)["xdi-bmm/Er/Eu-L1-Eu2O3-m.xdi"]
    assert reading.forms[0].get("/spectra/0/element") == "Eu"
    assert [item.value for item in reading.findings if item.code == "xdi-folder-disagrees"] == ["Er"]


def test_every_file_of_the_bad_data_has_its_expectation(corpus: Path) -> None:
    present = {path.stem for path in (corpus / "xdi-spec" / "baddata").glob("*.xdi")}
    assert present == set(BAD_FILES)


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_data_does_what_its_table_says(corpus: Path, name: str) -> None:
    folder = corpus / "xdi-spec" / "baddata"
    table = (folder / "BadFiles.txt").read_text(encoding="utf-8")
    (verdict,) = re.findall(rf"^{name}\.xdi +(file read|error msg)", table, re.MULTILINE)
    expected = BAD_FILES[name]
    source = Source(folder / f"{name}.xdi", f"{name}.xdi")
    if isinstance(expected, int):
        assert verdict == "error msg"
        with pytest.raises(UnreadableInput) as refused:
            READER.read(source)
        assert refused.value.where == f"{name}.xdi:{expected}"
        return
    assert verdict == "file read"
    reading = READER.read(source)
    assert reading.is_xafs
    assert {item.code for item in reading.findings} == expected


def test_all_files_are_read_in_a_few_seconds(corpus: Path) -> None:
    good_files(corpus)
    started = time.process_time()
    for path in good_files(corpus):
        READER.read(Source(path, path.name))
    assert time.process_time() - started < 4
