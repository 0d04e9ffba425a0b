"""Energies that were computed from angles, kept in step with the hc they were computed with.

A reader that finds angles only assumes an hc and marks it, and the energies, as inferred. A defaults file that knows
what the beamline converts with replaces the assumption; energies and curve then follow in proportion.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from decimal import Decimal
from typing import Protocol, TypeVar

from catalog.document import Form, Origin
from catalog.errors import CatalogError
from catalog.quantity import parse_number, parse_quantity


class _Points(Protocol):
    @property
    def energy_ev(self) -> tuple[float, ...]: ...


CurveT = TypeVar("CurveT", bound=_Points)


def is_inferred(form: Form, pointer: str) -> bool:
    """Whether the value at ``pointer`` is a reader's inference, which anything stated may replace."""
    origin = form.origins.get(pointer)
    return origin is not None and origin.kind == "inferred"


def hc_values(form: Form) -> dict[int, str]:
    """The assumed hc of each spectrum (by its place) that a reader computed energies with."""
    return {
        index: hc
        for index in range(len(form.values.get("spectra") or []))
        if isinstance(hc := form.get(f"/spectra/{index}/calibration/hc"), str)
        and is_inferred(form, f"/spectra/{index}/calibration/hc")
    }


def follow_hc(form: Form, before: dict[int, str], curves: MutableMapping[str, CurveT]) -> None:
    """Let computed energies of ``form``, and ``curves`` by pointer of the spectrum, follow an hc that was replaced.

    ``before`` is what ``hc_values`` gave when the energies were computed. An hc that is no number changes nothing.
    """
    for index, assumed in before.items():
        pointer = f"/spectra/{index}"
        ratio = _ratio(form.get(f"{pointer}/calibration/hc"), assumed)
        if ratio is None or ratio == 1:
            continue
        for end in ("first", "last"):
            here = f"{pointer}/energy/{end}"
            stated = form.get(here)
            if isinstance(stated, str) and is_inferred(form, here):
                energy = parse_quantity(stated, "eV").value * ratio
                form.put(here, f"{energy:.3f} eV", _same(form, here))
        if curve := curves.get(pointer):
            energies = tuple(energy * float(ratio) for energy in curve.energy_ev)
            curves[pointer] = replace(curve, energy_ev=energies)  # type: ignore[type-var]


def _ratio(stated: object, assumed: str) -> Decimal | None:
    if not isinstance(stated, str):
        return None
    try:
        hc = parse_number(stated.removesuffix("eV Å").strip())
    except CatalogError:
        return None
    # Beyond a percent it is another unit, not another value of the constant.
    ratio = hc / Decimal(assumed)
    return ratio if Decimal("0.99") < ratio < Decimal("1.01") else None


def _same(form: Form, pointer: str) -> Origin:
    return form.origins[pointer]
