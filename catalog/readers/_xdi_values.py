"""One header value made into what the deposit form takes, or refused with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from catalog.document import FormValue
from catalog.errors import InputError
from catalog.ids import check_cas, normalise_doi
from catalog.quantity import decimal_text, parse_quantity
from catalog.readers._xdi_aliases import Alias
from catalog.wording import Sentence
from catalog.xray import normalise_edge, normalise_element, parse_crystal


class ValueRefused(InputError):
    """A header value is not what its entry should hold."""

    code = "header-value"


class NothingStated(ValueRefused):
    """The value says that nothing was recorded, for example a ring current of zero."""


class InWords(ValueRefused):
    """The value is stated in words where a number belongs: kept as text, never turned into a number."""


_ROOM = re.compile(
    r"(?:at\s+)?(?:room|ambient)\s*-?\s*(?:temp(?:erature)?\.?)?|r\.?t\.?|室温|常温", re.IGNORECASE
)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(
    rf"({_DATE})(?:[T\s]+([0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]{{1,9}})?)?)\s*(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?",
    re.IGNORECASE,
)
_TECHNIQUES = {"xafs": "XAFS", "exafs": "EXAFS", "xanes": "XANES", "nexafs": "XANES", "xas": "XAS"}
_MODES = {
    "transmission": "transmission",
    "trans": "transmission",
    "fluorescence": "fluorescence",
    "fluor": "fluorescence",
    "fluo": "fluorescence",
    "electron-yield": "electron-yield",
    "electron yield": "electron-yield",
    "total electron yield": "electron-yield",
    "tey": "electron-yield",
}
_MAX_TEXT = 200
# No crystal diffracts at less than 0.2 Å or more than 60 Å (multilayers are no crystals).
_LEAST_D, _MOST_D = Decimal("0.2"), Decimal(60)


def read_value(alias: Alias, value: str) -> dict[str, FormValue]:
    """Form values by pointer for a header ``value``.

    Raises CatalogError: ValueRefused and its children, or that of the module that knows the kind of value.
    """
    if len(value) > _MAX_TEXT and alias.kind != "text":
        raise ValueRefused(Sentence("the value is too long for what it should be"))
    return _READ[alias.kind](alias, value)


def _text(alias: Alias, value: str) -> dict[str, FormValue]:
    return {alias.pointer: value}


def _element(alias: Alias, value: str) -> dict[str, FormValue]:
    return {alias.pointer: normalise_element(value)}


def _edge(alias: Alias, value: str) -> dict[str, FormValue]:
    element, shells = normalise_edge(value)
    stated: dict[str, FormValue] = {alias.pointer: shells[0] if len(shells) == 1 else list(shells)}
    if element:
        stated["/spectra/0/element"] = element
    return stated


def _quantity(alias: Alias, value: str) -> dict[str, FormValue]:
    quantity = parse_quantity(value, alias.canonical, default_unit=alias.unit)
    if quantity.value <= 0:
        raise ValueRefused(Sentence("{value!r} is not above zero", value=value))
    if alias.pointer.endswith("/d_spacing") and not _LEAST_D <= quantity.value <= _MOST_D:
        raise ValueRefused(Sentence("{value!r} is no lattice spacing of a crystal", value=value))
    bare = alias.unit and re.fullmatch(r"[-+0-9.eE]+", value)
    return {alias.pointer: f"{value} {alias.unit}" if bare else value}


def _current(alias: Alias, value: str) -> dict[str, FormValue]:
    if parse_quantity(value, alias.canonical, default_unit=alias.unit).value == 0:
        raise NothingStated(Sentence("{value!r} stands for a current nobody recorded", value=value))
    return _quantity(alias, value)


def _temperature(alias: Alias, value: str) -> dict[str, FormValue]:
    if _ROOM.fullmatch(value.strip()):
        raise InWords(Sentence("{value!r} is no number", value=value))
    return _quantity(alias, value)


def _crystal(alias: Alias, value: str) -> dict[str, FormValue]:
    crystal, reflection = parse_crystal(re.split("[,;]", value, maxsplit=1)[0])
    return {
        f"{alias.pointer}/type": "crystal",
        f"{alias.pointer}/crystal": crystal,
        f"{alias.pointer}/reflection": reflection,
    }


def _moment(alias: Alias, value: str) -> dict[str, FormValue]:
    match = _MOMENT.fullmatch(value.strip())
    if match is None:
        raise ValueRefused(
            Sentence("{value!r} is no date; write for example 2001-06-26T22:27:31", value=value)
        )
    text = "T".join(filter(None, match.group(1, 2))).replace(",", ".") + (match[3] or "").upper()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueRefused(Sentence("{text!r} is no date: {error}", text=value, error=error)) from error
    if match[2] is None:
        return {alias.pointer: match[1]}
    return {alias.pointer: moment.isoformat()}


def _technique(alias: Alias, value: str) -> dict[str, FormValue]:
    return {alias.pointer: _word(_TECHNIQUES, value, Sentence("technique"))}


def _mode(alias: Alias, value: str) -> dict[str, FormValue]:
    return {alias.pointer: _word(_MODES, value, Sentence("detection mode"))}


def _word(words: dict[str, str], value: str, what: Sentence) -> str:
    word = words.get(re.sub(r"\s*mode$|_", " ", value.casefold()).strip())
    if word is None:
        raise ValueRefused(
            Sentence(
                "{value!r} is no {what}; write one of {words}",
                value=value,
                what=what,
                words=", ".join(sorted(set(words.values()))),
            )
        )
    return word


def _doi(alias: Alias, value: str) -> dict[str, FormValue]:
    return {alias.pointer: normalise_doi(value)}


def _cas(alias: Alias, value: str) -> dict[str, FormValue]:
    return {alias.pointer: check_cas(value)}


_READ: dict[str, Callable[[Alias, str], dict[str, FormValue]]] = {
    "text": _text,
    "element": _element,
    "edge": _edge,
    "quantity": _quantity,
    "current": _current,
    "temperature": _temperature,
    "crystal": _crystal,
    "moment": _moment,
    "technique": _technique,
    "mode": _mode,
    "doi": _doi,
    "cas": _cas,
}


def energy_text(token: str, per_unit: int) -> str:
    """The energy ``token`` of the first column as exact text in eV; ``per_unit`` is 1 for eV and 1000 for keV."""
    return f"{decimal_text(parse_quantity(token, 'eV', default_unit='eV').value * per_unit)} eV"
