"""The parts of a SPEC file: what stands above the first scan, and the scans with their header lines and rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.errors import UnreadableInput
from catalog.readers._scan_table import Row
from catalog.wording import Sentence

MAX_SCANS = 200
_SCAN = re.compile(r"#S\s+(?:Scan\s+)?([0-9]{1,9}(?:\.[0-9]{1,4})?)(?![0-9.])[\s;,]*(.*)")
_MAX_HEADER = 5_000


@dataclass(slots=True)
class Scan:
    """A scan: its number as written, its command, the entries above its rows (letter, text, line), and the rows."""

    number: str
    command: str
    line: int
    entries: list[tuple[str, str, int]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Contents:
    """A file taken apart: the entries above the first scan, and the scans."""

    entries: list[tuple[str, str, int]] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)


def scan_line(text: str) -> tuple[str, str] | None:
    """Number and command of a scan, if ``text`` begins one."""
    match = _SCAN.fullmatch(text.rstrip())
    return (match[1], match[2].strip()) if match else None


def take_apart(rows: Iterator[Row], name: str) -> Contents:
    """The parts of the file. Raises UnreadableInput, with the line, where lines are no part of any scan."""
    contents = Contents()
    scan: Scan | None = None
    in_spectrum = False
    for line, text in rows:
        # A detector's spectrum ("@A ...") may go on over lines that end with a backslash.
        if in_spectrum or text.startswith("@"):
            in_spectrum = text.rstrip().endswith("\\")
            continue
        if started := scan_line(text):
            if len(contents.scans) == MAX_SCANS:
                raise UnreadableInput(
                    Sentence("the file has more than {most} scans; split it", most=MAX_SCANS),
                    where=f"{name}:{line}",
                )
            scan = Scan(*started, line)
            contents.scans.append(scan)
        elif text.startswith("#"):
            entries = scan.entries if scan else contents.entries
            if len(entries) == _MAX_HEADER:
                raise UnreadableInput(
                    Sentence("more than {most} header lines follow each other", most=_MAX_HEADER),
                    where=f"{name}:{line}",
                )
            key, _, value = text[1:].partition(" ")
            entries.append((key, value.strip(), line))
        elif text.strip():
            if scan is None:
                raise UnreadableInput(
                    Sentence("a row stands before the first scan (#S)"), where=f"{name}:{line}"
                )
            scan.rows.append((line, text))
    return contents
