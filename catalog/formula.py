"""Chemical formulas: what can be read without guessing, as element counts.

Read are brackets, hydrates with any dot, decimal counts, leading factors, Unicode subscripts, blanks
between groups, and charges that are set off (``SO4 2-``, ``[Fe(CN)6]4-``, ``Fe3+``, and inside a mineral
formula ``KFe3+3(OH)6(SO4)2``). Refused are symbolic counts (x, n, δ), alternatives ``(Fe,Ni)9S8``, words,
underscores, oxidation states in brackets and anything with two readings: such a text stays a label.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from math import gcd
from typing import ClassVar

from catalog.errors import InputError
from catalog.quantity import decimal_text
from catalog.wording import Sentence
from catalog.xray import ELEMENTS


class FormulaError(InputError):
    """A text is no chemical formula with definite counts."""

    code: ClassVar[str] = "formula"


_MAX_TEXT = 200
_MAX_DEPTH = 8
_MAX_COUNT = Decimal(100_000)
_MAX_PLACES = 6
# Alums hold 24 molecules of water; a larger number after a full stop is more likely a decimal count.
_MAX_WATER = 24
_SUPERSCRIPTS = {ord(char): plain for char, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True)}
_SUPERSCRIPT_RUN = re.compile("([" + "".join(map(chr, _SUPERSCRIPTS)) + "]+)")
_DOTS = re.compile(r"\s*[·•・∙⋅●*]\s*|\s*\.\s*(?=[A-Z(\[])")
_WATER = re.compile(r"(.*?)\.\s*([0-9]+(?:\.[0-9]+)?)\s*(\(H2O\)[0-9]*|H2O)", re.DOTALL)
_CHARGE_AT_END = re.compile(
    r"\s*(?:\^\{?(?:[0-9]*[+-]|[+-][0-9]*)\}?|(?<=\])[1-8]?[+-]|\s(?:[1-8][+-]|[+-][1-8])|(?<=[A-Za-z)\]])[+-])$"
)
_ION = re.compile(r"([A-Z][a-z]?)(?:[1-8][+-]|[+-][1-8])")
# Minerals state a valence inside the formula; only after a cation, because "MnO2+Al2O3" is a mixture.
_INNER_CHARGE = re.compile(
    r"(Ti|V|Cr|Mn|Fe|Co|Ni|Cu|Mo|W|Re|Ru|Rh|Os|Ir|Pd|Pt|As|Sb|Sn|Pb|Bi|Tl|Hg|Ce|Eu|Yb|U)"
    r"(?:[1-8]\+(?=[0-9A-Z(\[])|\^\{?[1-8]?\+\}?)"
)
_EDGE_LIKE = re.compile(r"[A-Z][a-z]?\s+K|[0-9.]+\s*[A-Z][a-z]?")
_NUMBER = r"(?:[1-9][0-9]*(?:\.[0-9]+)?|0?\.[0-9]+)"
_TOKEN = re.compile(rf"\s*(?:([A-Z][a-z]?)|([(\[{{])|([)\]}}]))({_NUMBER})?")
_FACTOR = re.compile(rf"({_NUMBER})\s*(.+)", re.DOTALL)
_ROMAN_GROUP = re.compile(r"\((?:I{1,3}|IV|VI{0,3})\)")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def parse(text: str) -> dict[str, Decimal]:
    """Element -> count in one formula unit, exact, in the order of appearance. Raises FormulaError.

    >>> {element: int(count) for element, count in parse("Zn3(PO4)2·4H2O").items()}
    {'Zn': 3, 'P': 2, 'O': 12, 'H': 8}
    """
    counts: dict[str, Decimal] = {}
    for part in _parts(_prepare(text), text):
        for element, count in _part(part, text).items():
            counts[element] = counts.get(element, Decimal(0)) + count
    return counts


def reduced(text: str) -> str:
    """The formula in smallest whole numbers, elements by the alphabet (OPTIMADE's reduced formula).

    Decimal counts are scaled up exactly: Fe0.95O is Fe19O20. Raises FormulaError.

    >>> reduced("Fe2O3 0.5(H2O)")
    'Fe4H2O7'
    """
    counts = parse(text)
    places = max(0, *(-int(count.normalize().as_tuple().exponent) for count in counts.values()))
    whole = {element: int(count.scaleb(places)) for element, count in counts.items()}
    divisor = gcd(*whole.values())
    return "".join(
        element + (str(whole[element] // divisor) if whole[element] != divisor else "")
        for element in sorted(whole)
    )


def hill(text: str) -> str:
    """The formula as stated in Hill order: carbon, hydrogen, the alphabet; without carbon the alphabet.

    Raises FormulaError.

    >>> hill("Fe(C5H5)2")
    'C10H10Fe'
    """
    counts = parse(text)
    first = [element for element in ("C", "H") if element in counts] if "C" in counts else []
    order = first + sorted(set(counts) - set(first))
    return "".join(
        element + ("" if counts[element] == 1 else decimal_text(counts[element])) for element in order
    )


def _prepare(text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise FormulaError(Sentence("the text is too long for a formula"))
    marked = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run[1].translate(_SUPERSCRIPTS) + "}", text)
    clean = unicodedata.normalize("NFKC", marked).replace("\N{MINUS SIGN}", "-").strip()
    if not clean:
        raise FormulaError(Sentence("the formula is empty"))
    if _EDGE_LIKE.fullmatch(clean):
        raise _refuse(text, Sentence("it reads like an edge, an isotope or a temperature"))
    if _ROMAN_GROUP.search(clean):
        raise _refuse(text, Sentence("leave oxidation states out"))
    ion = _ION.fullmatch(clean)
    return ion[1] if ion else _INNER_CHARGE.sub(r"\1", _CHARGE_AT_END.sub("", clean))


def _parts(clean: str, text: str) -> list[str]:
    parts = []
    for part in _DOTS.split(clean):
        water = _WATER.fullmatch(part)
        if water is None or re.fullmatch(r"[0-9]*|.*\s[0-9]+", water[1], re.DOTALL):
            parts.append(part)
            continue
        if re.search(r"[A-Za-z\])}]0$", water[1]) or Decimal(water[2]) > _MAX_WATER:
            raise _refuse(
                text, Sentence("the full stop is a decimal point or a hydrate dot; write '·' before water")
            )
        parts += [water[1], water[2] + water[3]]
    return parts


def _part(part: str, text: str) -> dict[str, Decimal]:
    """Counts of a part between hydrate dots: groups set apart by blanks, each with an optional factor."""
    counts: dict[str, Decimal] = {}
    factored = False
    for group in _groups(part):
        lead = _FACTOR.fullmatch(group)
        if factored and not lead:
            raise _refuse(text, Sentence("it is not clear how far a factor reaches"))
        factored = bool(lead)
        factor, body = (_number(lead[1], text), lead[2]) if lead else (Decimal(1), group)
        for element, count in _group(body, text).items():
            _add(counts, element, count * factor)
    if not counts:
        raise _refuse(text, Sentence("a part of it is empty"))
    return counts


def _groups(part: str) -> list[str]:
    # A blank inside brackets separates nothing, and a lone number belongs to what follows.
    groups, depth = [""], 0
    for char in part.strip():
        depth += (char in "([{") - (char in ")]}")
        if char.isspace() and depth <= 0 and not re.fullmatch(_NUMBER, groups[-1]):
            groups.append("")
        else:
            groups[-1] += char
    return [group.strip() for group in groups if group.strip()]


def _group(body: str, text: str) -> dict[str, Decimal]:
    stack: list[tuple[dict[str, Decimal], str]] = [({}, "")]
    position = 0
    while position < len(body):
        token = _TOKEN.match(body, position)
        if token is None:
            raise _refuse(
                text, Sentence("{text!r} is no element, bracket or count", text=body[position:].strip()[:20])
            )
        position = token.end()
        element, opening, closing, number = token.groups()
        count = _number(number, text) if number else Decimal(1)
        if element:
            if element not in ELEMENTS:
                raise _refuse(text, Sentence("{element!r} is no element", element=element))
            _add(stack[-1][0], element, count)
        elif opening:
            if number or len(stack) > _MAX_DEPTH:
                raise _refuse(
                    text,
                    Sentence("a bracket opens before a count")
                    if number
                    else Sentence("its brackets are nested too deep"),
                )
            stack.append(({}, _PAIRS[opening]))
        else:
            inner, expected = stack.pop()
            if closing != expected or not inner:
                raise _refuse(text, Sentence("its brackets do not match"))
            for name, inside in inner.items():
                _add(stack[-1][0], name, inside * count)
    if len(stack) > 1:
        raise _refuse(text, Sentence("a bracket is not closed"))
    return stack[0][0]


def _add(counts: dict[str, Decimal], element: str, count: Decimal) -> None:
    counts[element] = counts.get(element, Decimal(0)) + count


def _number(digits: str, text: str) -> Decimal:
    number = Decimal(digits)
    places = -int(number.as_tuple().exponent)
    if not 0 < number <= _MAX_COUNT or places > _MAX_PLACES:
        raise _refuse(text, Sentence("a count of {count} is not possible", count=digits))
    return number


def _refuse(text: str, reason: Sentence) -> FormulaError:
    return FormulaError(
        Sentence(
            "{text!r} cannot be read as a formula: {reason}; keep it as the sample's name",
            text=text.strip(),
            reason=reason,
        )
    )


# Elements whose formula has a number.
_MOLECULES = frozenset(
    ("H2", "N2", "O2", "O3", "F2", "Cl2", "Br2", "I2", "S6", "S8", "Se8", "P4", "As4", "C60", "C70")
)
_NUMBERED = re.compile(r"[A-Z][a-z]?\d+")


def is_numbered(text: str) -> bool:
    """Whether ``text`` is an element with a number and no molecule: the first of somebody's samples, one at 300 K.

    >>> [is_numbered(each) for each in ("Fe1", "Ti300", "S8", "TiO2")]
    [True, True, False, False]
    """
    return bool(_NUMBERED.fullmatch(text)) and text not in _MOLECULES
