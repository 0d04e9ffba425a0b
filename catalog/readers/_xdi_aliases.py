"""The alias table of XDI header entries, read from ``ontology/aliases/xdi.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.resources import data_root


@dataclass(frozen=True, slots=True)
class Alias:
    """How header entries fill one key of the deposit form.

    ``keys`` are the usual names, best first; ``also`` further spellings, reported when used. ``kind`` names the
    way the value is read, ``canonical`` the unit of a quantity, ``unit`` the unit of a bare number (assumed and
    reported unless ``unit_is_defined`` by the XDI dictionary).
    """

    pointer: str
    kind: str
    keys: tuple[str, ...]
    also: tuple[str, ...] = ()
    canonical: str = ""
    unit: str | None = None
    unit_is_defined: bool = False


@dataclass(frozen=True, slots=True)
class Aliases:
    """The whole table; every name is in lower case."""

    fields: tuple[Alias, ...]
    required: tuple[tuple[str, ...], ...]
    recommended: tuple[tuple[str, ...], ...]
    public: frozenset[str]
    markers: frozenset[str]
    placeholders: frozenset[str]
    people: frozenset[str]
    proposals: frozenset[str]
    proposal_placeholders: frozenset[str]
    facility_by_process_variable: dict[str, str]
    facility_by_word: dict[str, str]

    def names_person(self, key: str) -> bool:
        """Whether the entry ``family.key`` holds names of people by what it is called."""
        return _told_by(key, self.people)

    def names_proposal(self, key: str, value: str) -> bool:
        """Whether the entry holds the number of a proposal or a visit, and not a placeholder."""
        return _told_by(key, self.proposals) and value not in self.proposal_placeholders


@cache
def aliases() -> Aliases:
    """The alias table shipped with the ontology."""
    import yaml

    text = (data_root() / "ontology" / "aliases" / "xdi.yaml").read_text(encoding="utf-8")
    # libyaml is in every wheel of PyYAML; the slow loader is for builds without it.
    table: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return Aliases(
        fields=tuple(
            Alias(
                pointer=entry["pointer"],
                kind=entry["as"],
                keys=tuple(entry["keys"]),
                also=tuple(entry.get("also", ())),
                canonical=entry.get("of", ""),
                unit=entry.get("unit"),
                unit_is_defined=entry.get("unit_is_defined", False),
            )
            for entry in table["fields"]
        ),
        required=tuple(map(tuple, table["required"])),
        recommended=tuple(map(tuple, table["recommended"])),
        facility_by_process_variable=table["facility_by_process_variable"],
        facility_by_word={word.casefold(): word for word in table["facility_by_word"]},
        **{
            name: frozenset(table[name])
            for name in ("public", "markers", "placeholders", "people", "proposals", "proposal_placeholders")
        },
    )


def _told_by(key: str, words: frozenset[str]) -> bool:
    last = key.rpartition(".")[2]
    return last in words or not words.isdisjoint(last.replace("-", "_").split("_"))
