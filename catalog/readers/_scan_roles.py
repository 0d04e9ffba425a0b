"""What the columns of a scan are, told by their labels: the photon energy, and the signals that can be made."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from catalog.alias_tables import alias_table
from catalog.readers._scan_table import Table
from catalog.wording import Sentence

# No beamline goes below or beyond; an axis without a unit is in eV if it reaches what no beamline reaches in keV.
LEAST_EV, MOST_EV = 30.0, 200_000.0
_MOST_KEV = 150.0
# A scan over an edge, with pre-edge and oscillations, spans a fraction of its energy; angles and pixels span more.
_MOST_RATIO = 1.6
_LEAST_SPAN_EV = 15.0
# Quick scans read their energies from an encoder, which jitters.
_LEAST_SAME = 0.9


@dataclass(frozen=True, slots=True)
class Axis:
    """The column of photon energies, eV per unit of it, and whether the unit was told by its values alone.

    ``is_computed`` says that the column held something else (steps, angles) and was replaced by energies in eV.
    """

    column: int
    label: str
    scale: int
    is_assumed: bool = False
    is_computed: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal made of columns: its label, the detection mode it speaks for, and its value at each point."""

    label: str
    mode: str | None
    values: list[float]


def meaning(label: str) -> tuple[str, str, int]:
    """What a column label means, the unit it implies, its rank among labels of that meaning; else ("", "", 0)."""
    plain = _plain(label)
    exact, patterns = _labels()
    if plain in exact:
        return exact[plain]
    for pattern, said in patterns:
        if len(plain) <= 80 and pattern.fullmatch(plain):
            return said
    return "", "", 0


def axis_of(labels: Sequence[str], table: Table) -> Axis | Sentence:
    """The column of photon energies by label, the best where several are; else the reason."""
    found = []
    for column, label in enumerate(labels[: len(table.columns)]):
        means, unit, rank = meaning(label)
        if means == "energy":
            found.append((rank, column, label, unit))
    reason = Sentence("no column is labelled as energy ({labels})", labels=", ".join(labels[:8])[:120])
    for _, column, label, unit in sorted(found):
        scale = scale_of(table.columns[column], unit)
        if scale:
            return Axis(column, label, scale, not unit and scale != 1)
        values = table.columns[column]
        reason = Sentence(
            "column {label!r} goes from {least:g} to {most:g}, which are no photon energies",
            label=label,
            least=min(values),
            most=max(values),
        )
    return reason


def scale_of(values: Sequence[float], unit: str = "") -> int:
    """eV per unit of what may be a column of photon energies; 0 where it cannot be one."""
    if not all(map(math.isfinite, values)):
        return 0
    low, high = min(values), max(values)
    scale = {"ev": 1, "kev": 1000}.get(unit) or (1 if high > _MOST_KEV else 1000)
    return scale if LEAST_EV <= low * scale < high * scale <= MOST_EV else 0


def bare_axis(table: Table) -> Axis | Sentence:
    """The first column as photon energies, told by nothing but its values; else the reason.

    They have to go one way, over a range a scan has, in eV or keV.
    """
    values = table.columns[0]
    shown = {"first": values[0], "last": values[-1]}
    scale = scale_of(values)
    if not scale:
        return Sentence("column 1 goes from {first:g} to {last:g}, which are no photon energies", **shown)
    steps = [after - before for before, after in pairwise(values)]
    same = max(sum(step > 0 for step in steps), sum(step < 0 for step in steps))
    if same < _LEAST_SAME * len(steps):
        return Sentence(
            "column 1 goes from {first:g} to {last:g} forth and back, or does not move: no scan over photon energies",
            **shown,
        )
    low, high = min(values) * scale, max(values) * scale
    if high > _MOST_RATIO * low or high - low < _LEAST_SPAN_EV:
        return Sentence(
            "column 1 goes from {first:g} to {last:g}: too wide or too narrow for a scan over an absorption edge",
            **shown,
        )
    return Axis(0, "", scale, is_assumed=scale != 1)


def signals_of(labels: Sequence[str], table: Table, axis: Axis) -> list[Signal]:
    """The signals the columns make: absorption as it stands, then ln(I0/It), then fluorescence over I0."""
    places: dict[str, list[int]] = {}
    for column, label in enumerate(labels[: len(table.columns)]):
        if column != axis.column:
            places.setdefault(meaning(label)[0], []).append(column)
    found = []
    for means, mode in (
        ("absorption", None),
        ("absorption-transmission", "transmission"),
        ("absorption-fluorescence", "fluorescence"),
        ("absorption-yield", "electron-yield"),
    ):
        found += [
            Signal(labels[column], mode, list(table.columns[column])) for column in places.get(means, [])[:1]
        ]
    if not found and len(table.columns) == 2:
        other = 1 - axis.column
        label = labels[other] if len(labels) == 2 else f"column {other + 1}"
        return [Signal(label, None, list(table.columns[other]))]
    incident = next(iter(places.get("incident", [])), None)
    if incident is None:
        return found
    before = table.columns[incident]
    found += [transmission(labels, table, incident, column) for column in places.get("transmitted", [])[:1]]
    # A sum the program made is its own; adding it to what it sums would count twice.
    summed = places.get("fluorescence-sum", [])[:1] or places.get("fluorescence", [])
    if summed:
        counts = [sum(row) for row in zip(*(table.columns[column] for column in summed), strict=True)]
        ratio = [count / i0 if i0 else math.nan for count, i0 in zip(counts, before, strict=True)]
        label = labels[summed[0]] if len(summed) == 1 else "fluorescence"
        found.append(Signal(f"{label}/{labels[incident]}", "fluorescence", ratio))
    return [each for each in found if _says_something(each.values)]


def transmission(labels: Sequence[str], table: Table, incident: int, transmitted: int) -> Signal:
    """ln(I0/It) of two columns; NaN where either says nothing."""
    pairs = zip(table.columns[incident], table.columns[transmitted], strict=True)
    label = f"ln({labels[incident]}/{labels[transmitted]})"
    return Signal(label, "transmission", [_logarithm(before, after) for before, after in pairs])


def _says_something(values: Sequence[float]) -> bool:
    finite = [value for value in values if math.isfinite(value)]
    return 2 * len(finite) >= len(values) and len(set(finite[:1000])) > 1


def _logarithm(before: float, after: float) -> float:
    quotient = before / after if after else 0.0
    return math.log(quotient) if 0 < quotient < math.inf else math.nan


def _plain(label: str) -> str:
    return re.sub(r"\s+", " ", label.strip().strip("\"'").rstrip("*").strip()).casefold()


@cache
def _labels() -> tuple[dict[str, tuple[str, str, int]], list[tuple[re.Pattern[str], tuple[str, str, int]]]]:
    exact: dict[str, tuple[str, str, int]] = {}
    patterns = []
    for rank, row in enumerate(alias_table("scans")["columns"]):
        said = (row["means"], row.get("unit", ""), rank)
        if "label" in row:
            exact.setdefault(_plain(row["label"]), said)
        else:
            patterns.append((re.compile(row["pattern"]), said))
    return exact, patterns
