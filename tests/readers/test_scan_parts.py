"""The parts that readers of beamline scans share: rows of numbers, times, roles of columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.document import Form
from catalog.errors import UnreadableInput
from catalog.readers import Reading
from catalog.readers._scan_dates import moments, put_moment
from catalog.readers._scan_roles import Axis, axis_of, bare_axis, meaning, scale_of, signals_of
from catalog.readers._scan_table import MAX_COLUMNS, Table, is_row, read_table, split
from catalog.readers._statements import Statements

STARTED = "/spectra/0/started"


def table(*rows: str) -> Table:
    return read_table(enumerate(rows, 1), "a.dat")


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("  1 2\t3 ", ["1", "2", "3"]),
        ("1, 2,3,", ["1", "2", "3"]),
        (" 1 , 1.5 ", ["1", "1.5"]),
        ("", []),
        (" , 0 ", ["0"]),
    ],
)
def test_cells_are_parted_by_blanks_tabs_and_commas(text: str, cells: list[str]) -> None:
    assert split(text) == cells


def test_a_row_is_nothing_but_numbers() -> None:
    assert all(map(is_row, ["1 2", "-.5E+3, nan", "0.4758985D+04 1", "1 inf"]))
    assert not any(map(is_row, ["1", "", "1 a", "7 9/23/04", "1 0x10", "١ ٢", "1_000 2", "1 " + "1" * 65]))


def test_a_table_keeps_its_ends_and_passes_comments_over() -> None:
    found = table("# a", "1 2", "", "; b", "3 nan")
    assert (found.first, found.last, found.rows) == ((2, ["1", "2"]), (5, ["3", "nan"]), 2)
    assert list(found.columns[0]) == [1.0, 3.0]


def test_a_last_row_that_was_being_written_is_left_out() -> None:
    found = table("1 2 3", "4 5 6", "7 8")
    assert (found.rows, found.cut) == (2, 3)


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        (["1 2", "1 2", "1 2 3"], 3, "3 cells where the rows before it have 2"),
        (["1 2 3", "4 5", "1 2 3"], 2, "2 cells"),
        (["1 2", "1 1e400"], 2, "'1e400' in column 2"),
        (["1 2", "1e400 1"], 2, "'1e400' in column 1"),
        (["1 2", "1 2", "1 x"], 3, "'x' in column 2"),
        (["1 2", "1 \u202e2"], 2, "column 2"),
        (["1 " * (MAX_COLUMNS + 1)], 1, "at most 1,024"),
    ],
)
def test_a_damaged_row_is_named(rows: list[str], line: int, words: str) -> None:
    with pytest.raises(UnreadableInput, match=words) as caught:
        table(*rows)
    assert caught.value.where == f"a.dat:{line}"


def test_a_table_without_rows_is_none() -> None:
    with pytest.raises(UnreadableInput, match="without a row of numbers"):
        table("# only a comment")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Tue Jul  9 15:35:15 2019 CDT", ["2019-07-09T15:35:15-05:00"]),
        ("Sun May 21 00:13:57 2006              ", ["2006-05-21T00:13:57"]),
        ("Mar 14, 2024 00:31:46.895015", ["2024-03-14T00:31:46"]),
        ("26-Apr-95 23:49:40", ["1995-04-26T23:49:40"]),
        ("05:04:43  5-NOV-95", ["1995-11-05T05:04:43"]),
        ("2019-12-17 12:08:56.932", ["2019-12-17T12:08:56"]),
        ("11/18/2012 9:48:15 PM", ["2012-11-18T21:48:15"]),
        ("3/21/02 4:02 AM", ["2002-03-21T04:02:00"]),
        ("10/3/02 10:20:36 PM", ["2002-10-03T22:20:36", "2002-03-10T22:20:36"]),
        ("6-10-83", ["1983-06-10", "1983-10-06"]),
        ("5/5/01 12:00 AM", ["2001-05-05T00:00:00"]),
        ("12/12/12 12:30 PM", ["2012-12-12T12:30:00"]),
        ("13/13/13", []),
        ("2/30/2001", []),
        ("1/20/2001 13:00 PM", []),
        ("Foo 12 10:00:00 2001", []),
        ("1" * 500, []),
    ],
)
def test_what_times_may_mean(text: str, meant: list[str]) -> None:
    assert [each.text("APS")[0] for each in moments(text)] == meant


def said() -> Statements:
    reading = Reading([Form()])
    return Statements(reading, reading.forms[0], "a.dat")


def test_an_ambiguous_date_is_suggested_and_reported_never_taken() -> None:
    into = said()
    put_moment(into, "started", "8/10/01  11:10 AM", "created", 1)
    assert into.form.values == {}
    assert into.reading.suggestions == {STARTED: "2001-08-10T11:10:00"}
    (found,) = into.reading.findings
    assert found.code == "scan-date-ambiguous"
    assert "2001-08-10T11:10:00 or 2001-10-08T11:10:00" in found.text()


def test_the_letters_of_a_zone_mean_what_they_mean_at_that_facility() -> None:
    for facility, written, codes in (
        ("APS", "2019-07-09T15:35:15-05:00", []),
        ("Elsewhere", "2019-07-09T15:35:15", ["scan-date-zone"]),
    ):
        into = said()
        put_moment(into, "started", "Tue Jul  9 15:35:15 2019 CDT", "title", 2, facility)
        assert into.form.get(STARTED) == written
        assert [each.code for each in into.reading.findings] == codes


def test_labels_are_compared_without_case_stars_and_quotes() -> None:
    for label in ("Mono Energy *", '"energy"', "ENERGY", "Energy (keV)"):
        assert meaning(label)[0] == "energy"
    assert meaning("Energy (keV)")[1] == "kev"
    for label, unit in (
        ("energy_eV", "ev"),
        ("E(eV)", "ev"),
        ("photon energy [keV]", "kev"),
        ("Energy/keV", "kev"),
    ):
        assert meaning(label)[:2] == ("energy", unit), label
    assert meaning("E0")[0] == meaning("event")[0] == meaning("seven")[0] == ""
    assert meaning("SCA1.17")[0] == "fluorescence"
    assert meaning("x" * 10_000) == meaning("") == ("", "", 0)


def test_the_better_of_two_energy_columns_is_used() -> None:
    found = axis_of(["Requested Energy", "Achieved Energy"], table("7000 7001", "7010 7011"))
    assert isinstance(found, Axis)
    assert found.label == "Achieved Energy"


@pytest.mark.parametrize(
    ("values", "unit", "scale"),
    [
        ([7000, 7100], "", 1),
        ([7.0, 7.1], "", 1000),
        ([270, 325], "", 1),
        ([54, 66], "ev", 1),
        ([7.0, 7.1], "kev", 1000),
        ([7000, 7100], "kev", 0),
        ([0, 7100], "", 0),
        ([-7, 7], "", 0),
        ([7000, 7000], "", 0),
        ([7000, float("nan")], "", 0),
        ([7000, 1e300], "", 0),
    ],
)
def test_energies_are_told_by_their_size(values: list[float], unit: str, scale: int) -> None:
    assert scale_of(values, unit) == scale


@pytest.mark.parametrize(
    ("values", "is_scan"),
    [
        ([7000 + 2 * i for i in range(200)], True),
        ([11.6 - 0.005 * i for i in range(300)], True),
        (list(range(1, 1025)), False),
        ([7725.11] * 100, False),
        ([7000 + 50 * (i % 2) for i in range(100)], False),
        ([20 + 0.1 * i for i in range(350)], False),
        ([7000 + 0.01 * i for i in range(100)], False),
    ],
)
def test_a_column_without_label_is_energy_only_where_it_can_be(values: list[float], is_scan: bool) -> None:
    found = bare_axis(table(*(f"{value} 1" for value in values)))
    assert isinstance(found, Axis) == is_scan


def test_signals_are_made_of_what_was_counted() -> None:
    labels = ["energy", "i0", "it", "SCA1.1", "SCA1.2"]
    rows = table("7000 100 50 1 2", "7010 100 40 3 4", "7020 100 30 5 6")
    axis = axis_of(labels, rows)
    assert isinstance(axis, Axis)
    transmission, fluorescence = signals_of(labels, rows, axis)
    assert (transmission.label, transmission.mode) == ("ln(i0/it)", "transmission")
    assert transmission.values[0] == pytest.approx(0.693147, abs=1e-6)
    assert (fluorescence.mode, fluorescence.values) == ("fluorescence", [0.03, 0.07, 0.11])
    dark = table("7000 100 0 0 0", "7010 100 0 0 0")
    assert signals_of(labels, dark, axis) == []


def test_every_row_of_the_tables_names_where_it_was_seen(shared: Path) -> None:
    import yaml

    root = Path(__file__).resolve().parents[2] / "ontology" / "aliases"
    for name in ("scans", "xdac", "nsls2", "cls", "modellib", "columns"):
        sections = yaml.safe_load((root / f"{name}.yaml").read_text(encoding="utf-8"))
        rows = [(name, section, row) for section, rows in sections.items() for row in rows]
        assert len(rows) > 3
        for place in rows:
            row = place[2]
            if "documented" in row:
                assert row["documented"].startswith("https://"), place
            else:
                content = (shared / "data" / "corpus" / row["from"]).read_bytes().decode("utf-8")
                assert row["text"] in content, place
