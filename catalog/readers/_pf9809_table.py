"""The table of a 9809 file: angles set and observed, time, and the counts of each detector channel."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from catalog.alias_tables import meanings
from catalog.errors import UnreadableInput
from catalog.readers._pf9809_header import Header, number
from catalog.wording import Sentence

MAX_ROWS = 1_000_000
# Angle set, angle observed, time: the counts begin behind them.
_FIXED = 3

Row = Sequence[float]


@dataclass(frozen=True, slots=True)
class Signal:
    """The signal of a row, made of its channels, and a label that says how."""

    label: str
    value: Callable[[Row], float]


@dataclass(slots=True)
class Table:
    """What was kept of the table. ``overflow`` is the first line with a number too wide for its field."""

    columns: int
    first: tuple[int, str]
    last: tuple[int, str]
    signal: Signal | None
    angle_set: array[float] = field(default_factory=lambda: array("d"))
    angle: array[float] = field(default_factory=lambda: array("d"))
    ordinate: array[float] = field(default_factory=lambda: array("d"))
    overflow: int | None = None


def read_table(rows: Iterator[tuple[int, str]], header: Header, mode: str | None, name: str) -> Table:
    """The rows after the header. Raises UnreadableInput, with the line, for a row that is not all numbers."""
    table: Table | None = None
    for line, text in rows:
        if not text.strip():
            continue
        where = f"{name}:{line}"
        words = _fields(text, header, table.columns if table else None)
        if table is None:
            if len(words) < max(_FIXED, len(header.labels)):
                raise UnreadableInput(
                    Sentence(
                        "the row has {count} numbers where the labels name {labels} columns",
                        count=len(words),
                        labels=len(header.labels),
                    ),
                    where=where,
                )
            table = Table(len(words), (line, words[1]), (line, words[1]), signal_of(header, len(words), mode))
        if len(words) != table.columns:
            raise UnreadableInput(
                Sentence(
                    "the row has {count} numbers where the first row has {first}",
                    count=len(words),
                    first=table.columns,
                ),
                where=where,
            )
        if len(table.angle) == MAX_ROWS:
            raise UnreadableInput(
                Sentence("the table has more than {most:,} rows", most=MAX_ROWS), where=where
            )
        row = [_value(word, index, where) for index, word in enumerate(words)]
        if table.overflow is None and not all(map(math.isfinite, row)):
            table.overflow = line
        table.angle_set.append(row[0])
        table.angle.append(row[1])
        table.ordinate.append(table.signal.value(row) if table.signal else math.nan)
        table.last = line, words[1]
    if table is None:
        raise UnreadableInput(
            Sentence("the file ends without a table of numbers after its header"), where=name
        )
    return table


def signal_of(header: Header, columns: int, mode: str | None) -> Signal | None:
    """The signal of the detection ``mode``, else the one the channels allow; None without an incident beam."""
    roles = meanings("pf9809", "channels", "code", "counts")
    counted: dict[str, list[int]] = {}
    for index, code in enumerate(header.modes):
        if _FIXED <= index < columns and code in roles:
            counted.setdefault(roles[code], []).append(index)
    incident = counted.pop("incident", [None])[0]
    wanted = next((each for each in (mode, *counted) if each in counted), None)
    if incident is None or wanted is None:
        return None
    channels = counted[wanted]
    if wanted == "transmission":
        return Signal("ln(I0/I1)", _logarithm(incident, channels[0]))
    return Signal("If/I0" if wanted == "fluorescence" else "Ie/I0", _ratio(channels, incident))


def _fields(text: str, header: Header, columns: int | None) -> list[str]:
    words = text.split()
    expected = columns or len(header.labels)
    if len(words) == expected:
        return words
    # Numbers as wide as their ten characters stand without a blank between them.
    text, end = text.rstrip(), header.label_end
    starts = range(end, len(text), 10)
    cut = [text[max(0, end - 10) : end].strip(), *(text[at : at + 10].strip() for at in starts)]
    if len(cut) == expected and not any(" " in each or not each for each in cut):
        return cut
    return words


def _value(word: str, index: int, where: str) -> float:
    value = number(word)
    if value is not None:
        return value
    if index >= _FIXED and set(word) == {"*"}:
        # Fortran fills a field with stars where the number does not fit.
        return math.nan
    raise UnreadableInput(
        Sentence("{word!r} in column {column} of the table is no number", word=word[:40], column=index + 1),
        where=where,
    )


def _logarithm(over: int, under: int) -> Callable[[Row], float]:
    def value(row: Row) -> float:
        quotient = row[over] / row[under] if row[under] else 0.0
        return math.log(quotient) if quotient > 0 else math.nan

    return value


def _ratio(summed: list[int], under: int) -> Callable[[Row], float]:
    def value(row: Row) -> float:
        return sum(row[index] for index in summed) / row[under] if row[under] else math.nan

    return value
