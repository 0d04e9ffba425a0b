"""Write ``materials.ttl`` from the files in ``materials/``, one a substance with its phases.

    python ontology/build_materials.py

Formulas and elements are computed, check digits verified, and nothing that a file says is passed over: an unknown
key, an identifier of the wrong form or a name that two materials share stops the script. An identifier marked
``candidate`` stays in its file. Links to entries of databases are no part of the list: releases show those that two
independent sources gave, as ``catalog.linking.listing`` reads them from the same files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from catalog.errors import CatalogError
from catalog.formula import hill, parse, reduced
from catalog.ids import check_cas
from catalog.linking.listing import ENTRIES

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "materials"
BASE = "https://w3id.org/xafscat/material"

HEADER = f"""\
# Materials: written by build_materials.py from materials/*.yaml. Do not edit.
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xafs: <https://w3id.org/xafscat/ns#> .
@prefix xmaterial: <{BASE}/> .
"""

OF_A_SUBSTANCE = ("cas", "inchikey", "pubchem", "wikidata", "chebi")
OF_A_PHASE = ("cas", "cod", "mp")
INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
KEYS = {"id", "names", "also", "formula", "hydrate", "identifiers", "phases"}
PHASE_KEYS = {"id", "names", "also", "words", "mineral", "space_group", "identifiers"}


class MaterialError(Exception):
    """A file of a material says what cannot be: which file, which place, what."""


def build(folder: Path = FOLDER) -> str:
    """The whole Turtle document. Raises MaterialError with every fault found."""
    faults: list[str] = []
    blocks = [HEADER]
    names: dict[str, str] = {}
    files: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            material = yaml.safe_load(path.read_text(encoding="utf-8"))
            check(material, path.stem)
            blocks += _material(material)
        except (MaterialError, CatalogError, yaml.YAMLError) as error:
            faults.append(f"{path.name}: {error}")
            continue
        for thing in (material, *material.get("phases", ())):
            for name in _spellings(thing):
                other = names.setdefault(name.casefold(), thing["id"])
                if other != thing["id"]:
                    faults.append(f"{path.name}: the name {name!r} belongs to {other} too")
            elsewhere = files.setdefault(thing["id"], path.name)
            if elsewhere != path.name:
                faults.append(f"{path.name}: the id {thing['id']!r} stands in {elsewhere} too")
    if faults:
        raise MaterialError("\n".join(faults))
    return "\n".join(blocks)


def check(material: Any, stem: str) -> None:
    """Raise MaterialError unless ``material`` has the keys of a substance and its phases, each well formed."""
    _known(material, KEYS, {"id", "names", "formula"})
    if material["id"] != stem:
        raise MaterialError(f"the id is {material['id']!r} and the file is called {stem!r}")
    water = re.search(r"·(\d+)H2O$", material["formula"])
    if material.get("hydrate") != (int(water[1]) if water else None):
        raise MaterialError("hydrate is not the number of water molecules in the formula")
    _check_names(material)
    _check_identifiers(material, OF_A_SUBSTANCE)
    for phase in material.get("phases", ()):
        _known(phase, PHASE_KEYS, {"id", "names"})
        _check_names(phase)
        if not 1 <= phase.get("space_group", 1) <= 230:
            raise MaterialError(f"{phase['id']}: there is no space group {phase['space_group']}")
        _check_identifiers(phase, OF_A_PHASE)


def _known(thing: Any, keys: set[str], needed: set[str]) -> None:
    if not isinstance(thing, dict) or not needed <= thing.keys() <= keys:
        raise MaterialError(f"a mapping with {sorted(needed)} and no key outside {sorted(keys)} is needed")


def _check_names(thing: dict[str, Any]) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", thing["id"]):
        raise MaterialError(f"{thing['id']!r} is no id: lower case, digits, hyphens")
    if thing["names"].keys() != {"en", "ja"} or not thing.get("also", {}).keys() <= {"en", "ja"}:
        raise MaterialError(f"{thing['id']}: a name in en and in ja is needed")


def _check_identifiers(thing: dict[str, Any], kinds: tuple[str, ...]) -> None:
    for kind, value, entry in identifiers(thing):
        where = f"{thing['id']}, {kind} {value}"
        if kind not in kinds or not entry.keys() <= {kind, "source", "candidate"}:
            raise MaterialError(f"{where}: one of {kinds} with source and perhaps candidate is needed")
        if not entry.get("source"):
            raise MaterialError(f"{where}: no source")
        if kind == "cas":
            check_cas(value)
        elif not re.fullmatch(ENTRIES.get(kind, INCHIKEY), value):
            raise MaterialError(f"{where}: it does not have the form of such an identifier")
        if kind in ENTRIES and len(entry["source"]) < 2 and not entry.get("candidate"):
            raise MaterialError(f"{where}: a link that one source gave is a candidate")


def identifiers(thing: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, value and whole entry of each identifier of a substance or phase."""
    for entry in thing.get("identifiers", ()):
        kind = next(iter(entry))
        yield kind, str(entry[kind]), entry


def _spellings(thing: dict[str, Any]) -> list[str]:
    return [*thing["names"].values(), *(name for names in thing.get("also", {}).values() for name in names)]


def _material(material: dict[str, Any]) -> Iterator[str]:
    composition = _composition(material["formula"])
    phases = material.get("phases", [])
    facts = ["a xafs:Material , skos:Concept", *_names(material), *composition]
    if "hydrate" in material:
        facts.append(f"xafs:waterMolecules {material['hydrate']}")
    if phases:
        facts.append("skos:narrower " + " , ".join(f"xmaterial:{phase['id']}" for phase in phases))
    yield _thing(material, facts)
    for phase in phases:
        facts = ["a xafs:Material , xafs:MaterialPhase , skos:Concept", *_names(phase), *composition]
        facts.append(f"skos:broader xmaterial:{material['id']}")
        if "space_group" in phase:
            facts.append(f"xafs:spaceGroupNumber {phase['space_group']}")
        if "mineral" in phase:
            facts.append(f"xafs:mineral {_text(phase['mineral'])}")
        yield _thing(phase, facts)


def _composition(formula: str) -> list[str]:
    return [
        f"xafs:formula {_text(formula)}",
        f"xafs:formulaReduced {_text(reduced(formula))}",
        f"xafs:formulaHill {_text(hill(formula))}",
        "xafs:formulaElement " + " , ".join(_text(element) for element in sorted(parse(formula))),
    ]


def _names(thing: dict[str, Any]) -> Iterator[str]:
    yield "skos:prefLabel " + " , ".join(_text(name, tag) for tag, name in thing["names"].items())
    also = [_text(name, tag) for tag, names in thing.get("also", {}).items() for name in names]
    if also:
        yield "skos:altLabel " + " , ".join(also)
    if "words" in thing:
        yield "skos:hiddenLabel " + " , ".join(_text(word) for word in thing["words"])
    yield f"skos:inScheme <{BASE}>"


def _thing(thing: dict[str, Any], facts: list[str]) -> str:
    literals = {"cas": "xafs:casNumber", "inchikey": "xafs:inchiKey"}
    for kind, value, entry in identifiers(thing):
        if kind in literals and not entry.get("candidate"):
            facts.append(f"{literals[kind]} {_text(value)}")
    return f"xmaterial:{thing['id']} " + " ;\n    ".join(facts) + " .\n"


def _text(text: str, tag: str = "") -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' + (f"@{tag}" if tag else "")


if __name__ == "__main__":
    (HERE / "materials.ttl").write_text(build(), encoding="utf-8", newline="\n")
