"""Curves for the plot, and photon energies from the angle of a crystal monochromator."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from catalog.document import Form
from catalog.errors import CatalogError
from catalog.quantity import parse_quantity
from catalog.readers import Curve

ASSUMED_HC = "12398.4198"
"""Planck constant times speed of light in eV Å, where nobody states the value a beamline converts with."""

MAX_CURVE_POINTS = 5_000


def bragg_energy(angle: float, d_spacing: float, hc: float = float(ASSUMED_HC)) -> float:
    """The photon energy in eV at a Bragg angle in degrees and a lattice spacing in Å; NaN where there is none."""
    sine = math.sin(math.radians(angle))
    if not 0 < angle < 180 or sine <= 0 or d_spacing <= 0:
        return math.nan
    return hc / (2 * d_spacing * sine)


def d_spacing_of(form: Form, pointer: str = "/spectra/0") -> float | None:
    """The lattice spacing in Å that the spectrum at ``pointer`` states; None where it states none."""
    stated = form.get(f"{pointer}/monochromator/d_spacing")
    try:
        return float(parse_quantity(stated, "Å").value) if isinstance(stated, str) else None
    except CatalogError:
        return None


def thinned_curve(energies: Iterable[float], signal: Iterable[float], label: str) -> Curve | None:
    """The points that have both values, at most 5,000; None when fewer than two, or most have none."""
    pairs = list(zip(energies, signal, strict=True))
    points = [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]
    if len(points) < 2 or 2 * len(points) < len(pairs):
        return None
    if len(points) > MAX_CURVE_POINTS:
        points = _thinned(points, MAX_CURVE_POINTS)
    return Curve(tuple(x for x, _ in points), tuple(y for _, y in points), label[:80])


def implied_hc(points: Sequence[tuple[Decimal, float]], d_spacing: float) -> float | None:
    """The hc in eV Å by which energies (in eV) were turned into angles (in degrees), if all points agree on it."""
    found = [float(energy) * 2 * d_spacing * math.sin(math.radians(angle)) for energy, angle in points]
    if len(found) < 2 or max(found) - min(found) > 0.05:
        return None
    return sum(found) / len(found)


def _thinned(points: list[tuple[float, float]], limit: int) -> list[tuple[float, float]]:
    """Lowest and highest point of each stretch, in their order, so that no peak is lost; ends are kept."""
    stretch = math.ceil((len(points) - 2) / ((limit - 2) // 2))
    kept = [points[0]]
    for start in range(1, len(points) - 1, stretch):
        part = points[start : min(start + stretch, len(points) - 1)]
        low = min(range(len(part)), key=lambda index: part[index][1])
        high = max(range(len(part)), key=lambda index: part[index][1])
        kept += [part[index] for index in sorted({low, high})]
    return [*kept, points[-1]]
