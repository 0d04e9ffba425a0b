"""The parts of a Ritsumeikan data file: entries of the header, a record of named values, blocks, and the table."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.alias_tables import alias_table
from catalog.errors import UnreadableInput
from catalog.wording import Sentence

FIRST_LINE = re.compile(
    r"#?\s{0,4}Ritsumeikan University SR Center\s{0,4}(.{0,40}?)\s*(?:,[,\s]*)?", re.IGNORECASE
)
MAX_HEADER_LINES = 400
MAX_ROWS = 1_000_000
_MAX_COLUMNS = 1_024
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_BLOCK = re.compile(r"Block\s*([0-9]{1,3})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of the header with its label, line and the text of its whole line."""

    label: str
    text: str
    line: int
    raw: str


@dataclass(slots=True)
class Contents:
    """A file taken apart. ``columns`` maps what a column means to its places, as the alias table lists them."""

    beamline: str
    entries: list[Cell] = field(default_factory=list)
    record: list[Cell] = field(default_factory=list)
    blocks: list[tuple[int, str, list[str]]] = field(default_factory=list)
    dates: tuple[int, list[str]] | None = None
    labels: list[str] = field(default_factory=list)
    label_line: int = 0
    columns: dict[str, list[int]] = field(default_factory=dict)
    energy: array[float] = field(default_factory=lambda: array("d"))
    sums: dict[str, array[float]] = field(default_factory=dict)
    first: tuple[int, list[str]] = (0, [])
    last: tuple[int, list[str]] = (0, [])


def plain(label: str) -> str:
    """The key by which labels are compared: without blanks, case and width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", label)).casefold()


def take_apart(rows: Iterator[tuple[int, str]], name: str) -> Contents:
    """The parts of the file. Raises UnreadableInput, with the line, where header or table break the format."""
    _, text = next(rows)
    match = FIRST_LINE.fullmatch(text.strip())
    if match is None:
        raise UnreadableInput(
            Sentence("the first line does not name the Ritsumeikan SR Center"), where=f"{name}:1"
        )
    contents = Contents(match[1].strip(" ,"))
    awaited: list[str] = []
    in_blocks = False
    for line, text in rows:
        if line > MAX_HEADER_LINES:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=MAX_HEADER_LINES),
                where=f"{name}:{line}",
            )
        cells = _cells(text, f"{name}:{line}")
        if not any(cells):
            continue
        if columns := _table_columns(cells):
            contents.labels, contents.label_line, contents.columns = cells, line, columns
            _read_table(contents, rows, name)
            return contents
        keys = [plain(cell) for cell in cells]
        if awaited:
            shown = zip(awaited, cells, strict=False)
            contents.record = [Cell(label, cell, line, text) for label, cell in shown if label and cell]
            awaited = []
        elif "sample" in keys and "edge" in keys:
            awaited = cells
        elif keys[0] == "block":
            in_blocks = True
        elif _BLOCK.fullmatch(cells[0]) or (in_blocks and cells[0].isdigit()):
            contents.blocks.append((line, text, cells))
        elif re.fullmatch(r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}", cells[0]) and len(cells) >= 3:
            contents.dates = line, cells[:3]
        else:
            label, _, rest = cells[0].partition(":")
            value = ", ".join(filter(None, [rest.strip(), *cells[1:]]))
            contents.entries.append(Cell(label.strip(), value, line, text))
    raise UnreadableInput(
        Sentence("the file ends before its table: no row of column labels with the energy"), where=name
    )


def _cells(text: str, where: str) -> list[str]:
    try:
        cells = [
            cell.strip() for cell in next(csv.reader([text.lstrip().removeprefix("#")], strict=False), [])
        ]
    except csv.Error as error:
        raise UnreadableInput(Sentence("the line is no CSV: {error}", error=error), where=where) from error
    if len(cells) > _MAX_COLUMNS:
        raise UnreadableInput(
            Sentence(
                "the line has {count:,} cells; at most {most:,} are read", count=len(cells), most=_MAX_COLUMNS
            ),
            where=where,
        )
    return cells


def _table_columns(cells: list[str]) -> dict[str, list[int]]:
    """What the columns mean, if the cells are the labels of the table: an energy and an incident intensity."""
    keys = [plain(cell) for cell in cells]
    found: dict[str, list[int]] = {}
    for row in alias_table("ritsumeikan")["columns"]:
        if (key := plain(row["label"])) in keys:
            found.setdefault(row["means"], []).append(keys.index(key))
    return found if {"energy", "incident"} <= found.keys() else {}


def _read_table(contents: Contents, rows: Iterator[tuple[int, str]], name: str) -> None:
    energy, incident = (contents.columns[key][0] for key in ("energy", "incident"))
    signals = {
        key: contents.columns[key]
        for key in ("fluorescence", "electron-yield", "transmission")
        if key in contents.columns
    }
    contents.sums = {key: array("d") for key in ("incident", *signals)}
    for line, text in rows:
        where = f"{name}:{line}"
        cells = _cells(text, where)
        if not any(cells):
            continue
        if len(cells) > len(contents.labels):
            raise UnreadableInput(
                Sentence(
                    "the row has {count} cells where the labels have {labels}",
                    count=len(cells),
                    labels=len(contents.labels),
                ),
                where=where,
            )
        if len(contents.energy) == MAX_ROWS:
            raise UnreadableInput(
                Sentence("the table has more than {most:,} rows", most=MAX_ROWS), where=where
            )
        values = [_value(cell, index, where) for index, cell in enumerate(cells)]
        if len(values) <= energy or math.isnan(values[energy]):
            raise UnreadableInput(Sentence("the row has no energy"), where=where)
        values += [math.nan] * (len(contents.labels) - len(values))
        contents.energy.append(values[energy])
        contents.sums["incident"].append(values[incident])
        for key, columns in signals.items():
            # Detectors that did not run count zero; only the first with counts speaks for electron yield.
            counted = [values[index] for index in columns]
            contents.sums[key].append(
                sum(counted) if key == "fluorescence" else next((each for each in counted if each), 0.0)
            )
        contents.first = contents.first if contents.first[0] else (line, cells)
        contents.last = line, cells
    if not contents.energy:
        raise UnreadableInput(
            Sentence("the file ends without a row of numbers after the column labels"), where=name
        )


def _value(cell: str, index: int, where: str) -> float:
    if not cell:
        return math.nan
    if not _NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
        raise UnreadableInput(
            Sentence(
                "{word!r} in column {column} of the table is no number", word=cell[:40], column=index + 1
            ),
            where=where,
        )
    return float(cell)
