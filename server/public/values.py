"""Single values of a document as pages show them: quantities, dates, energy ranges, shells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.facts import ENDS, STARTS
from catalog.mapping import RecordDocument
from server.public.formatting import day
from server.public.languages import gettext

UNITS = {
    "unit:MicroM": "µm",
    "unit:K": "K",
    "unit:PA": "Pa",
    "unit:GigaEV": "GeV",
    "unit:MilliA": "mA",
    "unit:EV": "eV",
    "unit:ANGSTROM": "Å",
}
_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*(\S.*)?")


@dataclass(frozen=True, slots=True)
class Value:
    """One thing to show: text, its language ("" when none applies), a link, and a note in small type.

    ``style`` is a class for the stylesheet: ``formula`` (digits as indices), ``code``, ``date``, ``unknown``.
    """

    text: str
    lang: str = ""
    href: str = ""
    note: str = ""
    style: str = ""


def quantity(part: Any, symbol: str | None = None) -> Value | None:
    """A quantity as stated where that says the same, else converted with the statement as a note.

    ``symbol`` is the unit's where UNITS does not know it.
    """
    if not isinstance(part, dict):
        return None
    stated, number = str(part.get("stated", "")), part.get("value")
    if number is None:
        return Value(stated, note=gettext("as stated; not readable as a quantity")) if stated else None
    unit = UNITS.get(str(part.get("in_unit", "")), symbol or "")
    if same_number(stated, str(number), unit):
        # Trailing zeros tell a precision: the stated digits stay.
        return Value(f"{stated.split(maxsplit=1)[0].removesuffix(unit)} {unit}".strip())
    note = gettext("stated: %(text)s", text=stated) if stated else ""
    return Value(f"{number} {unit}".strip(), note=note)


def same_number(stated: str, number: str, unit: str) -> bool:
    """Whether ``stated`` is ``number`` in ``unit``, written plainly (or without a unit)."""
    matched = _NUMBER.fullmatch(stated.strip())
    if not matched or matched[2] not in {unit, None}:
        return False
    try:
        return Decimal(matched[1]) == Decimal(number)
    except InvalidOperation:
        return False


def energy_range(spectrum: RecordDocument) -> Value | None:
    """First to last energy of a scan."""
    ends = [quantity(spectrum.get(key)) for key in ("energy_first", "energy_last")]
    first, last = (end.text if end else "" for end in ends)
    if first and last:
        return Value(f"{first.removesuffix(' eV')} – {last}")
    return Value(first or last) if first or last else None


def moment(measurement: RecordDocument) -> Value | None:
    """When a spectrum was measured, as precisely as it was stated."""
    for key in STARTS:
        if stated := measurement.get(key):
            ended = next((measurement[end] for end in ENDS if end in measurement), "")
            return Value(
                str(stated), style="date", note=gettext("until %(time)s", time=day(ended)) if ended else ""
            )
    return None


def shells_text(shells: Iterable[Any]) -> str:
    """Several shells as people write them: ``L2`` and ``L3`` are ``L2,3``.

    >>> shells_text(["L2", "L3"]), shells_text(["K"]), shells_text(["K", "L3"])
    ('L2,3', 'K', 'K, L3')
    """
    names = [str(shell) for shell in shells]
    families = {name[:1] for name in names}
    if len(names) > 1 and len(families) == 1 and all(len(name) > 1 for name in names):
        return names[0][:1] + ",".join(name[1:] for name in names)
    return ", ".join(names)
