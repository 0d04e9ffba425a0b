"""Files of the Lytle database: scans of the 1970s and 1980s in steps of the monochromator, channels without labels.

Energies are computed from steps per degree, the stated lattice spacing and an assumed hc, as the Bragg angle has it.
"""

from __future__ import annotations

import math
import re

from catalog.document import Origin
from catalog.errors import UnreadableInput
from catalog.findings import define
from catalog.readers import Reader, Reading, Source
from catalog.readers._curves import ASSUMED_HC, bragg_energy
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, begin, finish
from catalog.readers._scan_roles import Axis, Signal
from catalog.readers._scan_table import Table, read_table
from catalog.readers._statements import Statements
from catalog.wording import Sentence

define(
    "lytle-energy-computed",
    "info",
    "The energies were computed from the steps of the monochromator with the stated DSPACE, STPDEG and an assumed hc "
    "of {value} eV Å; state calibration.hc in a defaults file if the beamline converts with another.",
    "エネルギーは分光器のステップ数、ファイルの DSPACE・STPDEG、仮定した hc = {value} eV Å から計算しました。"
    "換算値が異なる場合は、既定値ファイルの calibration.hc で指定してください。",
)

_FIRST = re.compile(
    r"\s{0,4}NPTS\s+NS\s+\w{1,8}\s+\w{1,8}\s+DSPACE\s+STPDEG\s+STEPMM\s+START\s+STOP\s+SCALE\s*"
)
_COMMENT = re.compile(r"(.*?)(?:\s{3,}[0-9 ]{1,12}?\s+)?([0-9]{1,2}-[0-9]{1,2}-[0-9]{2})\s*")
_PUBLIC = ("NPTS", "NS", "STPDEG", "STEPMM", "START", "STOP", "SCALE")
_LINES = ("DELTA", "DELEND", "SEC", "OFFSET")


def sniff(source: Source) -> int:
    """Certain when the first line has the names of the scan's parameters."""
    head = decode_head(source.head[:400])
    return 95 if _FIRST.fullmatch(re.split(r"[\r\n]", head or "", maxsplit=1)[0]) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for parameters without numbers or a table that is not all numbers.
    """
    name = source.name
    said, rows = begin(source, "NPTS")
    header = [next(rows, (number, "")) for number in range(1, 8)]
    keys, cells = header[0][1].split(), header[1][1].split()
    try:
        values = {key: float(cell) for key, cell in zip(keys, cells, strict=True)}
    except ValueError as error:
        raise UnreadableInput(
            Sentence("the second line has not a number for each name of the first"), where=f"{name}:2"
        ) from error
    if not all(map(math.isfinite, values.values())) or values["STPDEG"] <= 0:
        raise UnreadableInput(
            Sentence("STPDEG and the other parameters have to be numbers above 0"), where=f"{name}:2"
        )
    hints = Hints(announced=(int(values["NPTS"]), 2))
    said.quantity("monochromator/d_spacing", f"{cells[keys.index('DSPACE')]} Å", "Å", "DSPACE", 2)
    for key in _PUBLIC:
        said.pair(key, cells[keys.index(key)], 2)
    for line, text in header[2:6]:
        key, _, value = text.partition(":")
        if key.strip() in _LINES:
            said.pair(key.strip(), " ".join(value.split()), line)
        else:
            raise UnreadableInput(
                Sentence("the line does not begin with one of {words}", words=", ".join(_LINES)),
                where=f"{name}:{line}",
            )
    _read_comment(said, hints, header[6][1])
    table = _in_energy(said, read_table(rows, name), values)
    labels = ["energy", *(f"channel {number}" for number in range(1, len(table.columns)))]
    axis = Axis(0, "steps", 1, is_computed=True)
    signals = []
    if len(table.columns) > 2:
        ratio = [
            math.log(before / after) if after and before / after > 0 else math.nan
            for before, after in zip(table.columns[1], table.columns[2], strict=True)
        ]
        signals.append(Signal("ln(channel 1/channel 2)", None, ratio))
    finish(said, table, labels, axis, signals, hints)
    said.close()
    return said.reading


def _read_comment(said: Statements, hints: Hints, text: str) -> None:
    said.private("Comment", text.strip(), 7)
    match = _COMMENT.fullmatch(text)
    sample = (match[1] if match else text).strip()
    if match:
        put_moment(said, "started", match[2], "comment", 7)
    if sample:
        hints.sample = sample, 7
        hints.texts.append(sample)


def _in_energy(said: Statements, table: Table, values: dict[str, float]) -> Table:
    """The table with its first column in eV; the hc it was computed with is put into the form as inferred."""
    energies = [bragg_energy(steps / values["STPDEG"], values["DSPACE"]) for steps in table.columns[0]]
    if not all(map(math.isfinite, energies)):
        raise UnreadableInput(
            Sentence("the steps of the monochromator are no angles between 0 and 180 degrees"),
            where=f"{said.name}:{table.first[0]}",
        )
    table.columns[0] = type(table.columns[0])("d", energies)
    line = table.first[0]
    origin = Origin("inferred", said.name, line, "steps", None)
    said.form.put(f"{said.spectrum}/calibration/hc", ASSUMED_HC, origin)
    said.report("lytle-energy-computed", "calibration/hc", line, ASSUMED_HC)
    return table


READER = Reader(
    name="lytle",
    title={"en": "Lytle database", "ja": "Lytle データベース"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
