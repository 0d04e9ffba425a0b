"""A deposit form filled from groups of an Athena project, each value with its origin."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from catalog.alias_tables import alias_table, meanings
from catalog.errors import CatalogError
from catalog.findings import define
from catalog.quantity import parse_quantity
from catalog.readers import Curve, Reading
from catalog.readers._athena_groups import Group, Value
from catalog.readers._curves import thinned_curve
from catalog.readers._hints import named_edges, suggested_edge, suggested_formula, symbols
from catalog.readers._pf9809_header import number
from catalog.readers._several import put_edge
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence

define(
    "athena-disagreement",
    "warning",
    "{key} says {value!r}, but the project says {stated!r} as well, which was used; correct one of them.",
    "{key} は「{value}」ですが、プロジェクトには「{stated}」ともあります（後者を使いました）。"
    "どちらかを直してください。",
)
define(
    "athena-array",
    "warning",
    "{value} values of the group {key} are no numbers; such points are not in the curve.",
    "グループ {key} の {value} 個の値が数値ではないため、その点は曲線に含めません。",
)

_MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Spectrum:
    """A group with its points: energies as Athena stores them, in eV, and absorption."""

    group: Group
    energy: list[float]
    signal: list[float]

    @property
    def window(self) -> tuple[float, float]:
        """The range of the energies, shifted as the project says."""
        shift = number(self.group.get("bkg_eshift")) or 0.0
        finite = [energy for energy in self.energy if math.isfinite(energy)]
        return (min(finite) + shift, max(finite) + shift) if finite else (math.nan, math.nan)


def numbers(texts: Sequence[str]) -> list[float]:
    """The values of an array; NaN for what is no number."""
    found = (number(text.strip()) for text in texts)
    return [math.nan if value is None else value for value in found]


def fill(
    reading: Reading, number_: int, name: str, sample: str, spectra: Sequence[tuple[str, Spectrum]]
) -> None:
    """Fill the form ``number_`` of ``reading`` with spectra of one sample, each with its id."""
    form = reading.forms[number_]
    for index, (identity, spectrum) in enumerate(spectra):
        into = Statements(reading, form, name, f"/spectra/{index}")
        _Filling(into, spectrum, number_, index).run(identity, sample, len(spectra) > 1)


class _Filling:
    def __init__(self, into: Statements, spectrum: Spectrum, number_: int, index: int) -> None:
        self.into, self.spectrum, self.group = into, spectrum, spectrum.group
        self.number, self.index = number_, index
        self.line = spectrum.group.line

    def run(self, identity: str, sample: str, several: bool) -> None:
        into, group = self.into, self.group
        into.of_spectrum("id", identity, "old_group", self.line, group.key)
        label = plain(group.get("label"))
        stem = _stem_of_file(sample)
        if self.index == 0 and stem:
            into.reading.suggestions_of(self.number)["/sample/name"] = stem
        elif self.index == 0 and sample:
            into.text("/sample/name", sample, "label", self.line)
        if stem or (several and label != sample):
            into.pair("label", label, self.line)
        self.edge()
        self.energy()
        for key, value in _metadata(group):
            self.metadata(key, value)
        if not into.form.get("/beamline") and (beamline := plain(group.get("beamline"))):
            into.text("/beamline", beamline, "beamline", self.line)
        for row in alias_table("athena")["public"]:
            into.pair(row["key"], plain(group.get(row["key"])), self.line)
        for row in alias_table("athena")["private"]:
            self.private(row["key"])
        self.suggest(label, self.curve())

    def edge(self) -> None:
        """Element and edge, unless Athena filled them in by itself or the spectrum does not reach that edge."""
        into, group = self.into, self.group
        symbol, shell = group.get("bkg_z"), group.get("fft_edge")
        if not symbol or symbol in _placeholders("bkg_z"):
            if symbol:
                into.report("stated-placeholder", "element", self.line, symbol, key="bkg_z")
            return
        put_edge(into, symbol, shell, self.spectrum.window, "bkg_z, fft_edge", self.line)

    def energy(self) -> None:
        into, group = self.into, self.group
        texts = group.arrays["x"]
        for end, text in (("first", texts[0]), ("last", texts[-1])):
            if number(text.strip()) is not None:
                into.of_spectrum(f"energy/{end}", f"{text.strip()} eV", "x", self.line, text)
        into.of_spectrum("energy/points", str(len(texts)), "x", self.line)
        lost = sum(
            not (math.isfinite(x) and math.isfinite(y))
            for x, y in zip(self.spectrum.energy, self.spectrum.signal, strict=True)
        )
        if lost:
            into.report("athena-array", "energy", self.line, str(lost), key=group.key)
        shift = group.get("bkg_eshift")
        if shift and number(shift):
            # The array holds the energies before the shift; both are needed to have the axis that was meant.
            into.of_spectrum("calibration/energy_shift", f"{shift} eV", "bkg_eshift", self.line, shift)

    def curve(self) -> Curve | None:
        curve = thinned_curve(self.spectrum.energy, self.spectrum.signal, "mu(E)")
        if curve:
            self.into.reading.curves[self.number, self.into.spectrum] = curve
        return curve

    def metadata(self, key: str, value: str) -> None:
        into, line = self.into, self.line
        kind = meanings("athena", "xdi", "key", "means").get(key.casefold())
        if kind == "started":
            try:
                into.of_spectrum("started", datetime.fromisoformat(value).isoformat(), key, line, value)
            except ValueError:
                into.refuse(
                    "started", value, key, Sentence("{text!r} is no date with a time", text=value), line
                )
        elif kind == "crystal":
            into.crystal(value, key, line)
        elif kind == "d_spacing":
            self.quantity("monochromator/d_spacing", value, "Å", key)
        elif kind == "ring_energy":
            self.quantity("ring_energy", value, "GeV", key)
        elif kind in {"facility", "beamline"}:
            stated = into.form.get(f"/{kind}")
            if stated and stated != value:
                into.report("athena-disagreement", f"/{kind}", line, value, key=key, stated=stated)
            elif not stated:
                into.text(f"/{kind}", value, key, line)
        elif kind == "public":
            into.pair(key, value, line)
        elif key.casefold() in {"element.symbol", "element.edge"}:
            path = key.casefold().partition(".")[2].replace("symbol", "element")
            stated = into.form.get(f"{into.spectrum}/{path}")
            if isinstance(stated, str) and stated.casefold() != value.casefold():
                into.report("athena-disagreement", path, line, value, key=key, stated=stated)
        else:
            into.private(key, value, line)

    def quantity(self, path: str, value: str, unit: str, key: str) -> None:
        """A quantity that XDI allows without its unit."""
        try:
            parse_quantity(value, unit)
        except CatalogError:
            value = f"{value} {unit}"
        self.into.quantity(path, value, unit, key, self.line)

    def private(self, key: str) -> None:
        value = self.group.args.get(key)
        text = "\n".join(item for item in value if isinstance(item, str)) if isinstance(value, list) else ""
        self.into.private(key, (text or self.group.get(key))[:_MAX_TEXT], self.line)

    def suggest(self, label: str, curve: Curve | None) -> None:
        into = self.into
        found = into.reading.suggestions_of(self.number)
        # A temperature behind the name would be read as potassium.
        if self.index == 0 and " " not in label and (formula := suggested_formula(label)):
            found["/sample/formula"] = formula
        if self.group.get("ln") == "1":
            # Athena took the logarithm of a ratio of two ion chambers.
            found[f"{into.spectrum}/mode"] = "transmission"
        if into.form.get(f"{into.spectrum}/element") or not math.isfinite(self.spectrum.window[0]):
            return
        hinted = symbols((label, PurePath(into.name).stem))
        named = named_edges(label)[0] or named_edges(into.name)[0]
        edge = suggested_edge(hinted, named, curve, self.spectrum.window, None)
        found |= {f"{into.spectrum}/{key}": value for key, value in edge.items()}


def place(group: Group) -> tuple[str, str]:
    """Facility and beamline as the metadata of a group state them; empty texts where they do not."""
    stated = {
        meanings("athena", "xdi", "key", "means").get(key.casefold()): value
        for key, value in _metadata(group)
    }
    return stated.get("facility", ""), stated.get("beamline", "")


def _stem_of_file(label: str) -> str:
    """A label that is a file's name, without its ending; an empty text for any other label."""
    endings = tuple(row["ending"] for row in alias_table("athena")["file_endings"])
    folded = label.casefold()
    return PurePath(label).stem if folded.endswith(endings) and not re.search(r"\s", label) else ""


def placeholder_label(label: str) -> bool:
    """Whether a label is one that Athena gives by itself."""
    return label.casefold() in _placeholders("label")


def _placeholders(key: str) -> set[str]:
    return {row["word"] for row in alias_table("athena")["placeholders"] if row["key"] == key}


def _metadata(group: Group) -> Iterator[tuple[str, str]]:
    """The XDI entries of a group, as ``Family.key`` with their texts."""
    families: dict[str, Value] = {}
    stated = group.xdi.get("metadata")
    if isinstance(stated, dict):
        families |= stated
    for name, value in group.args.items():
        if name.startswith("xdi_"):
            families.setdefault(name.removeprefix("xdi_").capitalize(), value)
    for family, entries in families.items():
        if isinstance(entries, dict):
            for key, value in entries.items():
                if isinstance(value, str) and value.strip():
                    yield f"{family}.{key}"[:80], plain(value)[:_MAX_TEXT]
