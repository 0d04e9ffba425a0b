from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.xray import ELEMENTS, SHELLS, Edge, XrayError, normalise_edge, normalise_element, parse_crystal


def test_all_elements_by_number() -> None:
    assert len(ELEMENTS) == 118
    assert list(ELEMENTS.values()) == list(range(1, 119))
    assert (ELEMENTS["Fe"], ELEMENTS["Pb"], ELEMENTS["Og"]) == (26, 82, 118)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("Fe", "Fe"),
        ("FE", "Fe"),
        (" fe ", "Fe"),
        ("Ｆｅ", "Fe"),
        ("26", "Fe"),
        ("iron", "Fe"),
        ("Sulphur", "S"),
        ("aluminum", "Al"),
        ("W", "W"),
        ("銅", "Cu"),
        ("マンガン", "Mn"),
        ("錫", "Sn"),
    ],
)
def test_element(text: str, symbol: str) -> None:
    assert normalise_element(text) == symbol


@pytest.mark.parametrize("text", ["", "Foo", "Xx", "0", "119", "-1", "2.6", "Fe2O3", "...", "x" * 1000])
def test_no_element(text: str) -> None:
    with pytest.raises(XrayError):
        normalise_element(text)


@pytest.mark.parametrize(
    ("text", "element", "shells"),
    [
        ("K", "", ["K"]),
        ("l3", "", ["L3"]),
        ("K-edge", "", ["K"]),
        ("K edge", "", ["K"]),
        ("L_III", "", ["L3"]),
        ("LIII-edge", "", ["L3"]),
        ("L₃", "", ["L3"]),
        ("Fe K", "Fe", ["K"]),
        ("Fe K-edge", "Fe", ["K"]),
        ("Fe-K", "Fe", ["K"]),
        ("Fe_K", "Fe", ["K"]),
        ("FeK", "Fe", ["K"]),
        ("PbL3", "Pb", ["L3"]),
        ("Fe K吸収端", "Fe", ["K"]),
        ("鉄 K吸収端", "Fe", ["K"]),
        ("鉄K端", "Fe", ["K"]),
        ("白金 L3", "Pt", ["L3"]),
        ("iron K absorption edge", "Fe", ["K"]),
        ("O-K edge", "O", ["K"]),
        ("K K", "K", ["K"]),
        ("N K", "N", ["K"]),
        ("Zr - K", "Zr", ["K"]),
        ("L2,3", "", ["L2", "L3"]),
        ("L23", "", ["L2", "L3"]),
        ("L2, L3", "", ["L2", "L3"]),
        ("L2/L3", "", ["L2", "L3"]),
        ("LII,III", "", ["L2", "L3"]),
        ("Ti L2,3-edge", "Ti", ["L2", "L3"]),
        ("M45", "", ["M4", "M5"]),
    ],
)
def test_edge(text: str, element: str, shells: list[str]) -> None:
    assert normalise_edge(text) == (element, tuple(shells))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Foo",
        "L",
        "Ti L-edge",
        "Pb L21-edge",
        "L21",
        "L3,2",
        "L3,3",
        "L4",
        "L123",
        "K1",
        "M6",
        "OK",
        "Xx K",
        "Fe K L3",
        "L2,M3",
        "Pb/L1/311",
        "...",
        "edge",
        "I",
        "L" + "1" * 70,
        "L1" + ",1" * 30 + "x",
        "K" * 10_000,
    ],
)
def test_no_edge(text: str) -> None:
    with pytest.raises(XrayError):
        normalise_edge(text)


def test_the_defect_of_a_real_record_says_what_an_edge_looks_like() -> None:
    with pytest.raises(XrayError, match="'Pb L21-edge' is no IUPAC edge; write for example 'L3' or 'L2,3'"):
        normalise_edge("Pb L21-edge")


def test_a_series_is_no_edge() -> None:
    with pytest.raises(XrayError, match="names a whole series; write the edge, for example 'L3' or 'L2,3'"):
        normalise_edge("Ti L-edge")


def test_the_given_element_is_used_and_must_agree() -> None:
    assert normalise_edge("K", "fe") == ("Fe", ("K",))
    assert normalise_edge("Fe K", "Fe") == ("Fe", ("K",))
    with pytest.raises(XrayError, match="names an edge of Fe, but the element is Cu"):
        normalise_edge("Fe K", "Cu")


def test_edge_name() -> None:
    assert Edge("Fe", "K").name == "Fe-K"
    assert sorted([Edge("Fe", "L3"), Edge("Fe", "K")])[0].name == "Fe-K"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Si(111)", ("Si", "111")),
        ("Si 111", ("Si", "111")),
        ("Si (111)", ("Si", "111")),
        ("SI(111)", ("Si", "111")),
        ("Si111", ("Si", "111")),
        ("Si(1 1 1)", ("Si", "111")),
        ("Si[3,1,1]", ("Si", "311")),
        ("silicon 220", ("Si", "220")),
        ("Ge(220)", ("Ge", "220")),
        ("InSb(111)", ("InSb", "111")),
        ("YB66(400)", ("YB66", "400")),
        ("beryl(10-10)", ("beryl", "10-10")),
    ],
)
def test_crystal(text: str, cut: tuple[str, str]) -> None:
    assert parse_crystal(text) == cut


@pytest.mark.parametrize(
    "text", ["", "Si", "111", "Fe(111)", "Si(111), LN2 cooled", "multilayer", "...", "Si 3.1355"]
)
def test_no_crystal(text: str) -> None:
    with pytest.raises(XrayError):
        parse_crystal(text)


@given(st.text(max_size=100))
def test_only_xray_errors_escape(text: str) -> None:
    for read in (normalise_element, normalise_edge, parse_crystal):
        try:
            assert read(text)
        except XrayError as error:
            assert error.detail


@given(st.text("LMNOK1234567IV ,/-_&", max_size=80))
def test_whatever_is_accepted_is_an_ascending_list_of_shells(text: str) -> None:
    try:
        _, shells = normalise_edge(text)
    except XrayError:
        return
    assert set(shells) <= set(SHELLS)
    assert list(shells) == sorted(set(shells))


def test_every_tabulated_edge_reads_back(shared: Path) -> None:
    with (shared / "data" / "elements_edges.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 799
    for row in rows:
        edge = Edge(row["symbol"], row["edge_iupac"])
        assert ELEMENTS[edge.element] == int(row["Z"])
        assert normalise_edge(edge.name) == normalise_edge(f"{row['name']} {edge.shell} edge")
        assert normalise_edge(edge.name) == (edge.element, (edge.shell,))
