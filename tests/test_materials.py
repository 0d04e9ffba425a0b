"""The shipped materials: equal to their files, computed rightly, linked only where two sources agree, and shown."""

from __future__ import annotations

import csv
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.formula import hill, parse, reduced
from catalog.ids import check_cas
from catalog.linking.databases import database_of
from catalog.linking.listing import shipped_links
from catalog.linking.model import LinkState
from catalog.linking.triples import link_triples
from catalog.resources import data_root
from catalog.vocabulary import MATERIALS, vocabulary
from catalog.vocabulary_graph import BASE, NS, SKOS, TYPE

ONTOLOGY = data_root() / "ontology"
FOLDER = ONTOLOGY / "materials"
CLOSE, STRUCTURE = f"{SKOS}closeMatch", f"{NS}referenceStructure"


def script() -> dict[str, Any]:
    return runpy.run_path(str(ONTOLOGY / "build_materials.py"))


def values(iri: str, *predicates: str) -> list[str]:
    return vocabulary().materials.values(iri, *predicates)


def everything() -> list[str]:
    return vocabulary().materials.typed(f"{NS}Material")


def test_the_turtle_is_what_the_script_makes_of_the_files() -> None:
    assert script()["build"]() == (ONTOLOGY / MATERIALS).read_text(encoding="utf-8"), (
        "run python ontology/build_materials.py"
    )


def test_a_substance_and_its_phases_are_kept_apart() -> None:
    phases = vocabulary().materials.typed(f"{NS}MaterialPhase")
    assert len(everything()) > 280
    assert len(phases) > 110
    for phase in phases:
        (substance,) = values(phase, f"{SKOS}broader")
        assert phase in values(substance, f"{SKOS}narrower")
        assert substance not in phases
        assert values(phase, f"{NS}formulaReduced") == values(substance, f"{NS}formulaReduced")
        assert not values(phase, CLOSE)
    for material in set(everything()) - set(phases):
        assert not values(material, f"{SKOS}broader", STRUCTURE, f"{NS}spaceGroupNumber")
    titania = f"{BASE}material/titanium-dioxide"
    assert {f"{BASE}material/{name}" for name in ("rutile", "anatase", "brookite")} == set(
        values(titania, f"{SKOS}narrower")
    )


def test_formulas_and_identifiers_are_right() -> None:
    for material in everything():
        (formula,) = values(material, f"{NS}formula")
        assert values(material, f"{NS}formulaReduced") == [reduced(formula)]
        assert values(material, f"{NS}formulaHill") == [hill(formula)]
        assert set(values(material, f"{NS}formulaElement")) == set(parse(formula))
        for number in values(material, f"{NS}casNumber"):
            assert check_cas(number) == number
        assert all(1 <= int(number) <= 230 for number in values(material, f"{NS}spaceGroupNumber"))


def test_a_substance_has_its_formula_alone_and_its_cas_number_alone() -> None:
    seen: dict[str, str] = {}
    phases = set(vocabulary().materials.typed(f"{NS}MaterialPhase"))
    for material in everything():
        keys = values(material, f"{NS}casNumber")
        keys += [] if material in phases else values(material, f"{NS}formulaReduced")
        for key in keys:
            assert seen.setdefault(key, material) == material, key


def test_every_link_has_two_sources_and_says_that_nobody_reviewed_it() -> None:
    links = shipped_links()
    assert len(links) > 100
    for link in links:
        assert len(link.sources) > 1, link
        assert link.state is LinkState.UNREVIEWED
        assert link.reviewer is None
        assert link.predicate in {CLOSE, STRUCTURE}
        database = database_of(link.object)
        assert database is not None
        assert database.name == link.database
        assert database.canonical(link.object) == link.object
    triples = link_triples(links)
    comments = [
        item.object.value
        for item in triples
        if item.predicate.value.endswith("#comment") and item.object.language == "en"
    ]
    assert len(comments) == len(links)
    assert all(text.startswith("Not reviewed by a person") for text in comments)


def test_candidates_are_not_published() -> None:
    text = (ONTOLOGY / MATERIALS).read_text(encoding="utf-8")
    candidates = 0
    for path in FOLDER.glob("*.yaml"):
        material = yaml.safe_load(path.read_text(encoding="utf-8"))
        for thing in (material, *material.get("phases", ())):
            for entry in thing.get("identifiers", ()):
                if "candidate" in entry:
                    candidates += 1
                    kind, value = next(iter(entry.items()))
                    assert f"material/{thing['id']}#{kind}-{value}" not in text
                    assert kind != "inchikey" or value not in text
    assert candidates > 100


def test_identifiers_are_those_of_the_collected_table(shared: Path) -> None:
    with (shared / "data" / "reference_materials.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    listed: dict[str, set[str]] = {"CAS": set(), "inchikey": set(), "pubchem_cid": set(), "wikidata": set()}
    listed |= {"cod": set(), "mp": set()}
    for row in rows:
        for column, found in listed.items():
            found.add(row[column])
    columns = {"cas": "CAS", "pubchem": "pubchem_cid"}
    for path in FOLDER.glob("*.yaml"):
        material = yaml.safe_load(path.read_text(encoding="utf-8"))
        for thing in (material, *material.get("phases", ())):
            for kind, value, _ in script_identifiers(thing):
                assert kind == "chebi" or value in listed[columns.get(kind, kind)], (path.name, value)


def script_identifiers(thing: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [
        (next(iter(entry)), str(next(iter(entry.values()))), entry) for entry in thing.get("identifiers", ())
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("7440-50-8", "7440-50-9", "check digit"),
        ("id: copper\n", "id: kopper\n", "the file is called 'copper'"),
        ("formula: Cu\n", "formula: Qx\n", "cannot be read as a formula"),
        ("formula: Cu\n", "formula: Cu\ncolour: red\n", "no key outside"),
        ("  ja: 銅\n", "", "a name in en and in ja"),
        ("RYGMFSIKBFXOCR-UHFFFAOYSA-N", "RYGMFSIKBFXOCR", "form of such an identifier"),
        ("    space_group: 225\n", "    space_group: 231\n", "no space group 231"),
        ("  en: copper\n", "  en: iron\n", "belongs to copper too"),
        ("formula: Cu\n", "formula: Cu\nhydrate: 5\n", "number of water molecules"),
        ("    candidate: the source names no phase\n", "", "one source gave is a candidate"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, old: str, new: str, fault: str) -> None:
    for name in ("copper.yaml", "iron.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    module = script()
    text = (tmp_path / "copper.yaml").read_text(encoding="utf-8")
    assert old in text
    module["build"](tmp_path)
    (tmp_path / "copper.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(module["MaterialError"], match=fault):
        module["build"](tmp_path)


def test_every_material_is_typed_as_what_clients_know() -> None:
    concept = f"{SKOS}Concept"
    assert all(concept in values(material, TYPE) for material in everything())
