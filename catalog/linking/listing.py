"""The shipped materials as questions to databases: names, formula, phase, and the identifiers their files give.

The files in ``ontology/materials`` say of each identifier which sources gave it; those that only one source gave
(candidates) stand in them and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from catalog.formula import hill, parse, reduced
from catalog.linking.databases import DATABASES
from catalog.linking.model import Link, LinkState, Query
from catalog.linking.scoring import CLOSE, IDENTIFIED, STRUCTURE, STRUCTURED
from catalog.resources import data_root

MATERIAL = "https://w3id.org/xafscat/material/"
# The databases whose identifiers the files give, and the one form they are written in there.
ENTRIES = {
    "pubchem": r"[1-9]\d*",
    "wikidata": r"Q[1-9]\d*",
    "chebi": r"[1-9]\d*",
    "cod": r"\d{7}",
    "mp": r"mp-[1-9]\d{0,6}",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An identifier that a material's file gives: its kind, the value, and who gave it."""

    kind: str
    value: str
    sources: tuple[str, ...]
    candidate: str = ""

    @property
    def iri(self) -> str:
        """The entry's IRI; empty for a kind that names no entry (CAS number, InChIKey)."""
        return DATABASES[self.kind].template.format(self.value) if self.kind in ENTRIES else ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A material of the list: the question that databases are asked, and its identifiers."""

    query: Query
    listed: tuple[Listed, ...]


@cache
def entries(folder: Path | None = None) -> dict[str, Entry]:
    """All materials by IRI, substances before their phases, in the order of the files' names."""
    found: dict[str, Entry] = {}
    for path in sorted((folder or data_root() / "ontology" / "materials").glob("*.yaml")):
        # Each publication reads the list: libyaml takes a tenth of the time.
        material = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        entry = _entry(material, material, "substance")
        found[entry.query.material] = entry
        for phase in material.get("phases", ()):
            entry = _entry(phase, material, "phase")
            found[entry.query.material] = entry
    return found


def shipped_links() -> list[Link]:
    """The links that the bundle ships: given by two sources, reviewed by nobody."""
    return [
        Link(
            subject=entry.query.material,
            predicate=CLOSE if entry.query.level == "substance" else STRUCTURE,
            object=item.iri,
            database=item.kind,
            state=LinkState.UNREVIEWED,
            justification="semapv:BackgroundKnowledgeBasedMatching",
            confidence=IDENTIFIED if entry.query.level == "substance" else STRUCTURED,
            sources=item.sources,
            matched=("list",),
        )
        for entry in entries().values()
        for item in entry.listed
        if item.iri and not item.candidate
    ]


def _entry(thing: dict[str, Any], substance: dict[str, Any], level: str) -> Entry:
    formula = substance["formula"]
    listed = tuple(_listed(thing))
    identifiers: dict[str, tuple[str, ...]] = {}
    for item in listed:
        identifiers[item.kind] = (*identifiers.get(item.kind, ()), item.value)
    names = [*thing["names"].values(), *(name for more in thing.get("also", {}).values() for name in more)]
    query = Query(
        material=MATERIAL + thing["id"],
        level=level,
        names=tuple(names),
        reduced=reduced(formula),
        hill=hill(formula),
        elements=tuple(sorted(parse(formula))),
        waters=float(substance.get("hydrate", 0)),
        space_group=thing.get("space_group"),
        mineral=thing.get("mineral", ""),
        identifiers=identifiers,
    )
    return Entry(query, listed)


def _listed(thing: dict[str, Any]) -> Iterator[Listed]:
    for entry in thing.get("identifiers", ()):
        kind = next(iter(entry))
        yield Listed(kind, str(entry[kind]), tuple(entry["source"]), str(entry.get("candidate", "")))
