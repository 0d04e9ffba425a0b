"""Scans of the LabVIEW control panel of APS sector 20 (PNC-CAT, XSD): sections behind ``#``, labels of fixed width."""

from __future__ import annotations

import re

from catalog.errors import UnreadableInput
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, begin, comment, complete, place_of
from catalog.readers._scan_table import read_table
from catalog.readers._statements import Statements
from catalog.wording import Sentence

_FIRST = re.compile(
    r"#\s{0,4}1-D Scan File created\s+(?:by LabVIEW Control Panel\s+)?"
    r"(?P<date>[0-9][0-9/]{5,9}\s+[0-9:]{4,8}(?:\s*[AP]M)?)"
    r"(?:\s+by LabVIEW Control Panel)?(?:;\s*(?P<rest>.{0,80}))?\s*"
)
_BEAMLINE = re.compile(r"Beamline ([0-9]{1,2})[ -]?(BM|ID)(?:[ -]?([A-E]))?", re.IGNORECASE)
_E0 = re.compile(r"E0:\s*([0-9.]{1,12})\s*eV(?:\s+([0-9]{1,6}) points)?")
# Sections that say how the scan was made; user comments, positions and process variables stay private.
_PUBLIC = {"scan config", "amplifier sensitivities"}
_LABEL_WIDTH = 21
_MAX_HEADER = 500


def sniff(source: Source) -> int:
    """Certain when the first line says that the control panel made the file."""
    head = decode_head(source.head[:400])
    first = re.split(r"[\r\n]", head or "", maxsplit=1)[0]
    return 95 if "LabVIEW Control Panel" in first and _FIRST.fullmatch(first) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header without column headings or a table that is not all numbers.
    """
    name = source.name
    said, rows = begin(source, "Scan File")
    hints = Hints()
    section, labels, line = "", [], 0
    for line, text in rows:
        body = text.removeprefix("#").strip()
        if line > _MAX_HEADER or not text.startswith("#"):
            raise UnreadableInput(
                Sentence("no line 'Column Headings:' stands before the table"), where=f"{name}:{line}"
            )
        if section == "column headings":
            labels = _labels(text[1:])
            break
        if line == 1 and (match := _FIRST.fullmatch(text)):
            put_moment(said, "started", match["date"], "Scan File created", 1, "APS")
            said.pair("Scan time", (match["rest"] or "").removeprefix("Scan time").strip(" ."), 1)
        elif not body:
            section = ""
        elif body.endswith(":") and not section:
            section = body[:-1].casefold()
        elif match := _BEAMLINE.fullmatch(body):
            said.put("/beamline", "-".join(filter(None, match.groups())).upper(), "Beamline", line, body)
        else:
            _read_line(said, hints, section, body, line)
    hints.labels = labels
    return complete(said, read_table(rows, name), labels, hints, line)


def _read_line(said: Statements, hints: Hints, section: str, body: str, line: int) -> None:
    if section == "user comment":
        if hints.sample is None:
            hints.sample = body, line
        hints.texts.append(body)
    if match := _E0.search(body) if section == "scan config" else None:
        hints.e0 = float(match[1]) if match[1].count(".") < 2 else 0.0, "E0", line
        if match[2]:
            hints.announced = int(match[2]), line
    if "pvs" in section:
        place_of(said, body, line, section)
    if section in _PUBLIC:
        said.pair(section.capitalize(), " ".join(body.split()), line)
    else:
        comment(said, body, line, section.capitalize() or "Line")


def _labels(text: str) -> list[str]:
    """The headings by their width: longer ones are cut by the program and touch the next."""
    parts = [text[start : start + _LABEL_WIDTH].strip() for start in range(0, len(text), _LABEL_WIDTH)]
    while parts and not parts[-1]:
        parts.pop()
    return parts


READER = Reader(
    name="labview",
    title={
        "en": "LabVIEW control panel scans (APS sector 20)",
        "ja": "LabVIEW Control Panel のスキャン（APSセクター20）",
    },
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
