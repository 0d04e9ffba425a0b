"""Tables of numbers as beamline programs write them: blanks, tabs or commas between cells, one row a point."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.errors import UnreadableInput
from catalog.wording import Sentence

MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_024
COMMENT_MARKS = "#;:!%*"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]{1,6})?")
_NO_NUMBER = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_FIRST = frozenset("+-.0123456789nNiI")
_MAX_TOKEN = 64

Row = tuple[int, str]


@dataclass(slots=True)
class Table:
    """The columns of a table, and the line and cells of its first and last row.

    ``cut`` is the line of a last row that was left out because it has fewer cells than the others; 0 for none.
    """

    columns: list[array[float]] = field(default_factory=list)
    first: tuple[int, list[str]] = (0, [])
    last: tuple[int, list[str]] = (0, [])
    cut: int = 0

    @property
    def rows(self) -> int:
        """How many points the table has."""
        return len(self.columns[0]) if self.columns else 0

    def add(self, line: int, cells: list[str], name: str) -> None:
        """Append a row. Raises UnreadableInput, with the line, for a cell that is no finite number."""
        where = f"{name}:{line}"
        if not self.columns:
            if len(cells) > MAX_COLUMNS:
                raise UnreadableInput(
                    Sentence(
                        "the row has {count:,} cells; at most {most:,} are read",
                        count=len(cells),
                        most=MAX_COLUMNS,
                    ),
                    where=where,
                )
            self.columns = [array("d") for _ in cells]
            self.first = line, cells
        if self.rows == MAX_ROWS:
            raise UnreadableInput(
                Sentence("the table has more than {most:,} rows", most=MAX_ROWS), where=where
            )
        for number, (column, cell) in enumerate(zip(self.columns, cells, strict=True), 1):
            column.append(_value(cell, number, where))
        self.last = line, cells


def split(text: str) -> list[str]:
    """The cells of a row; commas, tabs and blanks part them, and nothing stands between two of these."""
    return text.replace(",", " ").split()


def is_row(text: str) -> bool:
    """Whether a line is nothing but numbers, at least two."""
    # Most lines of a header are told by their first character.
    if text.lstrip(" \t,")[:1] not in _FIRST:
        return False
    cells = split(text)
    return len(cells) >= 2 and all(map(is_number, cells))


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number, or as the "nan" that programs write for none."""
    return len(cell) <= _MAX_TOKEN and bool(_NUMBER.fullmatch(cell) or _NO_NUMBER.fullmatch(cell))


def read_table(rows: Iterator[Row], name: str, *, marks: str = "#;") -> Table:
    """The table that ``rows`` hold, to their end; empty lines and comments (by their first character) are passed over.

    A last row with fewer cells is what was being written when a scan was stopped, and is left out. Raises
    UnreadableInput, with the line, for any other row that has not as many cells as the first, for a cell that is
    no number, and where there is no row at all.
    """
    table = Table()
    short: Row | None = None
    for line, text in rows:
        stripped = text.strip()
        if not stripped or stripped[0] in marks:
            continue
        if short:
            raise _uneven(table, short, name)
        cells = split(stripped)
        if table.columns and len(cells) != len(table.columns):
            short = line, stripped
            continue
        table.add(line, cells, name)
    if short:
        if len(split(short[1])) > len(table.columns) or table.rows < 2:
            raise _uneven(table, short, name)
        table.cut = short[0]
    if not table.rows:
        raise UnreadableInput(Sentence("the file ends without a row of numbers"), where=name)
    return table


def _uneven(table: Table, row: Row, name: str) -> UnreadableInput:
    line, text = row
    return UnreadableInput(
        Sentence(
            "the row has {count} cells where the rows before it have {columns}; mend the row, or "
            "take out what is no part of the table",
            count=len(split(text)),
            columns=len(table.columns),
        ),
        where=f"{name}:{line}",
    )


def _value(cell: str, number: int, where: str) -> float:
    if len(cell) <= _MAX_TOKEN and _NUMBER.fullmatch(cell):
        value = float(cell.replace("d", "e").replace("D", "e"))
        if math.isfinite(value):
            return value
    elif len(cell) <= _MAX_TOKEN and _NO_NUMBER.fullmatch(cell):
        return math.nan
    raise UnreadableInput(
        Sentence(
            "{word!r} in column {column} of the table is no number that can be", word=cell[:40], column=number
        ),
        where=where,
    )
