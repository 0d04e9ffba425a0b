"""The periodic table as a grid: where each element stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Group (column) and period (row); the f block stands in rows 8 and 9, below the gap of its own periods.
_ROWS = (
    (1, ((1, "H"), (18, "He"))),
    (2, ((1, "Li Be"), (13, "B C N O F Ne"))),
    (3, ((1, "Na Mg"), (13, "Al Si P S Cl Ar"))),
    (4, ((1, "K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr"),)),
    (5, ((1, "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe"),)),
    (6, ((1, "Cs Ba"), (4, "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn"))),
    (7, ((1, "Fr Ra"), (4, "Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"))),
    (8, ((3, "La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu"),)),
    (9, ((3, "Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr"),)),
)
PLACES: dict[str, tuple[int, int]] = {
    symbol: (first + offset, period)
    for period, runs in _ROWS
    for first, symbols in runs
    for offset, symbol in enumerate(symbols.split())
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One element of the table: its place, its number of spectra and how strongly it is coloured (0 to 4)."""

    symbol: str
    group: int
    period: int
    count: int
    heat: int


def table(counts: Mapping[str, int]) -> list[Cell]:
    """The whole table with the number of spectra of each element, in reading order.

    >>> [cell.heat for cell in table({"Fe": 40, "Cu": 3}) if cell.count]
    [4, 2]
    """
    most = max(counts.values(), default=0)
    cells = [
        Cell(symbol, group, period, counts.get(symbol, 0), _heat(counts.get(symbol, 0), most))
        for symbol, (group, period) in PLACES.items()
    ]
    return sorted(cells, key=lambda cell: (cell.period, cell.group))


def _heat(count: int, most: int) -> int:
    # Steps of a ratio of about three: one well-measured element must not make all others look empty.
    if not count:
        return 0
    for heat, share in ((4, 1 / 3), (3, 1 / 9), (2, 1 / 27)):
        if count > most * share:
            return heat
    return 1
