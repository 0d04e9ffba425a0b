"""The shapes as a page shows them: what each level asks of which key, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from catalog.mapping import context
from catalog.resources import data_root

SH = "http://www.w3.org/ns/shacl#"
XAFS = "https://w3id.org/xafscat/ns#"
DCTERMS = "http://purl.org/dc/terms/"
SHAPES = "https://w3id.org/xafscat/shapes/"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule: the key it speaks about, its texts by language, and its severity (Violation, Warning or Info)."""

    iri: str
    fragment: str
    key: str
    path: str
    severity: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LevelView:
    """One file of shapes and its rules, in the order of the file."""

    name: str
    iri: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    rules: tuple[RuleView, ...]


@cache
def levels() -> tuple[LevelView, ...]:
    """All files of shapes."""
    return tuple(_level(path) for path in shapes_files().values())


@cache
def shapes_files() -> dict[str, Path]:
    """The files of shapes by level."""
    return {path.stem: path for path in sorted((data_root() / "shapes").glob("*.ttl"))}


def _level(path: Path) -> LevelView:
    iri = SHAPES + path.stem
    by_subject: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = {}
    for quad in ox.parse(path=str(path)):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            by_subject.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, []).append(
                quad.object
            )
    head = by_subject.get(iri, {})
    rules = [
        _rule(subject, facts)
        for subject, facts in by_subject.items()
        if SH + "message" in facts and subject.startswith(iri + "#")
    ]
    titles = _texts(head, DCTERMS + "title") or {"en": path.stem}
    return LevelView(path.stem, iri, titles, _texts(head, DCTERMS + "description"), tuple(rules))


def _rule(subject: str, facts: Mapping[str, list[ox.NamedNode | ox.Literal]]) -> RuleView:
    severity = _first(facts, SH + "severity").removeprefix(SH)
    return RuleView(
        iri=subject,
        fragment=subject.partition("#")[2],
        key=_first(facts, XAFS + "key"),
        path=context().compact(_first(facts, SH + "path") or _first(facts, XAFS + "field")),
        severity=severity if severity in SEVERITIES else "Violation",
        names=_texts(facts, SH + "name"),
        descriptions=_texts(facts, SH + "description"),
        messages=_texts(facts, SH + "message"),
    )


def _first(facts: Mapping[str, list[ox.NamedNode | ox.Literal]], predicate: str) -> str:
    return next((item.value for item in facts.get(predicate, [])), "")


def _texts(facts: Mapping[str, list[ox.NamedNode | ox.Literal]], predicate: str) -> dict[str, str]:
    return {
        item.language or "@none": item.value
        for item in facts.get(predicate, [])
        if isinstance(item, ox.Literal)
    }
