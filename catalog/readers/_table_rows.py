"""Rows made into deposit forms: a row a deposit, or a spectrum of the deposit that rows name together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.columns import DEPOSIT, SEPARATOR, Heading
from catalog.document import Form, Origin
from catalog.findings import Finding, define, finding
from catalog.form import Kind
from catalog.readers._table_cells import Cell, Row, column_name
from catalog.readers._table_headings import Table

define(
    "table-formula",
    "error",
    "The cell {value} holds a formula, which is not evaluated; paste its value instead.",
    "セル {value} は数式です。数式は計算しないので、値を貼り付けてください。",
)
define(
    "table-cell-error",
    "error",
    "The cell {value} holds a spreadsheet error; correct it.",
    "セル {value} は表計算のエラー値です。直してください。",
)
define(
    "table-rows-disagree",
    "error",
    "The rows of the deposit {value!r} disagree about {field}; write it in the first of them only.",
    "登録「{value}」の行の間で {field} が食い違っています。最初の行にだけ書いてください。",
)
define(
    "table-list-uneven",
    "error",
    "The cell {value} has another number of values than the names it belongs to; separate as many by {separator}.",
    "セル {value} の値の数が名前の数と合いません。同じ数だけ {separator} で区切って書いてください。",
)

_BARE_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_SPECTRA = "spectra."
# Lists of groups: what their cells hold stands in the same order, one value a group.
_SEVERAL = ("creators", "funding")


def deposits(table: Table, name: str, findings: list[Finding]) -> Iterator[Form]:
    """The forms of a table, in the order of their first rows; findings of cells are appended to ``findings``."""
    key = next((column for column, meant in table.headings.items() if meant.column.path == DEPOSIT), None)
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        word = row.cells[key].text if key is not None and key < len(row.cells) else ""
        # A row without a word stands for itself.
        groups.setdefault(word or f"\0{row.line}", []).append(row)
    for word, rows in groups.items():
        filling = _Filling(table, name, word, findings)
        for number, row in enumerate(rows):
            filling.add(row, number)
        if filling.form.values:
            yield filling.form


class _Filling:
    """One deposit under construction."""

    def __init__(self, table: Table, name: str, word: str, findings: list[Finding]) -> None:
        self.table = table
        self.name = name
        self.word = word
        self.findings = findings
        self.form = Form()

    def add(self, row: Row, spectrum: int) -> None:
        """Put the cells of ``row`` on the form; those of a spectrum on the spectrum with that number."""
        if any(self._path(column).startswith(_SPECTRA) for column in self._filled(row)):
            self.form.values.setdefault("spectra", []).append({})
        here = len(self.form.values.get("spectra", [])) - 1
        for column in self._filled(row):
            meant, cell = self.table.headings[column], row.cells[column]
            origin = Origin("person", self.name, row.line, self._cell(column, row), cell.text)
            if cell.problem:
                code = "table-formula" if cell.problem == "formula" else "table-cell-error"
                self._report(code, row, column, "")
            elif (several := meant.column.path.partition(".")[0]) in _SEVERAL:
                if spectrum == 0 or not self.form.get(f"/{several}"):
                    self._several(several, meant, cell, origin, row, column)
                else:
                    self._same_several(several, meant, cell, row)
            elif meant.column.path != DEPOSIT:
                self._put(meant, cell, origin, row, here)

    def _path(self, column: int) -> str:
        return self.table.headings[column].column.path

    def _filled(self, row: Row) -> list[int]:
        return [
            column
            for column in self.table.headings
            if column < len(row.cells) and (row.cells[column].text or row.cells[column].problem)
        ]

    def _put(self, meant: Heading, cell: Cell, origin: Origin, row: Row, here: int) -> None:
        field = meant.column.field
        assert field is not None  # only the deposit's own column has none
        pointer = "/" + meant.column.path.replace(".", "/")
        if meant.column.path.startswith(_SPECTRA):
            pointer = pointer.replace("/spectra/", f"/spectra/{here}/", 1)
        text = _with_unit(cell.text, meant.unit)
        if Kind.LIST in field.key.kinds:
            values = _split(text)
            if Kind.TEXT in field.key.kinds and len(values) == 1:
                self._set(pointer, values[0], origin, row, meant)
                return
            if self.form.get(pointer) not in (None, values):
                self._disagree(row, meant)
                return
            for number, value in enumerate(values):
                self.form.put(f"{pointer}/{number}", value, origin)
            return
        self._set(pointer, text, origin, row, meant)

    def _set(self, pointer: str, text: str, origin: Origin, row: Row, meant: Heading) -> None:
        present = self.form.get(pointer)
        if present is not None and present != text:
            self._disagree(row, meant)
        elif present is None:
            self.form.put(pointer, text, origin)

    def _several(self, key: str, meant: Heading, cell: Cell, origin: Origin, row: Row, column: int) -> None:
        values = _split(cell.text, keep_empty=True)
        below = meant.column.path.removeprefix(f"{key}.").replace(".", "/")
        known = len(self.form.get(f"/{key}") or [])
        if known and len(values) != known:
            self._report("table-list-uneven", row, column, f"/{key}/0/{below}", separator=SEPARATOR)
            return
        for number, value in enumerate(values):
            if not known:
                self.form.put(f"/{key}/{number}", {}, origin)
            if value:
                self.form.put(f"/{key}/{number}/{below}", value, origin)

    def _same_several(self, key: str, meant: Heading, cell: Cell, row: Row) -> None:
        below = meant.column.path.removeprefix(f"{key}.").replace(".", "/")
        stated = [
            self.form.get(f"/{key}/{number}/{below}") or "" for number in range(len(self.form.values[key]))
        ]
        if stated != _split(cell.text, keep_empty=True):
            self._disagree(row, meant)

    def _disagree(self, row: Row, meant: Heading) -> None:
        self.findings.append(
            finding(
                "table-rows-disagree",
                path="/" + meant.column.path.replace(".", "/"),
                file=self.name,
                line=row.line,
                value=self.word.strip("\0"),
                field=meant.column.path,
            )
        )

    def _report(self, code: str, row: Row, column: int, path: str, **fields: object) -> None:
        place = path or "/" + self._path(column).replace(".", "/")
        self.findings.append(
            finding(code, path=place, file=self.name, line=row.line, value=self._cell(column, row), **fields)
        )

    def _cell(self, column: int, row: Row) -> str:
        cell = f"{column_name(column)}{row.line}"
        return f"{self.table.sheet}!{cell}" if self.table.sheet else cell


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if unit and _BARE_NUMBER.fullmatch(text) else text


def _split(text: str, *, keep_empty: bool = False) -> list[str]:
    parts = [part.strip() for part in re.split(f"[{SEPARATOR}；\n]", text)]
    return parts if keep_empty else [part for part in parts if part]
