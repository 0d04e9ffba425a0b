"""The links of materials to databases, for pages: grouped by database, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pyoxigraph as ox

from catalog.linking.databases import DATABASES, database_of
from catalog.linking.triples import NS, OWL, RDFS, SSSOM
from catalog.vocabulary import vocabulary
from server.public.languages import gettext

_PROPERTY, _TARGET = f"{OWL}annotatedProperty", f"{OWL}annotatedTarget"
Said: TypeAlias = dict[str, list[ox.Literal | ox.NamedNode]]


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link: the entry's IRI and short name, what kind of link, how sure, who reviewed it, what vouches for it.

    ``of`` names the material where it is a wider one than was asked for.
    """

    href: str
    label: str
    relation: str
    confidence: str
    reviewer: str
    evidence: str
    evidence_lang: str
    says: str
    of: str


@dataclass(slots=True)
class DatabaseView:
    """The links to one database."""

    name: str
    title: str
    links: list[LinkView] = field(default_factory=list)


def linked(
    graph: Mapping[str, list[ox.Triple]], materials: Sequence[str], language: str
) -> list[DatabaseView]:
    """The links of these materials in a release's graph of links, by database in the order of ``DATABASES``.

    The first is what is asked for, the others are wider: a substance beside its phase.
    """
    found: dict[str, DatabaseView] = {}
    for material in materials:
        of = "" if material == materials[0] else vocabulary().label(material, language) or material
        for subject, triples in graph.items():
            if subject.startswith(f"{material}#"):
                view = _view(graph, _values(triples), language, of)
                if view is None:
                    continue
                database = database_of(view.href)
                name = database.name if database else ""
                title = database.title.get(language, database.title["en"]) if database else ""
                found.setdefault(name, DatabaseView(name, title)).links.append(view)
    for group in found.values():
        group.links.sort(key=lambda item: (bool(item.of), not item.reviewer, item.href))
    order = list(DATABASES)
    return sorted(
        found.values(), key=lambda group: order.index(group.name) if group.name in order else len(order)
    )


def _view(graph: Mapping[str, list[ox.Triple]], said: Said, language: str, of: str) -> LinkView | None:
    target = _first(said, _TARGET)
    if not target:
        return None
    comments = {
        item.language or "": item.value
        for item in said.get(f"{RDFS}comment", [])
        if isinstance(item, ox.Literal)
    }
    tag = language if language in comments else "en" if "en" in comments else next(iter(comments), "")
    database = database_of(target)
    return LinkView(
        href=target,
        label=_first(said, f"{SSSOM}object_label") or (database.label(target) if database else target),
        relation=_relations().get(_first(said, _PROPERTY), ""),
        confidence=_first(said, f"{SSSOM}confidence"),
        reviewer=_first(said, f"{SSSOM}reviewer_label"),
        evidence=comments.get(tag, ""),
        evidence_lang=tag,
        says=_says(_values(graph.get(target, []))),
        of=of,
    )


def _says(said: Said) -> str:
    """What the database said of its entry, in a line."""
    parts = [_first(said, f"{RDFS}label"), _first(said, f"{NS}formulaReduced")]
    if group := _first(said, f"{NS}spaceGroupNumber"):
        parts.append(gettext("space group %(number)s", number=group))
    return ", ".join(dict.fromkeys(filter(None, parts)))


def _relations() -> dict[str, str]:
    skos = "http://www.w3.org/2004/02/skos/core#"
    return {
        f"{skos}exactMatch": gettext("the same"),
        f"{skos}closeMatch": gettext("nearly the same"),
        f"{skos}broadMatch": gettext("something wider"),
        f"{skos}relatedMatch": gettext("related"),
        f"{NS}referenceStructure": gettext("a structure of this phase"),
    }


def _values(triples: Iterable[ox.Triple]) -> Said:
    found: Said = {}
    for triple in triples:
        if isinstance(triple.object, ox.Literal | ox.NamedNode):
            found.setdefault(triple.predicate.value, []).append(triple.object)
    return found


def _first(said: Said, predicate: str) -> str:
    return next((item.value for item in said.get(predicate, [])), "")
