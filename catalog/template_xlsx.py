"""The deposit form as a workbook: headings in both languages, lists to choose from, and a sheet that explains."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from catalog.columns import SEPARATOR, Column, columns
from catalog.fields import Choice, fields

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

# Rows prepared for entries: lists to choose from are offered there, text is kept as text.
ROWS = 1000
HEADING_ROWS = 2
_SHEETS = {"en": ("deposits", "fields", "lists"), "ja": ("登録", "項目の説明", "選択肢")}
_HEAD = {
    "en": ("key", "English", "Japanese", "what it says", "asked by", "unit", "words", "example", "property"),
    "ja": ("キー", "英語名", "日本語名", "説明", "必要なレベル", "単位", "使える語", "記入例", "プロパティ"),
}
_NOTES = {
    "en": (
        "One row is one deposit with one spectrum. Rows with the same word in the first column are the spectra of "
        "one deposit; what they say of the deposit is written in the first of them only.",
        f"Several values in one cell (creators, funding, papers, files, edges) are separated by {SEPARATOR}",
        "What is not known is written as unknown. A number without a unit is in the unit of its heading.",
        "Columns may be left out, moved, or added; the catalog keeps columns it does not know to itself.",
        "Formulas are not evaluated: paste values.",
    ),
    "ja": (
        "1行がスペクトル一つの登録です。第1列の語が同じ行は、一つの登録に属するスペクトルとして扱います。"
        "登録全体についての項目は、その最初の行にだけ書きます。",
        f"一つのセルに複数の値（作成者、研究資金、論文、ファイル、吸収端）を書くときは {SEPARATOR} で区切ります。",
        "不明な項目は unknown と書きます。単位のない数値は、見出しの単位とみなします。",
        "列は削除・移動・追加できます。カタログが知らない列は非公開のまま保存します。",
        "数式は計算しません。値を貼り付けてください。",
    ),
}


def xlsx_template(language: str = "en") -> bytes:
    """The workbook: a sheet to fill in, a sheet that explains each column, a hidden sheet of lists."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    names = _SHEETS[language]
    sheet.title = names[0]
    _headings(sheet)
    _explain(book.create_sheet(names[1]), language)
    _lists(book, sheet, names[2], language)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _headings(sheet: Worksheet) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    asked = PatternFill("solid", fgColor="FFF2CC")
    other = PatternFill("solid", fgColor="EEEEEE")
    for number, column in enumerate(columns(), 1):
        letter = get_column_letter(number)
        for row, language in enumerate(("en", "ja"), 1):
            cell = sheet.cell(row=row, column=number, value=column.label.get(language) or column.label["en"])
            cell.font = Font(bold=True)
            cell.fill = asked if column.field and column.field.required == "findable" else other
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        dimension = sheet.column_dimensions[letter]
        dimension.width = 22
        dimension.number_format = "@"  # so that 111 and 2020-05 stay what was typed
    sheet.freeze_panes = f"B{HEADING_ROWS + 1}"


def _explain(sheet: Worksheet, language: str) -> None:
    from openpyxl.styles import Alignment, Font

    for note in _NOTES[language]:
        sheet.append([note])
    sheet.append([])
    sheet.append(list(_HEAD[language]))
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for each in fields():
        words = ", ".join(choice.word for choice in each.choices)
        meaning = each.meaning.get(language) or each.meaning.get("en", "")
        labels = [each.label.get("en", each.name), each.label.get("ja", "")]
        sheet.append([each.path, *labels, meaning, each.required, each.unit, words, each.example, each.term])
    for letter, width in zip("ABCDEFGHI", (30, 26, 26, 60, 14, 8, 40, 28, 46), strict=True):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=len(_NOTES[language]) + 2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _lists(book: Workbook, sheet: Worksheet, name: str, language: str) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = book.create_sheet(name)
    lists.sheet_state = "hidden"
    with_choices = [(number, column) for number, column in enumerate(columns(), 1) if _choices(column)]
    for place, (number, column) in enumerate(with_choices, 1):
        words = [_word(choice, language) for choice in _choices(column)]
        for row, word in enumerate([column.path, *words], 1):
            lists.cell(row=row, column=place, value=word)
        letter, own = get_column_letter(place), get_column_letter(number)
        offered = DataValidation(
            "list", formula1=f"'{name}'!${letter}$2:${letter}${len(words) + 1}", allow_blank=True
        )
        offered.showErrorMessage = False  # other spellings and several values are understood as well
        offered.add(f"{own}{HEADING_ROWS + 1}:{own}{ROWS + HEADING_ROWS}")
        sheet.add_data_validation(offered)


def _choices(column: Column) -> tuple[Choice, ...]:
    return column.field.choices if column.field else ()


def _word(choice: Choice, language: str) -> str:
    """The word to choose: in Japanese the label where there is one, for the catalog reads both."""
    return choice.label.get("ja", choice.word) if language == "ja" else choice.word
