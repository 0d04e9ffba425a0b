"""The parts of a LUCIA data file: entries of the header, the ranges of the scan, and the table."""

from __future__ import annotations

import math
import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.alias_tables import alias_table
from catalog.errors import UnreadableInput
from catalog.readers._pf9809_header import number
from catalog.wording import Sentence

IDENTITY = re.compile(r"#\s{0,4}XAS\s{0,4}/\s{0,4}LUCIA\s{0,4}/\s{0,4}SOLEIL\s{0,4}:?\s*", re.IGNORECASE)
MAX_HEADER_LINES = 400
MAX_ROWS = 1_000_000
_MAX_COLUMNS = 256
_ENTRY = re.compile(r"#\s*([^:]{1,60}?)\s*:(.*)")
# A second entry on the line of another stands after some blanks.
_SECOND = re.compile(r"(.*?)\s{3,}([^:]{1,60}?)\s*:(.*)")


_PARTED = re.compile(r"\s*[,;]\s*|\s+")


@dataclass(slots=True)
class Contents:
    """A file taken apart. ``ranges`` are the lines "## n from to step time" with their numbers of line."""

    entries: list[tuple[int, str, str]] = field(default_factory=list)
    ranges: list[tuple[int, list[str]]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    label_line: int = 0
    columns: dict[str, list[int]] = field(default_factory=dict)
    energy: array[float] = field(default_factory=lambda: array("d"))
    counts: dict[str, array[float]] = field(default_factory=dict)
    first: tuple[int, str] = (0, "")
    last: tuple[int, str] = (0, "")
    unmeasured: int = 0


def folded(label: str) -> str:
    """The key by which labels are compared: without blanks, case and width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", label)).casefold()


def take_apart(rows: Iterator[tuple[int, str]], name: str) -> Contents:
    """The parts of the file. Raises UnreadableInput, with the line, where the table breaks the format."""
    contents = Contents()
    for line, text in rows:
        where = f"{name}:{line}"
        if not text.strip():
            continue
        if not text.startswith("#"):
            if not contents.labels:
                raise UnreadableInput(
                    Sentence("the table begins without its row of column labels (# Energy ...)"), where=where
                )
            _row(contents, line, _cells(text), where)
        elif line > MAX_HEADER_LINES:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=MAX_HEADER_LINES), where=where
            )
        elif text.startswith("##"):
            contents.ranges.append((line, _cells(text.lstrip("#"))))
        elif columns := _columns(_cells(text.lstrip("#"))):
            contents.labels, contents.label_line = _cells(text.lstrip("#")), line
            contents.columns = columns
            contents.counts = {key: array("d") for key in columns if key != "energy"}
        elif match := _ENTRY.match(text):
            _entries(contents, line, match[1], match[2])
    if not contents.labels:
        raise UnreadableInput(Sentence("the file ends before its table: no row of column labels"), where=name)
    if not contents.energy:
        raise UnreadableInput(
            Sentence("no point was measured: the table holds nothing but NaN")
            if contents.unmeasured
            else Sentence("the file ends without a row of numbers after the column labels"),
            where=f"{name}:{contents.label_line}",
        )
    return contents


def _entries(contents: Contents, line: int, key: str, value: str) -> None:
    while match := _SECOND.fullmatch(value):
        contents.entries.append((line, key, match[1].strip()))
        key, value = match[2], match[3]
    contents.entries.append((line, key, value.strip()))


def _cells(text: str) -> list[str]:
    """The cells of a row of the table, whether blanks, commas or semicolons part them."""
    return _PARTED.split(text.strip())


def _columns(cells: list[str]) -> dict[str, list[int]]:
    """What the columns mean, best first, if the cells are the labels of the table."""
    keys = [folded(cell) for cell in cells[:_MAX_COLUMNS]]
    found: dict[str, list[int]] = {}
    for row in alias_table("lucia")["columns"]:
        if (key := folded(row["label"])) in keys:
            found.setdefault(row["means"], []).append(keys.index(key))
    return found if {"energy", "incident"} <= found.keys() else {}


def _row(contents: Contents, line: int, cells: list[str], where: str) -> None:
    if len(cells) != len(contents.labels):
        raise UnreadableInput(
            Sentence(
                "the row has {count} cells where the labels have {labels}",
                count=len(cells),
                labels=len(contents.labels),
            ),
            where=where,
        )
    if len(contents.energy) == MAX_ROWS:
        raise UnreadableInput(Sentence("the table has more than {most:,} rows", most=MAX_ROWS), where=where)
    values = [_value(cell, index, where) for index, cell in enumerate(cells)]
    column = contents.columns["energy"][0]
    if math.isnan(values[column]):
        # A scan that was stopped leaves the points it did not reach.
        contents.unmeasured += 1
        return
    contents.energy.append(values[column])
    for key, counted in contents.counts.items():
        counted.append(values[contents.columns[key][0]])
    contents.first = contents.first if contents.first[0] else (line, cells[column])
    contents.last = line, cells[column]


def _value(cell: str, index: int, where: str) -> float:
    if cell.casefold() == "nan":
        return math.nan
    value = number(cell)
    if value is None:
        raise UnreadableInput(
            Sentence(
                "{word!r} in column {column} of the table is no number", word=cell[:40], column=index + 1
            ),
            where=where,
        )
    return value
