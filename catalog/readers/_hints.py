"""Element, edge and formula as names and comments hint at them: grounds for suggestions, never facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from catalog.errors import CatalogError
from catalog.formula import is_numbered
from catalog.formula import parse as parse_formula
from catalog.readers import Curve
from catalog.readers._edges import inferred_edge
from catalog.xray import ELEMENTS, Edge, normalise_edge

Window = tuple[float, float]

_EDGE = re.compile(r"(?<![A-Za-z0-9])([A-Z][a-z]?)[ _-](K|[LMN][1-9]{1,3})(?![A-Za-z0-9])")
_SYMBOL = re.compile(r"(?<![A-Za-z])([A-Z][a-z])(?![a-z])")
_WORD = re.compile(r"[^\s/,;:+_]+")
_NAME_BREAK = re.compile(r"[\s_\-.,;:+()\[\]]+")
_METAL = frozenset({"foil", "metal"})
_FOIL = re.compile(r"([A-Z][a-z]?)(?:[Ff]oil|[Mm]etal)")
# In one case "NO", "CO" and "SIS" are words as well.
_SUM_FORMULA = re.compile(r"(?=.*[a-z0-9])(?:[A-Z][a-z]?[0-9]{0,3})+")
_ANIONS = frozenset({"H", "C", "N", "O", "F", "P", "S", "Cl"})
_STRONG, _WEAK = ("K", "L3"), ("L2", "L1")
# Steps within this factor of the finest belong to the region of the edge.
_FINEST = 1.6
_MAX_TEXT = 300


def symbols(texts: Iterable[str]) -> list[str]:
    """The elements that file names and comments may mean, in the order of their appearance."""
    found: dict[str, None] = {}
    for text in (each[:_MAX_TEXT] for each in texts):
        found |= dict.fromkeys(match[1] for match in _SYMBOL.finditer(text) if match[1] in ELEMENTS)
        for word in _WORD.findall(text):
            found |= dict.fromkeys(_elements(word))
    return list(found)


def named_edges(name: str) -> tuple[list[Edge], list[str]]:
    """The edges that a file's name states, and what it states as an edge that is none ("Pb-L21")."""
    edges, wrong = [], []
    for match in _EDGE.finditer(PurePath(name).stem):
        if match[1] not in ELEMENTS:
            continue
        try:
            _, shells = normalise_edge(match[2])
        except CatalogError:
            wrong.append(match[0])
        else:
            edges += [Edge(match[1], shell) for shell in shells]
    return list(dict.fromkeys(edges)), wrong


def named_elements(name: str) -> list[str]:
    """The elements that a file's name plainly says: of a foil ("Cu_foil"), or of a formula ("CuO_01").

    A symbol alone may be anybody's abbreviation, and SO4 or CO3 part of a mineral's name.
    """
    found: dict[str, None] = {}
    words = _NAME_BREAK.split(PurePath(name).stem[:_MAX_TEXT])
    for word, following in zip(words, [*words[1:], ""], strict=True):
        metal = _FOIL.fullmatch(word)
        symbol = metal[1] if metal else word.capitalize() if following.casefold() in _METAL else ""
        if symbol in ELEMENTS:
            found[symbol] = None
        elif _SUM_FORMULA.fullmatch(word) and not _ANIONS.issuperset(elements := _elements(word)):
            found |= dict.fromkeys(elements if len(elements) > 1 else ())
    return list(found)


def edges_in(element: str, window: Window) -> list[str]:
    """The K and L shells of ``element`` whose edge lies in ``window`` (eV), the strong ones alone if there is one."""
    # The vocabulary is not read before a file needs it.
    from catalog.vocabulary import vocabulary

    words = vocabulary()
    for shells in (_STRONG, _WEAK):
        found = [
            shell
            for shell in shells
            if (energy := words.edge_energy(element, shell)) is not None
            and window[0] <= float(energy) <= window[1]
        ]
        if found:
            return found
    return []


def reaches(edge: Edge, window: Window) -> bool:
    """Whether the tabulated energy of ``edge`` lies in ``window`` (eV); True for an edge that is not tabulated."""
    from catalog.vocabulary import vocabulary

    energy = vocabulary().edge_energy(edge.element, edge.shell)
    return energy is None or window[0] <= float(energy) <= window[1]


def finest(stretches: Sequence[tuple[float, float, float]]) -> Window | None:
    """The span in eV of the stretches (from, to, step) with the finest steps; None where all are alike."""
    steps = [step for _, _, step in stretches if step > 0]
    fine = [(low, high) for low, high, step in stretches if steps and 0 < step <= _FINEST * min(steps)]
    if not fine or len(fine) == len(stretches):
        return None
    return min(low for low, _ in fine), max(high for _, high in fine)


def suggested_edge(
    hinted: Sequence[str], named: Sequence[Edge], curve: Curve | None, scan: Window, fine: Window | None
) -> dict[str, str]:
    """Element and edge by key of the spectrum, as far as the evidence goes.

    ``hinted`` elements and ``named`` edges come from names; ``curve`` is a whole scan (or None), ``scan`` its range
    in eV, ``fine`` the range of its finest steps.
    """
    inside = [edge for edge in named if reaches(edge, scan)]
    if len(inside) == 1:
        return _said(inside[0])
    around = (fine[0] - 30, fine[1] + 30) if fine else scan
    elements = [symbol for symbol in hinted if edges_in(symbol, around)]
    if curve and (found := _measured(curve, elements)):
        return _said(found)
    if len(elements) == 1:
        shells = edges_in(elements[0], around)
        return _said(Edge(elements[0], shells[0])) if len(shells) == 1 else {"element": elements[0]}
    if elements or fine is None:
        return {}
    # Nothing but the place of the finest steps: enough where only one strong edge lies there.
    there = [
        Edge(symbol, shell) for symbol in ELEMENTS for shell in edges_in(symbol, fine) if shell in _STRONG
    ]
    return _said(there[0]) if len(there) == 1 else {}


def suggested_formula(text: str, diluents: Iterable[str] = (), prefixes: Iterable[str] = ()) -> str | None:
    """The formula that a sample's name is, without a phase before it or a diluent behind it; else None."""
    formula, _, diluent = text[:_MAX_TEXT].partition("/")
    if diluent and diluent.strip().casefold() not in diluents:
        return None
    for prefix in prefixes:
        formula = formula.removeprefix(prefix)
    formula = formula.strip()
    return formula if _elements(formula) and not is_numbered(formula) else None


def _measured(curve: Curve, elements: Sequence[str]) -> Edge | None:
    found = [edge for symbol in elements if (edge := inferred_edge(curve, symbol))]
    if not elements:
        return inferred_edge(curve)
    return found[0] if len(found) == 1 else None


def _said(edge: Edge) -> dict[str, str]:
    return {"element": edge.element, "edge": edge.shell}


def _elements(word: str) -> list[str]:
    try:
        return list(parse_formula(word)) if word else []
    except CatalogError:
        return []
