"""What files of several spectra have in common: an id for each, and an edge checked against its range."""

from __future__ import annotations

import re

from catalog.errors import InputError
from catalog.readers._hints import reaches
from catalog.readers._statements import Statements
from catalog.xray import Edge, normalise_edge, normalise_element

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9]")
_LONGEST = 16


def part_id(name: str, taken: set[str]) -> str:
    """The id of the spectrum that a file calls ``name``: its letters and digits, numbered where one is ``taken``.

    >>> part_id("Fe_foil.001", set()), part_id("a", {"a"})
    ('Fefoil001', 'ax2')
    """
    base = _NOT_IN_IDS.sub("", name)[-_LONGEST:] or "spectrum"
    found, count = base, 1
    while found in taken:
        count += 1
        found = f"{base}x{count}"
    taken.add(found)
    return found


def put_edge(
    into: Statements, symbol: str, shell: str, window: tuple[float, float], keys: str, line: int | None = None
) -> None:
    """Element and edge as stated, unless they name none, or one that ``window`` (eV) does not reach."""
    raw = f"{symbol} {shell}".strip()
    try:
        element = normalise_element(symbol) if symbol else ""
        named, shells = normalise_edge(shell, element or None) if shell else ("", ())
    except InputError as error:
        into.refuse("edge", raw, keys, error.detail, line)
        return
    element = element or named
    if element and len(shells) == 1 and not reaches(Edge(element, shells[0]), window):
        shown = {"first": f"{window[0]:.0f}", "last": f"{window[1]:.0f}"}
        into.report("stated-out-of-reach", "edge", line, f"{element} {shells[0]}", **shown)
        return
    if element:
        into.of_spectrum("element", element, keys, line, symbol or shell)
    if shells:
        into.of_spectrum("edge", shells[0] if len(shells) == 1 else list(shells), keys, line, shell)
