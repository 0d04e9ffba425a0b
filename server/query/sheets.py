"""Rows for spreadsheet programs: a workbook, and CSV in which no value can act as a formula.

The standard's CSV is made by the engine and escapes nothing; these two are for people who open a result with a click.
They are written in the worker, under the limits of the query.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from server.query.errors import NotRepresentable, ResultTooLarge

# A program may take a text that begins so for a formula or a command.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM: Final = "\ufeff"
# The bounds of a worksheet.
MAX_SHEET_ROWS = 1_048_576
MAX_SHEET_COLUMNS = 16_384
MAX_CELL = 32_767
_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = frozenset(
    _XSD + name
    for name in (
        *("integer", "decimal", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger"),
        *("positiveInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
        *("negativeInteger", "nonPositiveInteger"),
    )
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# A spreadsheet's number holds 15 digits; a longer one stays text, so that no digit is lost.
MAX_DIGITS = 15


class Target(Protocol):
    """Where the bytes go; raises ResultTooLarge when there are too many."""

    def write(self, data: bytes, /) -> int:
        """Take the next bytes."""


def write_safe_csv(result: Any, target: Target, limit: int, folder: Path) -> None:
    """CSV in UTF-8 with a byte order mark, so that spreadsheet programs read it as it is meant.

    A text that could be taken for a formula gets an apostrophe in front; numbers do not. ``limit`` is that of the
    target, which does the counting.
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    lines.write(_BOM)
    for row in _rows(result):
        writer.writerow([_harmless(text) if not number else text for text, number in row])
        target.write(lines.getvalue().encode())
        lines.seek(0)
        lines.truncate()


def write_workbook(result: Any, target: Target, limit: int, folder: Path) -> None:
    """A workbook of one sheet: the names of the variables, then the rows; no cell is a formula.

    Raises ResultTooLarge when its texts have more than ``limit`` bytes (the sheet is packed only at its end), and
    NotRepresentable for what no sheet can hold.
    """
    from openpyxl import Workbook

    # A sheet is collected in a file with a name; ``sweep`` removes it when this process is killed.
    tempfile.tempdir = tempfile.mkdtemp(prefix=_scratch(os.getpid()), dir=folder)
    try:
        book = Workbook(write_only=True)
        _fill(book.create_sheet("results"), result, limit)
        book.save(_Unseekable(target))
    finally:
        sweep(folder, os.getpid())
        tempfile.tempdir = None


def sweep(folder: Path, pid: int) -> None:
    """Remove what the process ``pid`` left in ``folder`` when it ended while it wrote a workbook."""
    for left in folder.glob(_scratch(pid) + "*"):
        shutil.rmtree(left, ignore_errors=True)


def _scratch(pid: int) -> str:
    return f"workbook-{pid}-"


def _fill(sheet: Any, result: Any, limit: int) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    size = 0
    for number, row in enumerate(_rows(result), 1):
        if number > MAX_SHEET_ROWS or len(row) > MAX_SHEET_COLUMNS:
            raise NotRepresentable("the answer has more rows or columns than a spreadsheet; ask for csv")
        cells = []
        for text, numeric in row:
            size += len(text.encode())
            if size > limit:
                raise ResultTooLarge(f"the answer has more than {limit:,} bytes; ask for less", limit=limit)
            if len(text) > MAX_CELL:
                raise NotRepresentable(
                    f"a value has more than {MAX_CELL:,} characters, the bound of a cell; ask for csv"
                )
            cell = WriteOnlyCell(sheet)
            try:
                if numeric and sum(character.isdigit() for character in text) <= MAX_DIGITS:
                    cell.value = float(text) if re.search(r"[.eE]", text) else int(text)
                else:
                    cell.value = text
                    # Set by hand: openpyxl takes a text that begins with "=" for a formula, "#N/A" for an error.
                    cell.data_type = "s"
            except IllegalCharacterError as error:
                raise NotRepresentable(
                    "the answer holds control characters, which no spreadsheet can; ask for csv"
                ) from error
            cells.append(cell)
        sheet.append(cells)


WRITERS: dict[str, Callable[[Any, Target, int, Path], None]] = {
    "csv-safe": write_safe_csv,
    "xlsx": write_workbook,
}


class _Unseekable:
    """The target as the file that zipfile writes to without looking back."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def write(self, data: bytes) -> int:
        return self._target.write(data)

    def flush(self) -> None:
        """Nothing is held back here."""


def _rows(result: Any) -> Iterator[list[tuple[str, bool]]]:
    """The header, then each row, as (text, whether it is a number); the yes or no of ASK as a row of its own."""
    import pyoxigraph as ox

    if isinstance(result, ox.QueryBoolean):
        yield [("answer", False)]
        yield [("true" if result else "false", False)]
        return
    names = [variable.value for variable in result.variables]
    yield [(name, False) for name in names]
    for solution in result:
        yield [_cell(solution[name]) for name in names]


def _cell(term: Any) -> tuple[str, bool]:
    if term is None:
        return "", False
    value = getattr(term, "value", None)
    if value is None:  # a triple term
        return str(term), False
    datatype = getattr(term, "datatype", None)
    if datatype is None:
        return (value if str(term).startswith("<") else f"_:{value}"), False
    return value, datatype.value in _NUMBERS and _NUMBER.fullmatch(value) is not None


def _harmless(text: str) -> str:
    # Blanks in front do not stop every program.
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
