"""Quantities as people write them, converted exactly to the unit a property is stored in.

``Å`` and ``A``, ``geV``, ``10K``, ``25 °C``, full-width digits and both micro signs are understood. Ranges,
uncertainties, thousands separators and unknown units are refused: the text is then kept as stated.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from typing import ClassVar

from catalog.errors import InputError
from catalog.wording import Sentence


class QuantityError(InputError):
    """A text is not a number with a unit that fits."""

    code: ClassVar[str] = "quantity"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in a canonical unit: eV, Å, µm, K, Pa, GeV or mA."""

    value: Decimal
    unit: str


# Factor and offset to the canonical unit: canonical = (stated + offset) * factor.
_ONE = Decimal(1)
_ZERO = Decimal(0)
_LENGTHS = {"pm": "1e-12", "Å": "1e-10", "nm": "1e-9", "µm": "1e-6", "mm": "1e-3", "cm": "1e-2", "m": "1"}


def _lengths(canonical: str) -> dict[str, Decimal]:
    return {unit: Decimal(size) / Decimal(_LENGTHS[canonical]) for unit, size in _LENGTHS.items()}


_UNITS: dict[str, dict[str, Decimal]] = {
    "eV": {"meV": Decimal("1e-3"), "eV": _ONE, "keV": Decimal(1000), "MeV": Decimal(1_000_000)},
    "Å": _lengths("Å"),
    "µm": _lengths("µm"),
    "K": {"K": _ONE, "mK": Decimal("1e-3"), "°C": _ONE},
    "Pa": {
        "Pa": _ONE,
        "hPa": Decimal(100),
        "kPa": Decimal(1000),
        "MPa": Decimal(1_000_000),
        "GPa": Decimal(1_000_000_000),
        "mbar": Decimal(100),
        "bar": Decimal(100_000),
        "kbar": Decimal(100_000_000),
        "atm": Decimal(101_325),
        "Torr": Decimal("133.322368421"),
    },
    "GeV": {"GeV": _ONE, "MeV": Decimal("1e-3")},
    "mA": {"µA": Decimal("1e-3"), "mA": _ONE, "A": Decimal(1000)},
}
_OFFSETS = {"°C": Decimal("273.15")}
_SPELLINGS: dict[str, dict[str, str]] = {
    "length": {
        "A": "Å",
        "Ang": "Å",
        "Angs": "Å",
        "Angstrom": "Å",
        "Angstroms": "Å",
        "Ångström": "Å",
        "Ångströms": "Å",
        "Ångstrom": "Å",
        "AA": "Å",
        "um": "µm",
        "micron": "µm",
        "microns": "µm",
        "micrometer": "µm",
        "micrometre": "µm",
        "micrometers": "µm",
        "micrometres": "µm",
        "nanometer": "nm",
        "nanometre": "nm",
        "millimeter": "mm",
        "millimetre": "mm",
    },
    "eV": {"electronvolt": "eV", "electronvolts": "eV", "electron volts": "eV"},
    "K": {
        "kelvin": "K",
        "kelvins": "K",
        "C": "°C",
        "deg C": "°C",
        "degC": "°C",
        "degrees C": "°C",
        "celsius": "°C",
        "deg K": "K",
        "°K": "K",
    },
    "Pa": {"pascal": "Pa", "mmHg": "Torr", "millibar": "mbar", "bars": "bar"},
    "GeV": {},
    "mA": {"uA": "µA", "amp": "A", "ampere": "A", "milliampere": "mA"},
}
CANONICAL_UNITS = tuple(_UNITS)

_MAX_TEXT = 80
_MAX_EXPONENT = 40
_NUMBER = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*(.*)", re.DOTALL)


def _table(canonical: str) -> tuple[dict[str, str], dict[str, str]]:
    """Spelling -> unit, exactly as written, and case folded where only one unit can be meant."""
    group = "length" if canonical in {"Å", "µm"} else canonical
    exact = {unit: unit for unit in _UNITS[canonical]} | _SPELLINGS[group]
    exact = {_clean(spelling): unit for spelling, unit in exact.items()}
    meanings: dict[str, set[str]] = {}
    for spelling, unit in exact.items():
        meanings.setdefault(spelling.casefold(), set()).add(unit)
    return exact, {spelling: min(units) for spelling, units in meanings.items() if len(units) == 1}


def parse_quantity(text: str, canonical: str, *, default_unit: str | None = None) -> Quantity:
    """The quantity ``text`` states, in the unit ``canonical`` (one of CANONICAL_UNITS), exactly.

    ``default_unit`` is the unit of a bare number; without it a bare number is refused. Torr and degrees are
    converted by their definition (Torr to 12 digits). Raises QuantityError, and ValueError for a canonical
    unit that does not exist.

    >>> parse_quantity("0.7481 nm", "Å")
    Quantity(value=Decimal('7.481'), unit='Å')
    >>> parse_quantity("3.0", "GeV", default_unit="GeV").value
    Decimal('3.0')
    """
    if canonical not in _UNITS:
        raise ValueError(f"no such canonical unit: {canonical!r}")
    match = _match(text, Sentence("a number with a unit; write for example '7112 eV'"))
    number = _decimal(match[1], text)
    spelling = match[2].strip() or default_unit
    if not spelling:
        raise QuantityError(
            Sentence(
                "{text!r} states no unit; write for example '{number} {canonical}'",
                text=text.strip(),
                number=match[1],
                canonical=canonical,
            )
        )
    if not (spelling[0].isalpha() or spelling[0] == "°"):
        raise QuantityError(
            Sentence(
                "{text!r} is not one number; write for example '{number} {canonical}'",
                text=text.strip(),
                number=match[1],
                canonical=canonical,
            )
        )
    unit = _unit(spelling, canonical, text)
    with localcontext(Context(prec=200)):
        value = (number + _OFFSETS.get(unit, _ZERO)) * _UNITS[canonical][unit]
    if canonical == "K" and value < 0:
        raise QuantityError(Sentence("{text!r} is below absolute zero", text=text.strip()))
    return Quantity(value, canonical)


def parse_number(text: str) -> Decimal:
    """The plain number ``text`` states, exactly; QuantityError for anything beside it.

    >>> parse_number(" 12398.52 ")
    Decimal('12398.52')
    """
    match = _match(text, Sentence("a number"))
    if match[2].strip():
        raise QuantityError(Sentence("{text!r} is not a number", text=text.strip()))
    return _decimal(match[1], text)


def decimal_text(value: Decimal) -> str:
    """``value`` as plain digits: no exponent, no trailing zeros, nothing rounded.

    Raises QuantityError for NaN and infinity.

    >>> decimal_text(Decimal("7.1120E+3"))
    '7112'
    """
    if not value.is_finite():
        raise QuantityError(Sentence("{value} is not a finite number", value=value))
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def _unit(spelling: str, canonical: str, text: str) -> str:
    exact, folded = _TABLES[canonical]
    name = _clean(spelling)
    unit = exact.get(name) or folded.get(name.casefold())
    if unit is None:
        known = ", ".join(_UNITS[canonical])
        raise QuantityError(
            Sentence(
                "{text!r}: unit {spelling!r} is not known here; write one of {known}",
                text=text.strip(),
                spelling=spelling,
                known=known,
            )
        )
    return unit


def _match(text: str, expected: str) -> re.Match[str]:
    if len(text) > _MAX_TEXT:
        raise QuantityError(Sentence("the text is too long for {expected}", expected=expected))
    match = _NUMBER.fullmatch(_clean(text))
    if match is None:
        raise QuantityError(Sentence("{text!r} is not {expected}", text=text.strip(), expected=expected))
    return match


def _decimal(digits: str, text: str) -> Decimal:
    number = Decimal(digits)
    if number and abs(number.adjusted()) > _MAX_EXPONENT:
        raise QuantityError(Sentence("{text!r} is beyond any physical size", text=text.strip()))
    return number


def _clean(text: str) -> str:
    # NFKC makes one of the two Å, of the two µ and of ℃, and ASCII of full-width digits.
    folded = unicodedata.normalize("NFKC", text).strip().replace("\N{MINUS SIGN}", "-")
    return re.sub(r"\s+", " ", folded)


_TABLES = {canonical: _table(canonical) for canonical in _UNITS}
