from __future__ import annotations

import math
from typing import Any

import pytest

from catalog.errors import UnreadableInput
from catalog.readers import Reading

SPECTRUM = "/spectra/0"


def codes(reading: Reading) -> set[str]:
    return {item.code for item in reading.findings}


def the(reading: Reading, code: str) -> Any:
    (found,) = [item for item in reading.findings if item.code == code]
    return found


# The table


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("8789.0  1.0 2.0", "the row has 3 numbers where the first row has 4"),
        ("8789.0  1.0 2.0 3.0 4.0", "the row has 5 numbers where the first row has 4"),
        ("8789.0  nan 2.0 3.0", "'nan' in column 2 of the table is no number"),
        ("8789.0  1e999 2.0 3.0", "'1e999' in column 2"),
        ("8789.0  1.2.3 2.0 3.0", "'1.2.3' in column 2"),
        ("8789.0  1_000 2.0 3.0", "'1_000' in column 2"),
        ("8789.0  1,5 2.0 3.0", "'1,5' in column 2"),
        ("8789.0  ３ 2.0 3.0", "'３' in column 2"),
        ("string 1.0 2.0 3.0", "'string' in column 1"),
        ("8789.0 - 2.0 3.0", "'-' in column 2"),
        ("8789.0 0x10 2.0 3.0", "'0x10' in column 2"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(xdi: Any, row: str, message: str) -> None:
    with pytest.raises(UnreadableInput) as refused:
        xdi.read(xdi.text(rows=[xdi.rows[0], row, xdi.rows[2]]))
    assert message in refused.value.detail
    assert refused.value.where == "file.xdi:27"


def test_a_bad_first_row_is_refused_too(xdi: Any) -> None:
    with pytest.raises(UnreadableInput, match=r"file.xdi:26: 'bad' in column 1"):
        xdi.read(xdi.text(rows=["bad 1.0 2.0 3.0"]))


@pytest.mark.parametrize(
    "content", [None, "# XDI/1.0\n", "# XDI/1.0", "# XDI/1.0\n# ///\n# a", "# XDI/1.0\n#----\n"]
)
def test_a_file_without_table_is_refused(xdi: Any, content: str | None) -> None:
    content = xdi.text(rows=[]) if content is None else content
    with pytest.raises(UnreadableInput, match="without a table of numbers"):
        xdi.read(content)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("# Family.key:", "Family.key has no value"),
        ("# Family.key  Value", "no colon"),
        ("# Family:key:  Value", "no dot"),
        ("# Familykey: Value", "no dot"),
        ("# Family.key.subkey:  Value", "more than one dot"),
        ("# 2000Family.key:  Value", "does not start with a letter"),
        ("# Famíly.key:  Value", "signs other than letters"),
    ],
)
def test_a_malformed_entry_is_refused_with_its_line(xdi: Any, line: str, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message) as refused:
        xdi.read(xdi.text().replace("# Column.2: i0", f"{line}\n# Column.2: i0"))
    assert refused.value.where == "file.xdi:3"


def test_a_key_may_start_with_a_number(xdi: Any) -> None:
    assert xdi.read(xdi.text("Family.2key: value")).findings == []


def test_a_header_without_end_and_foreign_comments(xdi: Any) -> None:
    reading = xdi.read("\n".join([*xdi.header[:20], "% a comment", *xdi.rows]))
    assert codes(reading) == {"xdi-no-header-end", "xdi-line-ignored"}
    assert [(item.line, item.value) for item in reading.findings if item.code == "xdi-line-ignored"] == [
        (21, "%")
    ]


def test_a_foreign_comment_above_the_table(xdi: Any) -> None:
    assert codes(xdi.read(xdi.text(rows=["% a comment", *xdi.rows]))) == {"xdi-line-ignored"}


def test_a_comment_inside_the_table_is_skipped(xdi: Any) -> None:
    reading = xdi.read(xdi.text(rows=[xdi.rows[0], "# beam lost", *xdi.rows[1:]]))
    assert reading.forms[0].get(f"{SPECTRUM}/energy/points") == "3"
    assert the(reading, "xdi-comment-in-table").line == 27


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ([], "declared: none; columns in the table: 4"),
        (["energy eV", "i0", "itrans"], "declared: 1, 2, 3; columns in the table: 4"),
        (
            ["energy eV", "i0", "itrans", "mutrans", "fluor"],
            "declared: 1, 2, 3, 4, 5; columns in the table: 4",
        ),
    ],
)
def test_labels_that_do_not_fit_are_reported(xdi: Any, columns: list[str], told: str) -> None:
    entries = [f"Column.{number}: {label}" for number, label in enumerate(columns, 1)]
    reading = xdi.read(xdi.text(*entries, drop="# Column"))
    assert the(reading, "xdi-columns").value == told
    assert reading.curves[0, SPECTRUM].signal_label in {"mutrans", "ln(i0/itrans)"}


# The energy axis


def table(xdi: Any, column: str, *first: str, drop: tuple[str, ...] = ()) -> str:
    """The example with another first column."""
    rows = [f"{value} 2.0 1.0 0.5" for value in first]
    text: str = xdi.text(f"Column.1: {column}", drop=("# Column.1", *drop), rows=rows)
    return text


@pytest.mark.parametrize(
    ("column", "first", "energies"),
    [
        ("energy eV", ["8779.0", "8779.0500"], ["8779 eV", "8779.05 eV"]),
        ("energy eV", ["5.3649830e+03", "5.4e3"], ["5364.983 eV", "5400 eV"]),
        ("energy keV", ["8.7790", "9.0001"], ["8779 eV", "9000.1 eV"]),
        ("Energy", ["8779", "8780"], ["8779 eV", "8780 eV"]),
        ("Energie eV", ["8779", "8780"], ["8779 eV", "8780 eV"]),
        ("angle degrees", ["13.0", "12.0"], ["8788.957 eV", "9509.255 eV"]),
        ("angle radians", ["0.2268928", "0.2094395"], ["8788.957 eV", "9509.255 eV"]),
    ],
)
def test_first_and_last_energy(xdi: Any, column: str, first: list[str], energies: list[str]) -> None:
    form = xdi.read(table(xdi, column, *first)).forms[0]
    assert [form.get(f"{SPECTRUM}/energy/{end}") for end in ("first", "last")] == energies


def test_energies_from_angles_are_inferred_with_the_constant_used(xdi: Any) -> None:
    form = xdi.read(table(xdi, "angle degrees", "13.0", "12.0")).forms[0]
    assert form.origins[f"{SPECTRUM}/energy/first"].kind == "inferred"
    assert form.get(f"{SPECTRUM}/calibration/hc") == "12398.419843320025"
    expected = 12398.419843320025 / (2 * 3.13553 * math.sin(math.radians(13.0)))
    assert form.get(f"{SPECTRUM}/energy/first") == f"{expected:.3f} eV"


@pytest.mark.parametrize(
    ("column", "value", "drop", "reason"),
    [
        ("angle degrees", "13.0", ("# Mono.d_spacing",), "angle without Mono.d_spacing"),
        ("angle steps", "13.0", (), "angle in steps"),
        ("angle degrees", "-13.0", (), "angle outside 0 to 180 degrees"),
        ("energy pixel", "512", (), "energy pixel"),
        ("energy", "8.779", (), "energy without unit"),
        ("energy eV", "-20.0", (), "energies below zero or beyond any beamline"),
        ("k", "0.05", (), "k"),
    ],
)
def test_an_axis_that_gives_no_energy_is_reported(
    xdi: Any, column: str, value: str, drop: tuple[str, ...], reason: str
) -> None:
    reading = xdi.read(table(xdi, column, value, drop=drop))
    assert reading.is_xafs
    assert reading.forms[0].get(f"{SPECTRUM}/energy") is None
    assert reading.curves == {}
    assert the(reading, "xdi-energy-axis").value == reason


# The curve


@pytest.mark.parametrize(
    ("columns", "label", "value", "mode"),
    [
        (["i0", "itrans", "x"], "ln(i0/itrans)", math.log(2), "transmission"),
        (["i0", "it", "x"], "ln(i0/it)", math.log(2), "transmission"),
        (["i0", "i1", "x"], "ln(i0/i1)", math.log(2), None),
        (["ifluor", "i0", "x"], "ifluor/i0", 2.0, "fluorescence"),
        (["x", "mufluor", "i0"], "mufluor", 1.0, "fluorescence"),
        (["x", "xmu", "i0"], "xmu", 1.0, None),
        (["Cu_Ka_mca1", "Cu_Ka_mca2", "I0"], "Cu emission/i0", 6.0, "fluorescence"),
        (["Fe_Ka_mca1", "Fe_Ka_mca2", "I0"], None, None, None),
        (["itrans", "ifluor", "i0"], "ifluor/i0", 2.0, None),
        (["x", "y", "z"], None, None, None),
    ],
)
def test_signal_and_mode(
    xdi: Any, columns: list[str], label: str | None, value: float | None, mode: str | None
) -> None:
    entries = ["Column.1: energy eV", *(f"Column.{n}: {name}" for n, name in enumerate(columns, 2))]
    reading = xdi.read(xdi.text(*entries, drop="# Column", rows=["8779 2.0 1.0 0.5", "8780 2.0 1.0 0.5"]))
    curve = reading.curves.get((0, SPECTRUM))
    assert (curve.signal_label, curve.signal[0]) == (label, pytest.approx(value)) if curve else label is None
    assert reading.suggestions.get(f"{SPECTRUM}/mode") == mode
    assert reading.forms[0].get(f"{SPECTRUM}/mode") is None


@pytest.mark.parametrize(
    ("hint", "label", "mode"),
    [
        ("ln(It/Ir)  --  ln($2/$3)", "ln(It/Ir)", "transmission"),
        ("(DTC1 + DTC2) / I0  --  ($2+$3) / $4", "(DTC1 + DTC2) / I0", "fluorescence"),
        ("ln(I0/It)  --  ln($2/$9)", "mutrans", "transmission"),
        ("__import__('os')  --  __import__('os')", "mutrans", "transmission"),
    ],
)
def test_the_plot_hint_is_followed_when_it_is_plain(xdi: Any, hint: str, label: str, mode: str) -> None:
    reading = xdi.read(xdi.text(f"Scan.plot_hint: {hint}"))
    assert reading.curves[0, SPECTRUM].signal_label == label
    assert reading.suggestions[f"{SPECTRUM}/mode"] == mode


def test_rows_without_a_value_are_left_out_of_the_curve(xdi: Any) -> None:
    rows = [
        "8779 2.0 1.0 0",
        "8780 2.0 0.0 0",
        "8781 2.0 -1.0 0",
        "8782 2 1 0",
        "8783 2 1 0",
        "8784 0 1 0",
        "8785 2 1 0",
    ]
    reading = xdi.read(xdi.text("Column.4: time", drop="# Column.4", rows=rows))
    assert reading.curves[0, SPECTRUM].energy_ev == (8779.0, 8782.0, 8783.0, 8785.0)
    assert reading.forms[0].get(f"{SPECTRUM}/energy/points") == "7"


def test_a_long_curve_is_thinned_without_losing_its_peak(xdi: Any) -> None:
    rows = [
        f"{8000 + 0.1 * i:.1f} 1 1 {9.5 if i == 7003 else -9.5 if i == 9001 else 0.1}" for i in range(20_000)
    ]
    reading = xdi.read(xdi.text(rows=rows))
    curve = reading.curves[0, SPECTRUM]
    assert 2000 <= len(curve.energy_ev) <= 5000
    assert (curve.energy_ev[0], curve.energy_ev[-1]) == (8000.0, 9999.9)
    assert (max(curve.signal), min(curve.signal)) == (9.5, -9.5)
    assert list(curve.energy_ev) == sorted(curve.energy_ev)
    assert reading.forms[0].get(f"{SPECTRUM}/energy/points") == "20000"


# Valid XDI that is no absorption spectrum


@pytest.mark.parametrize(
    "entries", [["Column.1: x mm"], ["Column.1: X"], ["Column.1: time s", "Element.symbol: Cu"]]
)
def test_a_scan_over_something_else_is_no_spectrum(xdi: Any, entries: list[str]) -> None:
    reading = xdi.read(xdi.text(*entries, drop=("# Column.1", "# Element")))
    assert not_a_spectrum(reading) == "xdi-not-xafs"


def test_a_table_without_any_label_is_a_spectrum_only_by_its_edge(xdi: Any) -> None:
    assert xdi.read(xdi.text(drop=("# Column", "# energy"))).is_xafs
    assert not_a_spectrum(xdi.read(xdi.text(drop=("# Column", "# energy", "# Element")))) == "xdi-not-xafs"


def test_a_scan_over_a_second_variable_is_told_apart(xdi: Any) -> None:
    rows = [*xdi.rows, "# Outer.value: 1.1", *xdi.rows]
    reading = xdi.read(xdi.text("Outer.name: x2d", "Outer.value: 1.0", rows=rows))
    assert not_a_spectrum(reading) == "xdi-several-dimensions"


def not_a_spectrum(reading: Reading) -> str:
    """The code of the one error of a file that gave no form."""
    assert not reading.is_xafs
    assert reading.forms == []
    (code,) = [item.code for item in reading.findings if item.severity == "error"]
    return code
