"""Spreadsheets of deposits, CSV or XLSX: a heading for each field, a row for each deposit.

Headings are paths of the form or labels in English or Japanese. Formulas are not evaluated and nothing outside
the file is followed. ``xafscat template`` makes a spreadsheet to fill in.
"""

from __future__ import annotations

from catalog.errors import UnreadableInput
from catalog.findings import define, finding
from catalog.form import check_keys, check_text
from catalog.plain_fields import form_table
from catalog.readers import HeaderPair, Reader, Reading, Source
from catalog.readers._table_csv import csv_rows, looks_like_table
from catalog.readers._table_headings import Table, find_tables
from catalog.readers._table_rows import deposits
from catalog.readers._table_xlsx import is_xlsx, xlsx_sheets
from catalog.wording import Sentence

define(
    "table-column-unknown",
    "warning",
    "The column {value!r} is not a field of the deposit form; it is kept, but never public. "
    "docs/fields.md lists the fields.",
    "列「{value}」は登録票の項目ではありません。非公開で保存します。項目は docs/fields.md にあります。",
)

_CERTAIN, _LIKELY = 70, 60


def sniff(source: Source) -> int:
    """How sure it is that the file is a spreadsheet of deposits: an XLSX file, or text with known headings."""
    if is_xlsx(source.head):
        return _CERTAIN
    return _LIKELY if looks_like_table(source.head) else 0


def read(source: Source) -> Reading:
    """A form for each deposit. Raises UnreadableInput for hostile files and for tables without known headings."""
    sheets = xlsx_sheets(source) if is_xlsx(source.head) else [csv_rows(source)]
    tables = find_tables(sheets, source.name)
    reading = Reading()
    for table in tables:
        for name, place in table.unknown.items():
            reading.findings.append(
                finding("table-column-unknown", file=source.name, line=table.line, value=f"{name} ({place})")
            )
        _read_table(table, source.name, reading)
    if not reading.forms:
        raise UnreadableInput(Sentence("the table has headings but no row below them"), where=source.name)
    return reading


def _read_table(table: Table, name: str, reading: Reading) -> None:
    for form in deposits(table, name, reading.findings):
        # The columns come from the form's own table; what is checked is what the cells hold.
        problems = check_keys(form, form_table())
        assert not problems, problems
        reading.findings += check_text(form, form_table())
        reading.forms.append(form)
    reading.private += [
        HeaderPair(f"Table.{heading}", row.cells[column].text, row.line)
        for row in table.rows
        for column, heading in table.unknown_columns.items()
        if column < len(row.cells) and row.cells[column].text
    ]


READER = Reader(
    name="table",
    title={"en": "Spreadsheet of deposits (CSV, XLSX)", "ja": "登録の表（CSV・XLSX）"},
    specification="docs/fields.md",
    sniff=sniff,
    read=read,
)
