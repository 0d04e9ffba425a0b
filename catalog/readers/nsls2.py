"""Interpolated scans of the NSLS-II beamlines ISS and QAS: ``# Key: value`` lines, labels and rows; not XDI.

They state element and edge, and name the principal investigator and the proposal, which stay private.
"""

from __future__ import annotations

import re

from catalog.alias_tables import meanings
from catalog.errors import InputError, UnreadableInput
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, begin, complete
from catalog.readers._scan_table import read_table
from catalog.readers._statements import Statements
from catalog.wording import Sentence
from catalog.xray import normalise_element

_FIRST = re.compile(r"#\s*Facility:\s*NSLS-II\s*")
_ENTRY = re.compile(r"#\s*([A-Za-z][\w &]{0,40}?):\s*(.*)")
_BY_NAME = re.compile(r"([A-Za-z]{1,20})\s*\(\s*([0-9]{1,3})\s*\)")
_MAX_HEADER = 200


def sniff(source: Source) -> int:
    """Certain when the file begins with the facility, and the keys of a scan of these beamlines follow."""
    head = decode_head(source.head[:4_000])
    rows = re.split(r"\r\n|\r|\n", head or "")
    if not _FIRST.fullmatch(rows[0]):
        return 0
    known = meanings("nsls2", "fields", "label", "means")
    keys = {match[1].casefold() for match in map(_ENTRY.fullmatch, rows) if match}
    return 95 if len(keys & known.keys()) >= 5 else 50


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header without labels or a table that is not all numbers.
    """
    name = source.name
    said, rows = begin(source, "Facility")
    hints, labels, line = Hints(), [], 0
    entries: dict[str, tuple[str, str, int]] = {}
    for line, text in rows:
        if not text.startswith("#"):
            raise UnreadableInput(
                Sentence("a row stands before the row of column labels"), where=f"{name}:{line}"
            )
        if line > _MAX_HEADER:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=_MAX_HEADER), where=f"{name}:{line}"
            )
        if match := _ENTRY.fullmatch(text.rstrip()):
            _read_entry(said, hints, entries, match[1], match[2].strip(), line)
        elif re.match(r"(?:#\s*)+energy\b", text):
            labels = text.lstrip("# ").split()
            break
    hints.edge = _stated_edge(said, entries)
    for path in ("started", "ended"):
        if path in entries:
            key, value, at = entries[path]
            put_moment(said, path, value, key, at, "NSLS-II")
    return complete(said, read_table(rows, name), labels, hints, line)


def _read_entry(
    said: Statements, hints: Hints, entries: dict[str, tuple[str, str, int]], key: str, value: str, line: int
) -> None:
    means = meanings("nsls2", "fields", "label", "means").get(key.casefold(), "private")
    if not value:
        return
    if means in {"facility", "beamline"}:
        said.text(f"/{means}", value, key, line)
    elif means == "e0":
        try:
            hints.e0 = float(value), key, line
        except ValueError:
            said.refuse("", value, key, Sentence("{value!r} is no number", value=value[:40]), line)
    elif means == "public":
        said.pair(key, value, line)
    elif means in {"private", "person"}:
        said.private(key, value, line, person=means == "person")
    else:
        entries[means] = key, value, line


def _stated_edge(
    said: Statements, entries: dict[str, tuple[str, str, int]]
) -> tuple[str, str, str, int] | None:
    """Element and edge as stated; an element by name and number is taken when both are of one."""
    key, value, line = entries.get("element", ("Edge", "", entries.get("edge", ("", "", 0))[2]))
    if match := _BY_NAME.fullmatch(value):
        try:
            if normalise_element(match[1]) != normalise_element(match[2]):
                raise InputError(
                    Sentence("{value!r} is a name and the atomic number of another element", value=value)
                )
        except InputError as error:
            said.refuse("element", value, key, error.detail, line)
            return None
        value = match[1]
    shell = entries.get("edge", ("", "", 0))[1]
    return (value, shell, key, line) if value or shell else None


READER = Reader(
    name="nsls2",
    title={"en": "NSLS-II ISS and QAS scans", "ja": "NSLS-II ISS・QAS の測定ファイル"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
