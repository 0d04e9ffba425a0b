"""The rows of a table that are headings, and the column of the form that each heading means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog.columns import Heading, heading
from catalog.errors import UnreadableInput
from catalog.readers._table_cells import Row, Sheet, column_name, filled_down
from catalog.wording import Sentence

# Titles, notes and banners may stand above the headings.
LOOK_AT = 20
# Known headings a row needs, and their least share of its cells: a row of data seldom has two.
_LEAST, _SHARE = 2, 0.5
_NO_HEADING = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?\s*\S{0,4}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what each column means, the headings it does not know (by column and name), the rows below."""

    sheet: str
    line: int
    headings: Mapping[int, Heading]
    unknown_columns: Mapping[int, str]
    rows: tuple[Row, ...]

    @property
    def unknown(self) -> dict[str, str]:
        """The headings that mean nothing here, with the letters of their column."""
        return {name: column_name(column) for column, name in self.unknown_columns.items()}


def known_share(cells: Sequence[str]) -> int:
    """How many different headings a row holds; 0 when they are too few for it to be a row of headings."""
    stated = [cell for cell in cells if cell.strip()]
    known = len({meant.column.path for cell in stated if (meant := _meant(cell))})
    return known if known >= _LEAST and known >= _SHARE * len(stated) else 0


def find_tables(sheets: Iterable[Sheet], name: str) -> list[Table]:
    """The tables of a file: each sheet that has a row of headings.

    Two rows of headings, one in each language, count as one. Raises UnreadableInput when no sheet has any, when
    two columns mean the same, or when two rows of headings disagree.
    """
    tables = [table for sheet in sheets if (table := _table(sheet, name))]
    if not tables:
        raise UnreadableInput(
            Sentence("no row of the table holds known headings; xafscat template makes a table to fill in"),
            where=name,
        )
    return tables


def _table(sheet: Sheet, name: str) -> Table | None:
    rows = list(sheet.rows)
    first = next(
        (number for number, row in enumerate(rows[:LOOK_AT]) if known_share([c.text for c in row.cells])),
        None,
    )
    if first is None:
        return None
    found: dict[int, Heading] = {}
    names: dict[int, str] = {}
    following = first
    while following < len(rows) and (
        following == first or known_share([c.text for c in rows[following].cells])
    ):
        for column, cell in enumerate(rows[following].cells):
            if not cell.text:
                continue
            names.setdefault(column, cell.text)
            if meant := _meant(cell.text):
                found[column] = _agreed(found.get(column), meant, f"{name}:{rows[following].line}", cell.text)
        following += 1
    _check_unique(found, f"{name}:{rows[first].line}")
    unknown = {column: text for column, text in names.items() if column not in found}
    return Table(sheet.name, rows[first].line, found, unknown, filled_down(rows[following:], sheet.merged))


def _agreed(before: Heading | None, meant: Heading, where: str, text: str) -> Heading:
    if before is None or before.column.path == meant.column.path:
        return before if before and before.unit and not meant.unit else meant
    if before.column.path.startswith(meant.column.path + "."):
        return before  # the language was said in the row above
    if meant.column.path.startswith(before.column.path + "."):
        return meant
    raise UnreadableInput(
        Sentence(
            "the headings of a column disagree: {path} above, {text!r} below",
            path=before.column.path,
            text=text,
        ),
        where=where,
    )


def _check_unique(found: Mapping[int, Heading], where: str) -> None:
    seen: dict[str, int] = {}
    for column, meant in found.items():
        path = meant.column.path
        clash = seen.get(path, seen.get(path.removesuffix(f".{meant.column.language}")))
        if clash is None and not meant.column.language:
            clash = next((other for known, other in seen.items() if known.startswith(f"{path}.")), None)
        if clash is not None:
            both = f"{column_name(clash)}, {column_name(column)}"
            raise UnreadableInput(
                Sentence(
                    "the columns {both} mean the same field ({path}); keep one, or say the language of each",
                    both=both,
                    path=path,
                ),
                where=where,
            )
        seen[path] = column


def _meant(text: str) -> Heading | None:
    stated = text.strip()
    if not stated or _NO_HEADING.fullmatch(stated):
        return None
    return heading(stated)
