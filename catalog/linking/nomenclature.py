"""Systematic names of simple compounds in English and Japanese: "tin(II) iodide", "硫酸銅(II)五水和物".

A name gives a formula only where charge balance leaves one: the oxidation state is stated, or the metal has one
state in its compounds. Otherwise ("nickel sulfide") it tells the elements alone. Nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import gcd

from catalog.formula import parse, reduced
from catalog.xray import element_names

# Anions by name: formula and charge. Names that stand for several anions (silicate, aluminate) are not here.
_ANIONS = {
    "oxide": ("O", 2),
    "sulfide": ("S", 2),
    "sulphide": ("S", 2),
    "selenide": ("Se", 2),
    "telluride": ("Te", 2),
    "nitride": ("N", 3),
    "fluoride": ("F", 1),
    "chloride": ("Cl", 1),
    "bromide": ("Br", 1),
    "iodide": ("I", 1),
    "hydroxide": ("OH", 1),
    "carbonate": ("CO3", 2),
    "sulfate": ("SO4", 2),
    "sulphate": ("SO4", 2),
    "sulfite": ("SO3", 2),
    "thiosulfate": ("S2O3", 2),
    "nitrate": ("NO3", 1),
    "phosphate": ("PO4", 3),
    "chromate": ("CrO4", 2),
    "dichromate": ("Cr2O7", 2),
    "molybdate": ("MoO4", 2),
    "tungstate": ("WO4", 2),
    "permanganate": ("MnO4", 1),
    "selenate": ("SeO4", 2),
    "selenite": ("SeO3", 2),
    "arsenate": ("AsO4", 3),
    "oxalate": ("C2O4", 2),
    "acetate": ("C2H3O2", 1),
    "cyanide": ("CN", 1),
    "thiocyanate": ("SCN", 1),
    "perchlorate": ("ClO4", 1),
    "acetylacetonate": ("C5H7O2", 1),
}
_ANIONS_JA = {
    "酸化": "oxide",
    "硫化": "sulfide",
    "セレン化": "selenide",
    "テルル化": "telluride",
    "窒化": "nitride",
    "フッ化": "fluoride",
    "塩化": "chloride",
    "臭化": "bromide",
    "ヨウ化": "iodide",
    "水酸化": "hydroxide",
    "炭酸": "carbonate",
    "硫酸": "sulfate",
    "亜硫酸": "sulfite",
    "硝酸": "nitrate",
    "リン酸": "phosphate",
    "クロム酸": "chromate",
    "モリブデン酸": "molybdate",
    "タングステン酸": "tungstate",
    "セレン酸": "selenate",
    "亜セレン酸": "selenite",
    "シュウ酸": "oxalate",
    "酢酸": "acetate",
}
# Elements that have one oxidation state in compounds such as these.
_FIXED = dict.fromkeys(("Li", "Na", "K", "Rb", "Cs", "Ag"), 1)
_FIXED |= dict.fromkeys(("Mg", "Ca", "Sr", "Ba", "Zn", "Cd"), 2)
_FIXED |= dict.fromkeys(("Al", "Ga", "Sc", "Y", "La", "Gd", "Lu"), 3)
_TRIVIAL = {
    "ferrous": ("Fe", 2),
    "ferric": ("Fe", 3),
    "cuprous": ("Cu", 1),
    "cupric": ("Cu", 2),
    "stannous": ("Sn", 2),
    "stannic": ("Sn", 4),
    "cobaltous": ("Co", 2),
    "manganous": ("Mn", 2),
    "chromic": ("Cr", 3),
    "nickelous": ("Ni", 2),
    "ammonium": ("NH4", 1),
    "アンモニウム": ("NH4", 1),
}
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_WATER = {"mono": 1, "di": 2, "tri": 3, "tetra": 4, "penta": 5, "hexa": 6, "hepta": 7, "octa": 8, "nona": 9}
_WATER_JA = {digit: count for count, digit in enumerate("一二三四五六七八九十", 1)}
_ENGLISH = re.compile(
    r"([a-z]+)\s*(?:\(([ivx]+)\))?\s+([a-z]+?)(?:\s+(mono|di|tri|tetra|penta|hexa|hepta|octa|nona)hydrate)?",
    re.IGNORECASE,
)
_JAPANESE = re.compile(
    rf"({'|'.join(sorted(_ANIONS_JA, key=len, reverse=True))})([ァ-ヴー一-龥]+?)(?:\(?([IVX]+)\)?)?"
    rf"(?:([{''.join(_WATER_JA)}])水和物)?"
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says: elements, anion, molecules of water; the formula where the name leaves but one (else empty)."""

    elements: frozenset[str]
    formula: str = ""
    anion: str = ""
    waters: int = 0

    @property
    def reduced(self) -> str:
        """The formula reduced; empty without one."""
        return reduced(self.formula) if self.formula else ""


def compound(text: str) -> Named | None:
    """What the systematic name of a salt, oxide or the like says; None for anything else.

    >>> compound("Tin(II) iodide").reduced, compound("酸化鉄(III)").reduced
    ('I2Sn', 'Fe2O3')
    >>> sorted(compound("nickel sulfide").elements), compound("nickel sulfide").formula
    (['Ni', 'S'], '')
    """
    if match := _ENGLISH.fullmatch(text):
        cation, roman, anion, water = match.groups()
        count = _WATER.get((water or "").casefold(), 0)
        return _balanced(cation.casefold(), roman, anion.casefold(), count)
    if match := _JAPANESE.fullmatch(text):
        japanese, cation, roman, water = match.groups()
        return _balanced(cation, roman, _ANIONS_JA[japanese], _WATER_JA.get(water or "", 0))
    return None


def element(text: str) -> str | None:
    """The symbol of the element that ``text`` names in English or Japanese; None if none.

    >>> element("Copper"), element("銅"), element("copperish")
    ('Cu', 'Cu', None)
    """
    return element_names().get(text.casefold())


def _balanced(cation: str, roman: str | None, anion: str, water: int) -> Named | None:
    if anion not in _ANIONS:
        return None
    symbol, charge = _TRIVIAL.get(cation, (element(cation) or "", 0))
    if not symbol:
        return None
    body, negative = _ANIONS[anion]
    if roman:
        charge = _ROMAN.get(roman.upper(), 0)
    charge = charge or _FIXED.get(symbol, 0)
    elements = frozenset({*parse(symbol), *parse(body)})
    if not charge:
        return Named(elements, anion=anion, waters=water)
    shared = gcd(charge, negative)
    positive, anions = negative // shared, charge // shared
    formula = f"{_times(symbol, positive)}{_times(body, anions)}"
    return Named(elements, formula + (f"·{water}H2O" if water else ""))


def _times(group: str, count: int) -> str:
    if count == 1:
        return group
    return f"({group}){count}" if len(re.findall("[A-Z]|[0-9]+", group)) > 1 else f"{group}{count}"
