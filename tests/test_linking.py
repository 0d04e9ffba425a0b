"""What a sample's name, formula and CAS number are understood as."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from catalog.linking.matching import match

TABLE = Path(__file__).parent / "data" / "material-names.csv"


def test_every_name_of_the_corpus_gives_what_the_table_says_or_nothing() -> None:
    with TABLE.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    wrong, linked = [], 0
    for row in rows:
        found = match(row["name"], row["formula"])
        if found.outcome == "ok" and found.material:
            linked += int(row["files"])
            if found.material.rpartition("/")[2] not in row["material"].split(","):
                wrong.append((row["name"], row["formula"], found))
    assert wrong == []
    assert linked / sum(int(row["files"]) for row in rows) >= 0.77


def test_sixty_names(shared: Path) -> None:
    counts: Counter[str] = Counter()
    with (shared / "data" / "links" / "names60.tsv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            found, expected = match(row["name"]), row["expected_reduced"]
            if found.outcome != "ok":
                counts["missed" if expected else "refused"] += 1
            else:
                counts["right" if found.reduced == expected else "wrong"] += 1
    assert counts == Counter(right=50, refused=10)


@pytest.mark.parametrize(
    ("fields", "outcome", "material"),
    [
        ({"name": "rutile-TiO2"}, "ok", "rutile"),
        ({"name": "TiO2(rutile)"}, "ok", "rutile"),
        ({"name": "TiO2"}, "ok", "titanium-dioxide"),
        ({"name": "RuO2 rutile"}, "ok", "ruthenium-dioxide-rutile"),
        ({"name": "γ-FeOOH"}, "ok", "lepidocrocite"),
        ({"name": "鉄箔"}, "ok", "iron"),
        ({"name": "CuSO₄・5H₂O"}, "ok", "copper-ii-sulfate-pentahydrate"),
        ({"name": "Fe(acac)3"}, "ok", "iron-iii-acetylacetonate"),
        ({"name": "CuO in BN"}, "ok", "copper-ii-oxide"),
        ({"name": "7440-50-8", "cas": "Cu"}, "ok", "copper"),
        ({"name": "S8"}, "ok", "sulfur"),
        ({"name": "Fe1"}, "refuse", None),
        ({"name": "Ti300"}, "refuse", None),
        ({"name": "TiO2 P25"}, "review", "titanium-dioxide"),
        ({"name": "rutile anatase"}, "conflict", None),
        ({"name": "hematite", "formula": "Fe3O4"}, "conflict", None),
        ({"name": "CuO", "cas": "7440-50-8"}, "conflict", None),
        ({"name": "calcium sulfate, gypsum", "formula": "CaSO4"}, "conflict", None),
        ({"name": "Mn-doped ZnO"}, "refuse", None),
        ({"name": "CuO/ZnO"}, "refuse", None),
        ({"name": "PtRu powder"}, "refuse", None),
        ({"name": "(Fe,Ni)9S8"}, "refuse", None),
        ({"name": "Fe2O3·H2O"}, "review", None),
        ({"name": "CuO", "elements": ["Fe"]}, "review", "copper-ii-oxide"),
        ({"name": "CuSO4·5H2O", "form": "solution"}, "review", "copper-ii-sulfate-pentahydrate"),
    ],
)
def test_fields_are_understood_together(fields: dict[str, str], outcome: str, material: str | None) -> None:
    found = match(**fields)  # type: ignore[arg-type]
    assert (found.outcome, found.material and found.material.rpartition("/")[2]) == (outcome, material), found
    assert found.evidence
