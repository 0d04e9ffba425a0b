"""Systematic names of compounds, and the table of what the sample names of the corpus should give."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from catalog.linking.nomenclature import compound, element
from catalog.vocabulary import vocabulary
from catalog.vocabulary_graph import BASE, NS

TABLE = Path(__file__).parent / "data" / "material-names.csv"


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("Tin(II) iodide", "I2Sn"),
        ("nickel (II) oxide", "NiO"),
        ("Tantalum(V) oxide", "O5Ta2"),
        ("ferrous sulfate heptahydrate", "FeH14O11S"),
        ("zinc oxalate", "C2O4Zn"),
        ("aluminum oxide", "Al2O3"),
        ("ammonium chromate", "CrH8N2O4"),
        ("iron(III) acetylacetonate", "C15FeH21O6"),
        ("酸化鉄(III)", "Fe2O3"),
        ("硫酸銅(II)五水和物", "CuH10O9S"),
        ("硫酸アンモニウム", "H8N2O4S"),
        ("亜硫酸ナトリウム", "Na2O3S"),
    ],
)
def test_a_name_gives_the_formula_that_charges_leave(name: str, formula: str) -> None:
    found = compound(name)
    assert found is not None
    assert found.reduced == formula


@pytest.mark.parametrize("name", ["nickel sulfide", "copper selenide", "塩化白金", "iron oxide"])
def test_an_unstated_oxidation_state_is_not_guessed(name: str) -> None:
    found = compound(name)
    assert found is not None
    assert len(found.elements) == 2
    assert found.formula == found.reduced == ""


@pytest.mark.parametrize(
    "name", ["scotch tape", "HAVAR", "gold scetate", "", "sodium silicate", "oxide", "鉄箔"]
)
def test_other_texts_are_no_compounds(name: str) -> None:
    assert compound(name) is None


def test_elements_are_known_in_both_languages() -> None:
    assert [element(name) for name in ("Copper", "銅", "cesium", "錫", "copperish")] == [
        "Cu",
        "Cu",
        "Cs",
        "Sn",
        None,
    ]


def test_names_that_state_a_formula_agree_with_the_shipped_materials() -> None:
    graph = vocabulary().materials
    compared = 0
    for material in graph.typed(f"{NS}Material"):
        for name in graph.values(material, "http://www.w3.org/2004/02/skos/core#prefLabel"):
            found = compound(name)
            if found and found.formula:
                compared += 1
                assert [found.reduced] == graph.values(material, f"{NS}formulaReduced"), name
    assert compared > 100


def test_the_expected_materials_exist() -> None:
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    shipped = set(vocabulary().materials.typed(f"{NS}Material"))
    named = {name for row in rows for name in row["material"].split(",") if name}
    assert {f"{BASE}material/{name}" for name in named} <= shipped
    assert all(row["file"] for row in rows)
    assert all(bool(row["material"]) != bool(row["why"]) for row in rows)
    files = [int(row["files"]) for row in rows]
    linked = [int(row["files"]) for row in rows if row["material"]]
    assert sum(linked) / sum(files) > 0.75
