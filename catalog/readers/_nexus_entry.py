"""What an NXentry of X-ray absorption holds: its texts by what they mean, its energies, and one signal a spectrum."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from catalog.alias_tables import alias_table, meanings
from catalog.errors import UnreadableInput
from catalog.readers._nexus_file import Hdf5, Node
from catalog.readers._statements import plain
from catalog.wording import Sentence

QUANTITIES = {
    "temperature": ("temperature", "K"),
    "ring_energy": ("ring_energy", "GeV"),
    "ring_current": ("ring_current", "mA"),
    "d_spacing": ("monochromator/d_spacing", "Å"),
}
"""What a quantity is called here -> its key of the spectrum and its unit."""

MAX_STACK = 200
_UNITS = {"ev": "eV", "kev": "keV", "electronvolt": "eV", "": "eV"}
_COMPUTED = re.compile(
    r"\b(?:values|data|spectrum|spectra)\s+(?:is|are|was|were)\s+(?:synthetic|simulated|calculated|computed)\b",
    re.IGNORECASE,
)
_CUT = re.compile(r"-?[0-9]")


@dataclass(slots=True)
class Entry:
    """What one NXentry holds: texts by what they mean, with the path of each, and one signal a spectrum."""

    path: str
    stated: dict[str, tuple[str, str]] = field(default_factory=dict)
    public: list[tuple[str, str]] = field(default_factory=list)
    private: list[tuple[str, str, bool]] = field(default_factory=list)
    energy_path: str = ""
    energy: list[float] = field(default_factory=list)
    ends: tuple[str, str] = ("", "")
    signals: list[list[float] | None] = field(default_factory=list)
    label: str = ""
    temperatures: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """The text stated for ``name``, or an empty one."""
        return self.stated[name][0] if name in self.stated else ""

    @property
    def name(self) -> str:
        """The entry's own name."""
        return self.path.rpartition("/")[2]

    @property
    def sample_key(self) -> tuple[str, str, str] | None:
        """What spectra of one deposit share; None where the sample is not stated."""
        sample = plain(self.get("sample"))
        return (sample, plain(self.get("facility")), plain(self.get("beamline"))) if sample else None

    @property
    def window(self) -> tuple[float, float]:
        """The range of the energies in eV."""
        finite = [energy for energy in self.energy if math.isfinite(energy)]
        return (min(finite), max(finite)) if finite else (math.nan, math.nan)


def is_computed(file: Hdf5, node: Node) -> str:
    """The words by which an entry says that it was calculated and not measured; an empty text where it does not."""
    calculated = file.text(file.find(node, "calculated"))
    if calculated.casefold() in {"1", "true", "yes"}:
        return f"calculated = {calculated}"
    for path in ("provenance", "NXprocess/NXnote/data"):
        if match := _COMPUTED.search(file.text(file.find(node, path))):
            return match[0]
    return ""


def gather(file: Hdf5, node: Node, energy: Node | None = None) -> Entry | None:
    """What the entry ``node`` holds; None when it has no energies. ``energy`` is given where they were guessed.

    Raises UnreadableInput for absurd shapes and for signals of another length than the energies.
    """
    entry = Entry(str(node.name))
    table = alias_table("nexus")
    if energy is None:
        energy = _first(file, node, table["energies"])
    if energy is None or not _put_energies(file, energy, entry):
        return None
    for row in table["fields"]:
        if row["means"] not in entry.stated:
            found = file.find(node, row["path"])
            if text := _stated(file, found, row["means"]):
                entry.stated[row["means"]] = text, row["path"]
    for row in table["public"]:
        if text := file.text(file.find(node, row["path"])):
            entry.public.append((row["path"], text))
    for row in table["private"]:
        if text := file.text(file.find(node, row["path"])):
            entry.private.append((row["path"], text, bool(row.get("person"))))
            if row["path"] in {"title", "user_scan_name"}:
                entry.hints.append(PurePath(text).stem)
    definition = file.text(file.find(node, "definition")).casefold()
    mode = next(
        (
            row["mode"]
            for row in table["definitions"]
            if row["word"].casefold() == definition and "mode" in row
        ),
        "",
    )
    if mode and "mode" not in entry.stated:
        entry.stated["mode"] = mode.replace("-", " "), "definition"
    _put_signals(file, node, entry)
    return entry


def _first(file: Hdf5, node: Node, rows: Sequence[dict[str, str]]) -> Node | None:
    """The first array of numbers that a row's path leads to, of at least two values."""
    for row in rows:
        found = file.find(node, row["path"])
        if found is not None and hasattr(found, "size") and found.size > 1 and file.array(found) is not None:
            return found
    return None


def _put_energies(file: Hdf5, node: Node, entry: Entry) -> bool:
    values = file.array(node)
    unit = _UNITS.get(file.attribute(node, "units").strip().casefold())
    if values is None or values.ndim != 1 or values.size < 2 or unit is None:
        return False
    factor = 1000.0 if unit == "keV" else 1.0
    entry.energy = [float(value) * factor for value in values]
    entry.energy_path = str(node.name).removeprefix(entry.path).lstrip("/")
    entry.ends = f"{values[0]!s} {unit}", f"{values[-1]!s} {unit}"
    return True


def _put_signals(file: Hdf5, node: Node, entry: Entry) -> None:
    table = alias_table("nexus")
    signal = _first(file, node, table["signals"])
    if signal is None:
        entry.signals = [None]
        return
    path = str(signal.name).removeprefix(entry.path).lstrip("/")
    columns = _columns(file.array(signal), len(entry.energy), path, file.name)
    entry.label = path
    incident = _first(file, node, table["incident"]) if path != "intensity" else None
    if incident is not None:
        below = _columns(file.array(incident), len(entry.energy), str(incident.name), file.name)
        log = entry.get("mode").casefold() == "transmission" or path.endswith("itrans/data")
        if len(below) in (1, len(columns)):
            below = below * len(columns) if len(below) == 1 else below
            columns = [_ratio(one, other, log) for one, other in zip(columns, below, strict=True)]
            entry.label = f"ln(I0/{path})" if log else f"{path}/I0"
    entry.signals = list(columns)
    temperature = file.find(node, "NXsample/temperature")
    if (
        len(columns) > 1
        and temperature is not None
        and getattr(temperature, "shape", None) == (len(columns),)
    ):
        values = file.array(temperature)
        unit = file.attribute(temperature, "units") or "K"
        entry.temperatures = [f"{value!s} {unit}" for value in values] if values is not None else []


def _columns(values: Any, points: int, path: str, name: str) -> list[list[float]]:
    """One list of floats a spectrum: energies may run along either dimension of a stack."""
    if values.ndim == 1 and len(values) == points:
        return [[float(value) for value in values]]
    if values.ndim == 2 and points in values.shape:
        stack = values if values.shape[1] == points and values.shape[0] != points else values.T
        if len(stack) <= MAX_STACK:
            return [[float(value) for value in row] for row in stack]
    shape = " x ".join(map(str, values.shape))
    raise UnreadableInput(
        Sentence(
            "the data set {path} has the shape {shape}, the energies have {points:,} values; at "
            "most {most} spectra over one energy axis are read",
            path=path,
            shape=shape,
            points=points,
            most=MAX_STACK,
        ),
        where=name,
    )


def _ratio(signal: list[float], incident: list[float], log: bool) -> list[float]:
    """Signal over incident intensity, or the absorption of a transmitted one; NaN where there is none."""
    found = []
    for one, other in zip(signal, incident, strict=True):
        good = other > 0 and (one > 0 or not log)
        found.append((math.log(other / one) if log else one / other) if good else math.nan)
    return found


def _stated(file: Hdf5, node: Node | None, means: str) -> str:
    if means == "reflection":
        values = file.array(node)
        if values is None or values.size not in (3, 4):
            return "".join(_CUT.findall(file.text(node)))
        return "".join(str(int(value)) for value in values.reshape(-1))
    text = file.text(node).partition("||")[0].strip()
    if not text or text.casefold() in meanings("nexus", "placeholders", "word", "word"):
        return ""
    unit = file.attribute(node, "units") if node is not None else ""
    return f"{text} {unit}" if unit and means in QUANTITIES else text
