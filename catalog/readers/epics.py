"""EPICS scans in two spellings: the step scan files of GSECARS (``;`` before each header line) and ``mda2ascii``.

Process variables stand beside the values; the beamline is inferred from their names, for no line states it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from catalog.errors import UnreadableInput
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, begin, comment, complete, place_of
from catalog.readers._scan_table import Row, is_row, read_table
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence

_STEP_SCAN = re.compile(r";\s*Epics Scan ([0-9]) dimensional scan\s*")
_MDA = re.compile(r"##\s*mda2ascii [0-9.]{1,12} generated output\s*")
_COLUMN = re.compile(r"([PD][0-9]{1,4})\s*=\s*\{(.{0,80}?)\}\s*-->\s*(\S{0,80})")
_VARIABLE = re.compile(r"(?P<name>.{0,80}?)\s*\((?P<variable>[^()\s]{1,80})\)\s*=\s*(?P<value>.{0,200})")
_NUMBERED = re.compile(r"([0-9]{1,4})\s+\[(.{1,40}?)\]\s*(.*)")
_EXTRA = re.compile(
    r'Extra PV [0-9]{1,5}: (?P<variable>[^,]{1,80}), (?P<name>[^"]{0,120}), "(?P<value>[^"]{0,200})"'
    r"(?:, ?(?P<unit>.{0,20}))?"
)
_E0 = re.compile(r"E0\s*=\s*([0-9.]{1,12})")
_DONE = re.compile(r"Points completed = [0-9]{1,7} of ([0-9]{1,7})")
_MOST_MILLIAMPERES = Decimal(1000)
_MAX_HEADER = 5_000


def sniff(source: Source) -> int:
    """Certain when the first line is that of one of the two programs."""
    head = decode_head(source.head[:400])
    first = re.split(r"[\r\n]", head or "", maxsplit=1)[0]
    return 95 if _STEP_SCAN.fullmatch(first) or _MDA.fullmatch(first) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for scans of more than one dimension, a header without columns, and a table
    that is not all numbers.
    """
    said, rows = begin(source, "Scan")
    header, table_rows = _parted(rows, source.name)
    first = header[0][1]
    take = _step_scan if _STEP_SCAN.fullmatch(first) else _mda2ascii
    hints = Hints()
    labels, line = take(said, hints, header)
    if not labels:
        raise UnreadableInput(
            Sentence("the header does not name the columns of the table"),
            where=f"{source.name}:{header[-1][0]}",
        )
    hints.labels = labels
    return complete(said, read_table(table_rows, source.name), labels, hints, line)


def _parted(rows: Iterator[Row], name: str) -> tuple[list[Row], Iterator[Row]]:
    header: list[Row] = []
    for line, text in rows:
        if line > _MAX_HEADER:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=_MAX_HEADER), where=f"{name}:{line}"
            )
        if is_row(text):
            return header, _with(line, text, rows)
        header.append((line, text))
    raise UnreadableInput(Sentence("the file ends without a row of numbers"), where=name)


def _with(line: int, text: str, rows: Iterator[Row]) -> Iterator[Row]:
    yield line, text
    yield from rows


def _step_scan(said: Statements, hints: Hints, header: list[Row]) -> tuple[list[str], int]:
    dimensions = _STEP_SCAN.fullmatch(header[0][1])
    if dimensions and dimensions[1] != "1":
        raise UnreadableInput(
            Sentence(
                "the scan has {count} dimensions; only scans over the energy alone are read",
                count=dimensions[1],
            ),
            where=f"{said.name}:1",
        )
    names: dict[str, str] = {}
    order: list[str] = []
    at = header[-1][0]
    in_regions = False
    regions = 0
    for line, text in header[1:]:
        body = text.lstrip(";").strip()
        if match := _COLUMN.fullmatch(body):
            names[match[1]] = match[2]
            place_of(said, match[3], line, "process variable")
        elif re.fullmatch(r"P1(?: [PD][0-9]{1,4})+", body):
            order, at = body.split(), line
        elif body.startswith("scan began at time:"):
            in_regions = False
            put_moment(said, "started", body.partition(":")[2], "scan began at time", line, "APS")
        elif body.startswith("scan ended at time:"):
            put_moment(said, "ended", body.partition(":")[2], "scan ended at time", line, "APS")
        elif match := re.fullmatch(r"n_points\s*=\s*([0-9]{1,7})", body):
            hints.announced = int(match[1]), line
        elif body.startswith("Scan Regions:"):
            in_regions = True
            said.pair("Scan Regions", plain(body.partition(":")[2]), line)
        elif in_regions and (match := _E0.match(body)):
            hints.e0 = _float(match[1]), "E0", line
        elif in_regions and is_row(body):
            regions += 1
            said.pair(f"Region {regions}", ", ".join(body.split()), line)
        elif match := _VARIABLE.fullmatch(body):
            _read_variable(said, match["name"], match["variable"], match["value"].strip(), "", line)
        elif body.strip("=-"):
            place_of(said, body, line, "scan prefix")
            comment(said, body, line, body.partition("=")[0].strip() or "Line")
    return [names.get(each, each) for each in order], at


def _mda2ascii(said: Statements, hints: Hints, header: list[Row]) -> tuple[list[str], int]:
    labels: list[str] = []
    at = header[-1][0]
    for line, text in header[1:]:
        body = text.lstrip("#").strip()
        if body.startswith("Overall scan dimension") and not body.endswith("= 1-D"):
            raise UnreadableInput(
                Sentence("{text!r}: only scans over the energy alone are read", text=body),
                where=f"{said.name}:{line}",
            )
        if match := _EXTRA.fullmatch(body):
            name, value = match["name"], match["value"].strip()
            if name.startswith("comment line") and value:
                hints.sample = hints.sample or (value, line)
                hints.texts.append(value)
            _read_variable(said, name, match["variable"], value, match["unit"] or "", line)
        elif match := _NUMBERED.fullmatch(body):
            cells = [cell.strip() for cell in match[3].split(",")]
            # Number, process variable, description; without a description the variable is all there is.
            labels.append((cells[1] if len(cells) > 1 else "") or cells[0] or match[2])
            at = line
        elif body.startswith("Scan time ="):
            put_moment(said, "started", body.partition("=")[2], "Scan time", line)
        elif match := _DONE.fullmatch(body):
            hints.announced = int(match[1]), line
        elif body.strip("=-"):
            place_of(said, body, line, "Scanner")
            comment(said, body, line, body.partition("=")[0].strip() or "Line")
    return labels, at


def _read_variable(said: Statements, name: str, variable: str, value: str, unit: str, line: int) -> None:
    if name.casefold() in {"storage ring current", "beam current"}:
        # The step scan program writes no units; the variable is in mA.
        said.quantity("ring_current", f"{value} {unit or 'mA'}", "mA", name, line, most=_MOST_MILLIAMPERES)
    elif name.startswith("Grating_lines_per_mm"):
        said.of_spectrum("monochromator/type", "grating", name, line, value)
        said.pair(name, value, line)
    else:
        comment(said, f"{value} {unit}".strip(), line, name or variable)


def _float(text: str) -> float:
    return float(text) if text.count(".") < 2 and text.strip(".") else 0.0


READER = Reader(
    name="epics",
    title={"en": "EPICS step scans and mda2ascii", "ja": "EPICS のスキャン（ステップスキャン・mda2ascii）"},
    specification="https://github.com/epics-modules/sscan",
    sniff=sniff,
    read=read,
    is_data=True,
)
