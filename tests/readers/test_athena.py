from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import UnreadableInput
from catalog.inspection import inspect_file
from catalog.readers import Reading, Source, choose
from catalog.readers._athena_text import read_project
from catalog.readers.athena import READER

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
SAMPLE = (SAMPLES / "athena.prj").read_text(encoding="utf-8")
HEAD = "# Athena project file -- Demeter version 0.9.26\n\n"
LIMIT = 1_000_000


def source(folder: Path, content: str | bytes) -> Source:
    path = folder / "file.prj"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Source(path, "file.prj", LIMIT)


def read(folder: Path, *swaps: tuple[str, str]) -> Reading:
    text = SAMPLE
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return READER.read(source(folder, text))


def codes(reading: Reading) -> list[str]:
    return [item.code for item in reading.findings]


def test_scans_of_one_sample_are_one_deposit(tmp_path: Path) -> None:
    reading = read(tmp_path)
    first, second = reading.forms
    assert first.get("/sample/name") == "Fe2O3"
    assert [spectrum["id"] for spectrum in first.values["spectra"]] == ["gpaf", "gpbf"]
    assert first.values["facility"] == "NSLS"
    spectrum = dict(first.values["spectra"][0])
    header = {pair["key"]: pair["value"] for pair in spectrum.pop("header")}
    assert spectrum == {
        "id": "gpaf",
        "element": "Fe",
        "edge": "K",
        "energy": {"first": "7080 eV", "last": "7176 eV", "points": "95"},
        "started": "2026-05-01T10:00:00",
        "ring_energy": "2.80 GeV",
        "monochromator": {"type": "crystal", "crystal": "Si", "reflection": "111", "d_spacing": "3.13553 Å"},
    }
    assert header == {"label": "Fe2O3.001", "recordtype": "mu(E)", "bkg_e0": "7122"}
    assert first.get("/spectra/1/calibration/energy_shift") == "0.5 eV"
    assert first.get("/spectra/0/calibration") is None
    origin = first.origins["/spectra/0/element"]
    assert (origin.kind, origin.line, origin.raw) == ("header", 5, "Fe")
    assert len(reading.curves) == 3
    assert reading.curves[1, "/spectra/0"].energy_ev[0] == 7080
    assert second.get("/sample/name") == "unknown glass"


def test_the_default_element_is_no_statement(tmp_path: Path) -> None:
    reading = read(tmp_path)
    spectrum = reading.forms[1].values["spectra"][0]
    assert "element" not in spectrum
    assert "edge" not in spectrum
    assert [(item.code, item.value) for item in reading.findings] == [("stated-placeholder", "H")]
    assert reading.suggestions_of(1) == {
        "/spectra/0/mode": "transmission",
        "/spectra/0/element": "Fe",
        "/spectra/0/edge": "K",
    }
    seen = inspect_file(SAMPLES / "athena.prj", "athena.prj", today=date(2026, 11, 20))
    assert (seen["outcome"], seen["facts"]["n_spectra"]) == ("ask", 3)
    assert seen["suggestions"]["forms/1/spectra/0/element"] == "Fe"


def test_packing_and_notation_change_nothing(tmp_path: Path) -> None:
    plain = read(tmp_path)
    packed = source(tmp_path, gzip.compress(SAMPLE.encode()))
    assert choose(packed) is READER
    assert READER.read(packed).forms == plain.forms
    windows = READER.read(source(tmp_path, SAMPLE.replace("\n", "\r\n")))
    assert [form.values for form in windows.forms] == [form.values for form in plain.forms]

    project = read_project(SAMPLE.encode(), "file.prj", LIMIT)
    as_json = {"_____header1": "# Athena project file -- Demeter version 0.9.26"} | {
        group.key: {"args": group.args, "xdi": group.xdi, **group.arrays} for group in project.groups
    }
    as_json["_____order"] = [group.key for group in project.groups]  # type: ignore[assignment]
    written = source(tmp_path, json.dumps(as_json))
    assert choose(written) is READER
    assert [form.values for form in READER.read(written).forms] == [form.values for form in plain.forms]


def test_athenas_null_is_nothing(tmp_path: Path) -> None:
    reading = read(tmp_path, ("'Fe2O3.001'", "'@&^^null^^&@'"))
    assert reading.forms[0].get("/sample/name") is None
    assert "@&^^null^^&@" not in str(reading)


def test_a_path_of_a_user_stays_private(tmp_path: Path) -> None:
    folder = "/" + "home/somebody/data/fe.001"
    reading = read(tmp_path, ("'source','@&^^null^^&@'", f"'source','{folder}'"))
    assert [(item.code, item.value) for item in reading.findings if "people" in item.code] == [
        ("names-people", "source")
    ]
    assert not any(folder in json.dumps(form.values) for form in reading.forms)
    assert folder in {pair.value for pair in reading.private}


def test_an_edge_that_the_energies_do_not_reach_is_left_out(tmp_path: Path) -> None:
    reading = read(tmp_path, ("'bkg_z','Fe'", "'bkg_z','Cu'"))
    assert reading.forms[0].get("/spectra/0/element") is None
    assert (reading.findings[0].code, reading.findings[0].value) == ("stated-out-of-reach", "Cu K")


def test_groups_without_absorption_are_left_out(tmp_path: Path) -> None:
    reading = read(tmp_path, ("'is_xmu',1", "'is_chi',1"))
    assert [len(form.values["spectra"]) for form in reading.forms] == [1, 1]
    assert ("athena-group-left-out", "Fe2O3.001") in {(item.code, item.value) for item in reading.findings}
    empty = READER.read(source(tmp_path, HEAD))
    assert (empty.is_xafs, codes(empty)) == (False, ["athena-empty"])


def test_other_samples_are_other_deposits(tmp_path: Path) -> None:
    reading = read(tmp_path, ("'Fe2O3.002'", "'FeO'"))
    assert [form.get("/sample/name") for form in reading.forms] == ["Fe2O3.001", "FeO", "unknown glass"]
    merged = read(tmp_path, ("'Fe2O3.002'", "'merge'"))
    assert merged.forms[1].get("/sample/name") is None
    assert ("stated-placeholder", "merge") in {(item.code, item.value) for item in merged.findings}


def test_a_sample_at_two_places_is_two_deposits(tmp_path: Path) -> None:
    xdi = SAMPLE[SAMPLE.index("$xdi") : SAMPLE.index("[record]")]
    second = SAMPLE.index("[record]", SAMPLE.index("Fe2O3.002"))
    for facility, deposits in (("NSLS", 2), ("APS", 3)):
        text = SAMPLE[:second] + xdi.replace("NSLS", facility) + SAMPLE[second:]
        reading = READER.read(source(tmp_path, text))
        assert len(reading.forms) == deposits
        assert "athena-disagreement" not in codes(reading)


def test_values_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    reading = read(tmp_path, ("'7082'", "'nan'"))
    assert ("athena-array", "1") in {(item.code, item.value) for item in reading.findings}
    assert len(reading.curves[0, "/spectra/0"].energy_ev) == 94
    with pytest.raises(UnreadableInput, match="94 energies and 95 values"):
        read(tmp_path, ("'7082',", ""))


@pytest.mark.parametrize(
    "statement",
    [
        "system('touch /tmp/owned');",
        "`touch owned`;",
        "@args = (system('true'));",
        "@args = ('label', $ENV{HOME});",
        "$x = do { 1 };",
        "BEGIN { exit }",
        "@args = ('a' . 'b');",
        "use POSIX;",
        "$x = <STDIN>;",
        "@x = map { $_ } (1, 2);",
        "$old_group = 'a' if 1;",
    ],
)
def test_code_is_refused_with_its_line(tmp_path: Path, statement: str) -> None:
    text = SAMPLE.replace("@journal", f"{statement}\n@journal")
    line = text[: text.index(statement)].count("\n") + 1
    with pytest.raises(UnreadableInput, match="is no plain data") as error:
        READER.read(source(tmp_path, text))
    assert error.value.where == f"file.prj:{line}"


def test_data_of_perl_are_read_as_perl_means_them(tmp_path: Path) -> None:
    text = (
        HEAD + "$old_group = 'one';\n"
        r"""@args = ('label', 'it\'s a \\ here', "t", "\x{e9}\n\$x", 'list', [1, 'two', [3]],"""
        "\n 'map' => {'a' => {}, 'b' => undef,}, 'truth', !!0, # a comment\n 'number', -1.5e-3);\n"
        "$xdi = bless( {'metadata' => {'Mono' => {'name' => 'Si(311)'}}}, 'Xray::XDI' );\n1;\n"
    )
    (group,) = read_project(text.encode(), "file.prj", LIMIT).groups
    assert group.args == {
        "label": "it's a \\ here",
        "t": "é\n$x",
        "list": ["1", "two", ["3"]],
        "map": {"a": {}, "b": None},
        "truth": "0",
        "number": "-1.5e-3",
    }
    assert group.xdi == {"metadata": {"Mono": {"name": "Si(311)"}}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD + "$old_group = 'a", "is no plain data"),
        (HEAD + "@args = ('a','b'", "ends in the middle"),
        (HEAD + "$x = " + "[" * 5_000, "nested too deeply"),
        (HEAD + "@args = (" + "{'a'," * 5_000, "nested too deeply"),
        ('{"_____header1": "# Athena project file", "a": [1,}', "no valid JSON"),
        ('{"_____header1": "# Athena project file", "a": ' + "[" * 100_000, "no valid JSON"),
        (gzip.compress(SAMPLE.encode())[:-200], "packing is damaged"),
        (gzip.compress((HEAD + "#" * 30_000_000).encode()), "unpacks to more than 1,000,000 bytes"),
    ],
    ids=["text", "list", "lists", "maps", "json", "deep-json", "cut", "bomb"],
)
def test_what_is_broken_or_hostile_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    given = source(tmp_path, content)
    assert choose(given) is READER
    with pytest.raises(UnreadableInput, match=message):
        READER.read(given)


@given(st.text(alphabet="@$%=()[]{}',\\\"!;#abx10.\n -", max_size=200))
def test_no_text_brings_the_tokenizer_down(text: str) -> None:
    try:
        read_project((HEAD + text).encode(), "file.prj", LIMIT)
    except UnreadableInput as error:
        assert error.where.startswith("file.prj")


def test_lists_are_read_alike_by_their_short_way_and_their_long_one() -> None:
    lists = ["('1','2',3)", "( '1' , -2.5e3, )", "()", "('a b','')", "(.5,7.)"]
    text = HEAD + "$old_group = 'one';\n" + "".join(f"@x{n} = {each};\n" for n, each in enumerate(lists))
    longer = HEAD + "$old_group = 'one';\n" + "".join(f"@x{n} = {each} ;# \n" for n, each in enumerate(lists))
    longer = longer.replace(") ;", "#\n);")
    found, other = (read_project(each.encode(), "a.prj", LIMIT).groups[0].arrays for each in (text, longer))
    assert found == other
    assert list(found.values()) == [["1", "2", "3"], ["1", "-2.5e3"], [], ["a b", ""], [".5", "7."]]


def test_xdi_metadata_of_another_edge_are_reported(tmp_path: Path) -> None:
    reading = read(tmp_path, ("'Facility' =>", "'Element' => {'symbol' => 'Co'},'Facility' =>"))
    assert [(item.code, item.value) for item in reading.findings if "disagree" in item.code] == [
        ("athena-disagreement", "Co")
    ]


@pytest.mark.parametrize(
    ("label", "stem"), [("mno.xmu", "mno"), ("out.prj", "out"), ("Kankite.MRG", "Kankite")]
)
def test_a_label_that_is_the_name_of_a_file_is_suggested_and_not_stated(
    tmp_path: Path, label: str, stem: str
) -> None:
    reading = read(tmp_path, ("'unknown glass'", f"'{label}'"))
    assert reading.forms[1].get("/sample/name") is None
    assert reading.suggestions_of(1)["/sample/name"] == stem
    assert ("label", label) in {
        (pair["key"], pair["value"]) for pair in reading.forms[1].values["spectra"][0]["header"]
    }


@pytest.mark.parametrize("label", ["glass.001", "pH 5.5", "glass from a file.dat"])
def test_a_label_with_a_full_stop_is_a_name_as_well(tmp_path: Path, label: str) -> None:
    assert read(tmp_path, ("'unknown glass'", f"'{label}'")).forms[1].get("/sample/name") == label
