"""Which column of an XDI table is the energy, and which columns make the signal to plot."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, TypeAlias

from catalog.findings import define, finding
from catalog.readers._xdi_header import Column, Header
from catalog.wording import Sentence
from catalog.xray import HC_EV_ANGSTROM

define(
    "xdi-columns",
    "warning",
    "The column labels do not fit the table ({value}); write one 'Column.N: label unit' for each column.",
    "列ラベルが表と合いません（{value}）。各列に「Column.N: ラベル 単位」を書いてください。",
)
define(
    "xdi-energy-label",
    "warning",
    "The first column is labelled {value!r}; it was taken as energy because of its unit. Write 'energy eV'.",
    "第1列のラベルは「{value}」ですが、単位からエネルギーとみなしました。「energy eV」と書いてください。",
)
define(
    "xdi-energy-axis",
    "warning",
    "No photon energy could be had from the first column ({value}); state first and last energy by hand.",
    "第1列からエネルギーを求められません（{value}）。測定範囲を手で入力してください。",
)

Mode: TypeAlias = Literal["transmission", "fluorescence"]
Row: TypeAlias = Sequence[float]

_UNITS = {"ev": 1.0, "kev": 1000.0}
_ANGLES = {"deg": math.pi / 180, "degree": math.pi / 180, "degrees": math.pi / 180, "°": math.pi / 180}
_ANGLES |= {"rad": 1.0, "radian": 1.0, "radians": 1.0}
_TRANSMISSION = {"mutrans", "normtrans", "itrans", "it"}
_FLUORESCENCE = {"mufluor", "normfluor", "ifluor", "if"}
_MU = ("mutrans", "mufluor", "normtrans", "normfluor", "xmu", "mu")
_HINT_LOG = re.compile(r"ln\(\s*\$(\d{1,4})\s*/\s*\$(\d{1,4})\s*\)")
_HINT_SUM = re.compile(r"\(?(\$\d{1,4}(?:\s*\+\s*\$\d{1,4})*)\)?\s*/\s*\$(\d{1,4})")
_MAX_HINT = 500
# An axis without unit is read as eV only where it cannot be keV: no beamline goes below or beyond.
_LEAST_EV, _MOST_EV = 150.0, 200_000.0


@dataclass(frozen=True, slots=True)
class Axis:
    """How the first column becomes eV: "energy" times a factor, or "angle" by Bragg's law; "" is neither.

    ``scale`` is eV per unit, or radians per unit; None for an energy without a unit.
    """

    kind: Literal["energy", "angle", ""]
    label: str
    unit: str
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal made of columns (from 0): their label, the detection mode it speaks for, and its value in a row."""

    label: str
    mode: Mode | None
    columns: tuple[int, ...]
    value: Callable[[Row], float]


def columns_of(header: Header, count: int, name: str) -> list[Column]:
    """A label for each of ``count`` columns: as declared, else from the label line, else ``colN``."""
    declared = header.columns
    spare = header.labels if len(header.labels) == count else []
    if sorted(declared) != list(range(1, count + 1)):
        numbers = ", ".join(map(str, sorted(declared)[:20]))
        told = Sentence("declared: {numbers}; columns in the table: {count}", numbers=numbers, count=count)
        if not declared:
            told = Sentence("declared: none; columns in the table: {count}", count=count)
        header.findings.append(finding("xdi-columns", file=name, value=told))
    return [
        declared.get(number) or Column(number, spare[number - 1] if spare else f"col{number}", "", 0)
        for number in range(1, count + 1)
    ]


def axis_of(column: Column, header: Header, name: str) -> Axis:
    """What the first column is."""
    label, unit = column.label.casefold(), column.unit.split()[0].casefold() if column.unit else ""
    if label == "angle":
        return Axis("angle", label, unit, _ANGLES.get(unit))
    if label in {"energy", "e"}:
        return Axis("energy", label, unit, _UNITS.get(unit))
    if unit in _UNITS:
        value = f"{column.label} {column.unit}"
        header.findings.append(finding("xdi-energy-label", file=name, line=column.line, value=value))
        return Axis("energy", label, unit, _UNITS[unit])
    return Axis("", label, unit)


def to_ev(axis: Axis, values: Sequence[float], d_spacing: float | None) -> list[float] | Sentence:
    """The values of the first column as photon energies in eV, or the reason why they are none."""
    if axis.kind == "angle":
        if d_spacing is None:
            return Sentence("angle without Mono.d_spacing")
        if axis.scale is None:
            return (
                Sentence("angle in {unit}", unit=axis.unit) if axis.unit else Sentence("angle without unit")
            )
        sines = [math.sin(value * axis.scale) for value in values]
        if min(sines) <= 0:
            return Sentence("angle outside 0 to 180 degrees")
        energies = [HC_EV_ANGSTROM / (2 * d_spacing * sine) for sine in sines]
    elif axis.kind == "energy" and axis.scale is not None:
        energies = [value * axis.scale for value in values] if axis.scale != 1 else list(values)
    elif axis.kind == "energy" and not axis.unit:
        if min(values) < _LEAST_EV or max(values) > _MOST_EV:
            return Sentence("energy without unit")
        energies = list(values)
    else:
        return Sentence("{label}", label=f"{axis.label} {axis.unit}".strip())
    if min(energies) <= 0 or max(energies) > 10 * _MOST_EV:
        return Sentence("energies below zero or beyond any beamline")
    return energies


def signal_of(header: Header, columns: Sequence[Column], element: str | None) -> Signal | None:
    """The signal the file was measured for: by its plot hint, its absorption column, or from the detectors."""
    hint = next((entry.value for entry in header.fields if entry.key == "scan.plot_hint"), "")
    if signal := _hinted(hint, len(columns)):
        return signal
    labels = [column.label.casefold() for column in columns]
    for index, label in enumerate(labels):
        if label in _MU:
            return Signal(columns[index].label, _mode_of(labels, element), (index,), itemgetter(index))
    incident = _first(labels, "i0")
    if incident is None:
        return None
    lines = _emission_lines(labels, element)
    fluorescence = _first(labels, "ifluor", "if")
    if fluorescence is not None:
        return _ratio(f"{columns[fluorescence].label}/i0", (fluorescence,), incident)
    if lines:
        return _ratio(f"{element} emission/i0", lines, incident)
    transmitted = _first(labels, "itrans", "it", "i1")
    if transmitted is None:
        return None
    mode: Mode | None = None if labels[transmitted] == "i1" else "transmission"
    return _logarithm(f"ln(i0/{columns[transmitted].label})", mode, incident, transmitted)


def mode_of(header: Header, columns: Sequence[Column], element: str | None) -> Mode | None:
    """The detection mode the columns speak for; None where they speak for both or neither. An inference."""
    hint = next((entry.value for entry in header.fields if entry.key == "scan.plot_hint"), "")
    hinted = _hinted(hint, len(columns))
    return hinted.mode if hinted else _mode_of([column.label.casefold() for column in columns], element)


def _mode_of(labels: Sequence[str], element: str | None) -> Mode | None:
    transmission = not _TRANSMISSION.isdisjoint(labels)
    fluorescence = not _FLUORESCENCE.isdisjoint(labels) or bool(_emission_lines(labels, element))
    if transmission == fluorescence:
        return None
    return "transmission" if transmission else "fluorescence"


def _hinted(hint: str, count: int) -> Signal | None:
    label, _, formula = hint.partition("--")
    formula = formula.strip()[:_MAX_HINT]
    if match := _HINT_LOG.fullmatch(formula):
        over, under = int(match[1]), int(match[2])
        if 1 <= over <= count and 1 <= under <= count:
            return _logarithm(label.strip() or formula, "transmission", over - 1, under - 1)
    elif match := _HINT_SUM.fullmatch(formula):
        summed = [int(digits) for digits in re.findall(r"\d+", match[1])]
        if all(1 <= number <= count for number in [*summed, int(match[2])]):
            return _ratio(label.strip() or formula, tuple(n - 1 for n in summed), int(match[2]) - 1)
    return None


def _logarithm(label: str, mode: Mode | None, over: int, under: int) -> Signal:
    def value(row: Row) -> float:
        quotient = row[over] / row[under] if row[under] else 0.0
        return math.log(quotient) if quotient > 0 else math.nan

    return Signal(label[:80], mode, (over, under), value)


def _ratio(label: str, summed: tuple[int, ...], under: int) -> Signal:
    def value(row: Row) -> float:
        return sum(row[index] for index in summed) / row[under] if row[under] else math.nan

    return Signal(label[:80], "fluorescence", (*summed, under), value)


def _emission_lines(labels: Sequence[str], element: str | None) -> tuple[int, ...]:
    """Columns of the element's own emission, as step scan programs name them: Fe_Ka_mca1 or Sum_Fe_Ka."""
    if not element:
        return ()
    line = rf"{element.casefold()}_[kl][ab]?\d?"
    for pattern in (rf"sum_{line}", rf"{line}(?:_mca\d+)?"):
        found = tuple(index for index, label in enumerate(labels) if re.fullmatch(pattern, label))
        if found:
            return found
    return ()


def _first(labels: Sequence[str], *names: str) -> int | None:
    return next((labels.index(name) for name in names if name in labels), None)
