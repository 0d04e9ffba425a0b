"""Rows of cells as every kind of spreadsheet gives them: texts with their place, and what is no text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalog.errors import UnreadableInput
from catalog.readers._nodes import MAX_TEXT
from catalog.wording import Sentence

MAX_ROWS = 20_000
MAX_COLUMNS = 500
# Rows without a value in a row before the rest of a sheet counts as empty.
MAX_EMPTY = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text as a person reads it; ``problem`` is "formula" or "error" where it holds no value."""

    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row and the line of the file (or row of the sheet) it stands on, from 1."""

    line: int
    cells: tuple[Cell, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not any(cell.text or cell.problem for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet that are not empty; ``name`` is "" for CSV.

    ``merged`` are cells of one column merged into one: the column from 0, the first and the last line.
    """

    name: str
    rows: tuple[Row, ...]
    merged: tuple[tuple[int, int, int], ...] = ()


def filled_down(rows: Iterable[Row], merged: Iterable[tuple[int, int, int]]) -> tuple[Row, ...]:
    """The rows with what merged cells show in each of their lines, where the first of them is one of ``rows``."""
    kept = {row.line: row for row in rows}
    for column, first, last in merged:
        if first not in kept or column >= len(kept[first].cells):
            continue
        for line in range(first + 1, last + 1):
            if line in kept:
                cells = [*kept[line].cells, *[Cell("")] * (column + 1 - len(kept[line].cells))]
                cells[column] = kept[first].cells[column]
                kept[line] = Row(line, tuple(cells))
    return tuple(kept.values())


def bounded(rows: Iterable[Row], where: str) -> Iterator[Row]:
    """The rows that are not empty. Raises UnreadableInput for too many rows, columns, or too long a text."""
    kept = empty = 0
    for row in rows:
        if row.empty:
            empty += 1
            if empty > MAX_EMPTY:
                return
            continue
        empty = 0
        kept += 1
        if kept > MAX_ROWS:
            raise UnreadableInput(
                Sentence("the table has more than {most:,} rows; split it", most=MAX_ROWS), where=where
            )
        used = max(number for number, cell in enumerate(row.cells, 1) if cell.text or cell.problem)
        if used > MAX_COLUMNS:
            raise UnreadableInput(
                Sentence("the table has more than {most} columns", most=MAX_COLUMNS),
                where=f"{where}:{row.line}",
            )
        if any(len(cell.text) > MAX_TEXT for cell in row.cells[:used]):
            raise UnreadableInput(
                Sentence("a cell holds more than {most:,} characters", most=MAX_TEXT),
                where=f"{where}:{row.line}",
            )
        yield Row(row.line, row.cells[:used])


def column_name(number: int) -> str:
    """The letters of a column, counted from 0.

    >>> column_name(0), column_name(27)
    ('A', 'AB')
    """
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name
