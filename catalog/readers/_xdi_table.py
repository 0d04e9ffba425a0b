"""The data table of an XDI file: rows of plain numbers, all of the same length."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from catalog.errors import UnreadableInput
from catalog.findings import define, finding
from catalog.readers import Curve
from catalog.readers._curves import thinned_curve
from catalog.readers._xdi_columns import Axis, Signal, axis_of, columns_of, signal_of
from catalog.readers._xdi_header import Column, Header
from catalog.wording import Sentence

define(
    "xdi-comment-in-table",
    "info",
    "The table is interrupted by a comment line, which was skipped.",
    "表の途中にコメント行があり、読み飛ばしました。",
)

MAX_COLUMNS = 4_096
MAX_ROWS = 1_000_000

_PLAIN = re.compile(r"[0-9+\-.eE \t]*")


@dataclass(slots=True)
class Table:
    """What was kept of the table: first column and signal, and the first and last rows as written."""

    columns: list[Column]
    axis: Axis
    signal: Signal | None
    first: tuple[int, str]
    last: tuple[int, str]
    abscissa: array[float] = field(default_factory=lambda: array("d"))
    ordinate: array[float] = field(default_factory=lambda: array("d"))


def read_table(rows: Iterator[tuple[int, str]], header: Header, name: str, element: str | None) -> Table:
    """The table in ``rows``. Raises UnreadableInput with the line of a row that is not all numbers, or too long."""
    table: Table | None = None
    count = 0
    for number, line in rows:
        words = line.split()
        if not words:
            continue
        if words[0].startswith("#"):
            _skip_comment(header, number, name)
            continue
        row = _numbers(line, words, f"{name}:{number}")
        if table is None:
            count = len(row)
            table = _begun(header, count, name, element, (number, words[0]))
        elif len(row) != count:
            raise UnreadableInput(
                Sentence(
                    "the row has {count} numbers where the first row has {first}", count=len(row), first=count
                ),
                where=f"{name}:{number}",
            )
        if len(table.abscissa) == MAX_ROWS:
            raise UnreadableInput(
                Sentence("the table has more than {most:,} rows", most=MAX_ROWS), where=f"{name}:{number}"
            )
        table.abscissa.append(row[0])
        if table.signal:
            table.ordinate.append(table.signal.value(row))
        table.last = number, words[0]
    if table is None:
        raise UnreadableInput(
            Sentence("the file ends without a table of numbers after its header"), where=name
        )
    return table


def curve_of(table: Table, energies: Sequence[float]) -> Curve | None:
    """The points to plot, at most 5,000; None when less than half of them have a value."""
    return thinned_curve(energies, table.ordinate, table.signal.label) if table.signal else None


def _begun(header: Header, count: int, name: str, element: str | None, first: tuple[int, str]) -> Table:
    if count > MAX_COLUMNS:
        raise UnreadableInput(
            Sentence(
                "the table has {count:,} columns; at most {most:,} are read", count=count, most=MAX_COLUMNS
            ),
            where=f"{name}:{first[0]}",
        )
    columns = columns_of(header, count, name)
    return Table(
        columns, axis_of(columns[0], header, name), signal_of(header, columns, element), first, first
    )


def _numbers(line: str, words: list[str], where: str) -> list[float]:
    # float() alone would take "nan", "1_000" and digits of other scripts.
    if _PLAIN.fullmatch(line):
        try:
            row = list(map(float, words))
        except ValueError:
            pass
        else:
            if all(map(math.isfinite, row)):
                return row
    for column, word in enumerate(words, 1):
        if not _PLAIN.fullmatch(word) or not _is_finite(word):
            raise UnreadableInput(
                Sentence(
                    "{word!r} in column {column} of the table is no number", word=word[:40], column=column
                ),
                where=where,
            )
    raise UnreadableInput(Sentence("the row holds something else than numbers"), where=where)


def _is_finite(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _skip_comment(header: Header, number: int, name: str) -> None:
    told = any(item.code == "xdi-comment-in-table" for item in header.findings)
    if header.outer is None and not told:
        header.findings.append(finding("xdi-comment-in-table", file=name, line=number))
