from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.formula import FormulaError, hill, is_numbered, parse, reduced
from catalog.xray import ELEMENTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fe", "Fe"),
        ("Fe2O3", "Fe2O3"),
        ("LiNiO2", "LiNiO2"),
        ("S8", "S"),
        ("H2O2", "HO"),
        ("Fe2 O3", "Fe2O3"),
        ("FeOOH", "FeHO2"),
        ("W(CO)6", "C6O6W"),
        ("[Co(NH3)6]Cl3", "Cl3CoH18N6"),
        ("K4[Fe(CN)6]", "C6FeK4N6"),
        ("LiCoO₂", "CoLiO2"),
        ("Ｆｅ２Ｏ３", "Fe2O3"),
        ("Fe0.95O", "Fe19O20"),
        ("Ca0.25V2O5", "CaO20V8"),
        ("LiNi0.8Co0.15Al0.05O2", "AlCo3Li20Ni16O40"),
        ("Bi2.1Sr1.9CaCu2O8.2", "Bi21Ca10Cu20O82Sr19"),
        ("CaSO4.2(H2O)", "CaH4O6S"),
        ("FeSO4.7H2O", "FeH14O11S"),
        ("CuSO₄・5H₂O", "CuH10O9S"),
        ("Zn3(PO4)2·4H2O", "H8O12P2Zn3"),
        ("Zn3(PO4)2•4H2O", "H8O12P2Zn3"),
        ("CaSO4·0.5H2O", "Ca2H2O9S2"),
        ("CaSO4.0.5H2O", "Ca2H2O9S2"),
        ("Fe3(PO4)2 8(H2O)", "Fe3H16O16P2"),
        ("Fe2O3 0.5(H2O)", "Fe4H2O7"),
        ("Fe6(OH)12 SO4 (H2O)2", "Fe6H16O18S"),
        ("K Al (S O4)2 . 12 H2O", "AlH24KO20S2"),
        ("2CuCO3.Cu(OH)2", "C2Cu3H2O8"),
        ("WO2.9", "O29W10"),
        ("Fe3+", "Fe"),
        ("Fe²⁺", "Fe"),
        ("SO4 2-", "O4S"),
        ("SO₄²⁻", "O4S"),
        ("[Fe(CN)6]4-", "C6FeN6"),
        ("KFe3+3(OH)6(SO4)2", "Fe3H6KO14S2"),
        ("Fe2+Fe3+2O4", "Fe3O4"),
        ("OH-", "HO"),
    ],
)
def test_reduced(text: str, expected: str) -> None:
    assert reduced(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Xx2",
        "Fe(1-x)S",
        "LixCoO2",
        "LiₓCoO2",
        "Fe3-δO4",
        "(Fe,Ni)9S8",
        "Ca(Zn,Mn,Fe,Mg)Si2O6",
        "Pt(NH3)4Cl2.xH2O",
        "Fe4(OH)8 Cl n(H2O)",
        "Fe(0.95)O",
        "LiNi1/3Co1/3Mn1/3O2",
        "Ni_OH_2",
        "MnO2-pyr",
        "Fe2(S04)3 . H2O",
        "Fe(acac)3",
        "Fe2O3 powder",
        "Ni(OH)2   nickel hydroxide",
        "KAu(SCN)4, gold",
        "gypsum",
        "HAVAR",
        "1 wt% Pt/Al2O3",
        "CuO + ZnO",
        "MnO2+Al2O3",
        "MnO2-Al2O3",
        "Cu(II)SO4",
        "酸化鉄(III)",
        "SO42-",
        "NO3-",
        "NH4+",
        "Fe K",
        "50 K",
        "57Fe",
        "2 Fe2 O3",
        "WO2.72H2O",
        "Na0.5H2O",
        "Fe0",
        "Fe00.5",
        "Fe1e5",
        "((Fe",
        "Fe)",
        "(Fe]",
        "Fe()2",
        "()",
        "·H2O",
        "H2O·",
        "Fe99999999",
        "Fe0.00000001",
        "(" * 50 + "Fe" + ")" * 50,
        "Fe" * 500,
        "...",
        "X",
    ],
)
def test_refuses_rather_than_guesses(text: str) -> None:
    with pytest.raises(FormulaError):
        reduced(text)


def test_parse_keeps_counts_exact_and_in_order() -> None:
    assert parse("Ca0.25V2O5") == {"Ca": Decimal("0.25"), "V": Decimal(2), "O": Decimal(5)}
    assert list(parse("Zn3(PO4)2·4H2O")) == ["Zn", "P", "O", "H"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fe(C5H5)2", "C10H10Fe"),
        ("HCl", "ClH"),
        ("CH4", "CH4"),
        ("CaSO4·0.5H2O", "CaHO4.5S"),
        ("S8", "S8"),
        ("CO2", "CO2"),
    ],
)
def test_hill(text: str, expected: str) -> None:
    assert hill(text) == expected


def test_the_message_says_why_and_what_to_do() -> None:
    with pytest.raises(
        FormulaError, match=r"'\(Fe,Ni\)9S8' cannot be read as a formula: .* keep it as the sample's name"
    ):
        parse("(Fe,Ni)9S8")


def test_sixty_real_names_give_the_expected_formula_or_none(shared: Path) -> None:
    with (shared / "data" / "links" / "names60.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    read = {}
    for row in rows:
        try:
            read[row["name"]] = reduced(row["name"])
        except FormulaError:
            continue
    expected = {row["name"]: row["expected_reduced"] for row in rows}
    assert read == {name: expected[name] for name in read}
    assert len(read) == 14


symbols = st.sampled_from(sorted(ELEMENTS))
counts = st.integers(1, 99)


@given(st.dictionaries(symbols, counts, min_size=2, max_size=6), st.integers(1, 9))
def test_reduced_undoes_any_multiple(composition: dict[str, int], factor: int) -> None:
    def written(times: int) -> str:
        return "".join(f"{symbol}{count * times}" for symbol, count in composition.items())

    assert reduced(written(factor)) == reduced(written(1)) == reduced(f"({written(1)}){factor}")


@given(st.text(max_size=250))
def test_only_formula_errors_escape(text: str) -> None:
    try:
        counted = parse(text)
    except FormulaError:
        return
    assert set(counted) <= set(ELEMENTS)
    assert all(count > 0 for count in counted.values())
    assert reduced(text)
    assert hill(text)


@given(st.text("FeOHSCu()[]{}0123456789.·+-^ ₂²⁺", max_size=60))
def test_what_is_accepted_is_a_fixed_point(text: str) -> None:
    try:
        short = reduced(text)
    except FormulaError:
        return
    assert reduced(short) == short


@pytest.mark.parametrize(
    ("text", "numbered"),
    [("Fe1", True), ("Ti300", True), ("S8", False), ("C60", False), ("FeO2", False), ("Fe", False)],
)
def test_an_element_with_a_number_is_a_molecule_or_somebodys_count(text: str, numbered: bool) -> None:
    assert is_numbered(text) is numbered
