"""Elements, absorption edges and monochromator crystals, in the spellings people use.

A spelling that could mean two things is refused: "Pb L21-edge" is a defect and not L1, a bare "L" names
three edges and not one.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from catalog.alias_tables import alias_table, meanings
from catalog.errors import InputError
from catalog.resources import data_root
from catalog.wording import Sentence

_SYMBOL_TABLE = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb "
    "Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db "
    "Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og "
)
_NAME_TABLE = (
    "hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium "
    "aluminium silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium "
    "chromium manganese iron cobalt nickel copper zinc gallium germanium arsenic selenium bromine krypton "
    "rubidium strontium yttrium zirconium niobium molybdenum technetium ruthenium rhodium palladium "
    "silver cadmium indium tin antimony tellurium iodine xenon caesium barium lanthanum cerium "
    "praseodymium neodymium promethium samarium europium gadolinium terbium dysprosium holmium erbium "
    "thulium ytterbium lutetium hafnium tantalum tungsten rhenium osmium iridium platinum gold mercury "
    "thallium lead bismuth polonium astatine radon francium radium actinium thorium protactinium uranium "
    "neptunium plutonium americium curium berkelium californium einsteinium fermium mendelevium nobelium "
    "lawrencium rutherfordium dubnium seaborgium bohrium hassium meitnerium darmstadtium roentgenium "
    "copernicium nihonium flerovium moscovium livermorium tennessine oganesson "
)
_SYMBOLS, _NAMES = _SYMBOL_TABLE.split(), _NAME_TABLE.split()

ELEMENTS: dict[str, int] = {symbol: number for number, symbol in enumerate(_SYMBOLS, 1)}
"""Symbol -> atomic number, 1 to 118."""

SHELLS: tuple[str, ...] = (
    "K",
    *(f"L{index}" for index in range(1, 4)),
    *(f"M{index}" for index in range(1, 6)),
    *(f"N{index}" for index in range(1, 8)),
    *(f"O{index}" for index in range(1, 8)),
)
"""Every shell an edge can be named by, from the innermost."""

HC_EV_ANGSTROM = 12398.419843320025
"""Planck constant times speed of light in eV Å (exact in the SI of 2019)."""

# What people write instead of a rule's form: ontology/aliases/spellings.yaml.
_TABLE = "spellings"
_MAX_TEXT = 80
_WITH_ELEMENT = re.compile(r"([A-Za-z]{1,13}|[\u3040-\u30ff\u4e00-\u9fff]{1,10})[\s_-]+([KLMNOklmno].{0,20})")
_JOINED = re.compile(r"([A-Z][a-z]|[\u3040-\u30ff\u4e00-\u9fff]{1,10})(K|[LMNO][1-7])")
_PART = re.compile(r"([LMNO])?[\s_]?([1-7]+|[IV]+)")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_CUT = re.compile(r"([A-Za-z][A-Za-z0-9]*?)[\s_-]*[(\[<{]?\s*(-?\d(?:[\s,.]*-?\d){2,3})\s*[)\]>}]?")


class XrayError(InputError):
    """A text names no element, edge or crystal cut, or more than one."""

    code: ClassVar[str] = "xray"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """An absorption edge: an element's symbol and a shell of SHELLS."""

    element: str
    shell: str

    @property
    def name(self) -> str:
        """The edge as it is named in IRIs and tables: ``Fe-K``."""
        return f"{self.element}-{self.shell}"


def normalise_element(text: str) -> str:
    """The symbol of the element that ``text`` names by symbol (any case), English or Japanese name, or atomic number.

    Raises XrayError.

    >>> normalise_element("FE"), normalise_element("iron"), normalise_element("鉄"), normalise_element("26")
    ('Fe', 'Fe', 'Fe', 'Fe')
    """
    name = _clean(text)
    if name.isascii() and name.isdigit() and 1 <= int(name) <= len(_SYMBOLS):
        return _SYMBOLS[int(name) - 1]
    symbol = name.capitalize()
    if symbol in ELEMENTS:
        return symbol
    if found := element_names().get(name.casefold()):
        return found
    raise XrayError(
        Sentence("{text!r} is no chemical element; write its symbol, for example 'Fe'", text=text.strip())
    )


@cache
def element_names() -> dict[str, str]:
    """Names of the elements, English ones without regard to case and Japanese ones, with the symbol of each."""
    with (data_root() / "ontology" / "elements.csv").open(encoding="utf-8", newline="") as table:
        japanese = {row["name_ja"]: row["symbol"] for row in csv.DictReader(table)}
    return dict(zip(_NAMES, _SYMBOLS, strict=True)) | japanese | _meanings("elements")


def normalise_edge(text: str, element: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The element (or "") and the shells ``text`` names; ``element`` is used when the text names none.

    "L2,3", "L23" and "LII,III" are two shells. Raises XrayError for what is no edge, for a whole series
    ("L"), and when the text names another element than ``element``.

    >>> normalise_edge("Fe K"), normalise_edge("L2,3")
    (('Fe', ('K',)), ('', ('L2', 'L3')))
    """
    name = _edge_words().sub("", _clean(text)).strip()
    stated = ""
    match = _WITH_ELEMENT.fullmatch(name) or _JOINED.fullmatch(name)
    if match:
        stated, name = normalise_element(match[1]), match[2]
    shells = _shells(name, text)
    if element:
        symbol = normalise_element(element)
        if stated and stated != symbol:
            raise XrayError(
                Sentence(
                    "{text!r} names an edge of {stated}, but the element is {symbol}",
                    text=text.strip(),
                    stated=stated,
                    symbol=symbol,
                )
            )
        stated = symbol
    return stated, shells


def parse_crystal(text: str) -> tuple[str, str]:
    """Material and reflection of a monochromator crystal; "Si 111" and "SI (1 1 1)" are ("Si", "111").

    Raises XrayError when the text is anything but a known crystal and its Miller indices.

    >>> parse_crystal("SI(311)")
    ('Si', '311')
    """
    match = _CUT.fullmatch(_clean(text))
    crystal = _meanings("crystals").get(match[1].casefold()) if match else None
    if match is None or crystal is None:
        raise XrayError(
            Sentence(
                "{text!r} is no crystal with its reflection; write for example 'Si(111)'", text=text.strip()
            )
        )
    return crystal, re.sub(r"[\s,.]", "", match[2])


def _shells(name: str, text: str) -> tuple[str, ...]:
    if defect := meanings(_TABLE, "edges", "write", "defect").get(name.casefold()):
        raise XrayError(
            Sentence(
                "{text!r} is no IUPAC edge; write for example 'L3' or 'L2,3' ({defect})",
                text=text.strip(),
                defect=Sentence.of_data(defect),
            )
        )
    upper = _meanings("edges").get(name.casefold(), name).upper()
    if upper in SHELLS:
        return (upper,)
    if upper in {"L", "M", "N", "O"}:
        raise XrayError(
            Sentence(
                "{text!r} names a whole series; write the edge, for example '{upper}3' or '{upper}2,3'",
                text=text.strip(),
                upper=upper,
            )
        )
    series, found = "", []
    for part in filter(None, re.split(r"\s*(?:,|/|&|\bAND\b|\s)\s*", _rejoin(upper))):
        match = _PART.fullmatch(part)
        if match is None or not (match[1] or series) or (series and match[1] not in {None, series}):
            raise _no_edge(text)
        series = match[1] or series
        found += [f"{series}{index}" for index in _indices(match[2], text)]
    if not found or any(shell not in SHELLS for shell in found):
        raise _no_edge(text)
    if found != sorted(set(found)):
        raise XrayError(
            Sentence("{text!r} is no IUPAC edge; write for example 'L3' or 'L2,3'", text=text.strip())
        )
    return tuple(found)


def _meanings(section: str) -> dict[str, str]:
    return meanings(_TABLE, section, "write", "means")


@cache
def _edge_words() -> re.Pattern[str]:
    words = sorted((row["write"] for row in alias_table(_TABLE)["edge_words"]), key=len, reverse=True)
    choices = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
    return re.compile(rf"[\s_-]*(?:{choices})$", re.IGNORECASE)


def _rejoin(name: str) -> str:
    # "L 3" and "L_III" are one shell; a blank or bar elsewhere separates two.
    return re.sub(r"([LMNO])[\s_-]+(?=[1-7IV])", r"\1", name)


def _indices(digits: str, text: str) -> list[int]:
    if digits in _ROMAN:
        return [_ROMAN[digits]]
    if not digits.isdigit():
        raise _no_edge(text)
    numbers = [int(digit) for digit in digits]
    # Two digits in a row are the customary short form of neighbours (L23, M45); anything else is a slip.
    if len(numbers) > 2 or (len(numbers) == 2 and numbers[1] != numbers[0] + 1):
        raise XrayError(
            Sentence("{text!r} is no IUPAC edge; write for example 'L3' or 'L2,3'", text=text.strip())
        )
    return numbers


def _no_edge(text: str) -> XrayError:
    return XrayError(
        Sentence("{text!r} is no absorption edge; write for example 'K', 'L3' or 'L2,3'", text=text.strip())
    )


def _clean(text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise XrayError(Sentence("the text is too long for an element, an edge or a crystal"))
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()
