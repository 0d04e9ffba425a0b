"""The example queries: ``examples/queries/*.rq`` with ``#+`` lines of YAML that title, explain and type them.

A parameter is a line ``VALUES ?name { term }`` of the query whose name the head declares: so the file is a query that
runs anywhere as it stands, and ``Example.filled`` is the same query with other terms in those places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from catalog.resources import data_root
from server.public.parameters import Bound, Kind, kinds

ANY = "UNDEF"
_SLOT = re.compile(
    r"(?P<before>[ \t]*VALUES[ \t]+\?(?P<name>\w+)[ \t]*\{[ \t]*)(?P<term>\S(?:.*\S)?)(?P<after>[ \t]*\}[ \t]*)"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an example: its type, its title by language, and its default as people write it ("" is any)."""

    name: str
    type: str
    title: Mapping[str, str]
    default: str

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return kinds()[self.type]


@dataclass(frozen=True, slots=True)
class Example:
    """An example query: name, texts by language, and its text without the ``#+`` lines."""

    name: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    query: str
    keywords: tuple[str, ...] = ()
    theme: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()

    def filled(self, terms: Mapping[str, Bound]) -> str:
        """The query with these terms for the parameters they name; the others keep their defaults."""

        def line_of(line: str) -> str:
            slot = _SLOT.fullmatch(line)
            term = terms.get(slot["name"]) if slot else None
            return line if slot is None or term is None else f"{slot['before']}{term}{slot['after']}"

        return "\n".join(map(line_of, self.query.split("\n")))


@cache
def examples() -> tuple[Example, ...]:
    """The examples that come with this version, by file name."""
    folder = data_root() / "examples" / "queries"
    return tuple(parse(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.rq")))


def example(name: str) -> Example | None:
    """The example of that name."""
    return next((item for item in examples() if item.name == name), None)


def by_theme() -> list[tuple[Mapping[str, str], list[Example]]]:
    """The examples under the theme their head names, themes in the order of their English names."""
    themes: dict[str, tuple[Mapping[str, str], list[Example]]] = {}
    for item in examples():
        themes.setdefault(item.theme.get("en", ""), (item.theme, []))[1].append(item)
    return [themes[name] for name in sorted(themes)]


def parse(name: str, text: str) -> Example:
    """An example from the text of its file. Raises ValueError for a parameter that the query has no place for.

    >>> parse("all", "#+ title: {en: All, ja: 全部}\\nASK {}\\n").title["ja"]
    '全部'
    """
    decorated = [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]
    query = "\n".join(line for line in text.splitlines() if not line.startswith("#+")).strip() + "\n"
    # The base loader makes nothing but text, lists and dicts.
    loaded: Any = yaml.load("\n".join(decorated), Loader=yaml.CBaseLoader)  # noqa: S506
    facts = loaded if isinstance(loaded, dict) else {}
    return Example(
        name,
        _texts(facts.get("title"), name),
        _texts(facts.get("description"), ""),
        query,
        tuple(map(str, facts.get("keywords") or ())),
        _texts(facts.get("theme"), ""),
        tuple(_parameter(key, item, query) for key, item in (facts.get("parameters") or {}).items()),
    )


def _parameter(name: str, stated: Mapping[str, Any], query: str) -> Parameter:
    slots = [slot for line in query.split("\n") if (slot := _SLOT.fullmatch(line)) and slot["name"] == name]
    if len(slots) != 1:
        raise ValueError(f"the query needs one line 'VALUES ?{name} {{ ... }}' for its parameter {name}")
    if stated["type"] not in kinds():
        raise ValueError(f"parameter {name}: there is no type {stated['type']!r}")
    term = slots[0]["term"]
    plain = "" if term == ANY else term.strip('"').removeprefix("<").removesuffix(">")
    return Parameter(name, str(stated["type"]), _texts(stated.get("title"), name), plain)


def _texts(value: Any, default: str) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(tag): str(text) for tag, text in value.items()}
    return {"en": str(value or default)}
