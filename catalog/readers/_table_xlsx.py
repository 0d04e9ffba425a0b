"""XLSX files as rows of texts: checked before anything is unpacked, no formula evaluated, no link followed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any

from catalog.errors import UnreadableInput
from catalog.readers import Source
from catalog.readers._table_cells import MAX_ROWS, Cell, Row, Sheet, bounded
from catalog.wording import Sentence

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MAX_PARTS = 1_000
MAX_UNPACKED = 100 * 1024 * 1024
MAX_SHEETS = 20
_MEGABYTE = 1 << 20
_MERGED = re.compile(
    rb'<(?:\w{1,20}:)?mergeCell\s[^>]{0,200}?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"'
)
# What an XML declaration of another encoding than UTF-8 begins with.
_FOREIGN = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


def is_xlsx(head: bytes) -> bool:
    """Whether a file begins like a workbook: an archive whose first parts are those of Office Open XML."""
    return head.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in head or b"xl/" in head)


def xlsx_sheets(source: Source) -> list[Sheet]:
    """The visible sheets of a workbook. Raises UnreadableInput for what is too large, broken or hostile."""
    content = source.content()
    _check_archive(content, source.name)
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            return _sheets(book, source.name)
        finally:
            book.close()
    except UnreadableInput:
        raise
    # The library lets pass whatever a broken part makes of it: any failure is the file's.
    except (InvalidFileException, Exception) as error:
        raise UnreadableInput(
            Sentence(
                "the workbook is broken ({kind}: {error}); save it again as XLSX, or as CSV",
                kind=type(error).__name__,
                error=error,
            ),
            where=source.name,
        ) from error


def _sheets(book: Workbook, name: str) -> list[Sheet]:
    if len(book.worksheets) > MAX_SHEETS:
        raise UnreadableInput(
            Sentence("the workbook has more than {most} sheets", most=MAX_SHEETS), where=name
        )
    sheets = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        # The size a sheet claims for itself is not to be believed.
        sheet.reset_dimensions()
        rows = (
            Row(number, tuple(_cell(cell) for cell in cells))
            for number, cells in enumerate(sheet.iter_rows(), 1)
        )
        kept = tuple(bounded(rows, f"{name}!{sheet.title}"))
        sheets.append(Sheet(sheet.title, kept, _merged(sheet, kept[-1].line if kept else 0)))
    return sheets


def _merged(sheet: Any, last_line: int) -> tuple[tuple[int, int, int], ...]:
    """The cells merged downwards. A sheet that is read row by row does not tell of them; they stand behind its rows."""
    with sheet._get_source() as stream:
        tail = b""
        while chunk := stream.read(_MEGABYTE):
            place = (tail + chunk).find(b"</sheetData>")
            if place >= 0:
                tail = (tail + chunk)[place:] + stream.read(_MEGABYTE)
                break
            tail = chunk[-16:]
    from openpyxl.utils.cell import range_boundaries

    found = []
    for match in islice(_MERGED.finditer(tail), MAX_ROWS):
        left, top, right, bottom = (int(each or 0) for each in range_boundaries(match[1].decode()))
        if left == right and top < min(bottom, last_line):
            found.append((left - 1, top, min(bottom, last_line)))
    return tuple(found)


def _cell(cell: Any) -> Cell:
    kind, value = cell.data_type, cell.value
    if value is None:
        return Cell("")
    if kind == "f":
        return Cell("", "formula")
    if kind == "e":
        return Cell("", "error")
    return Cell(_text(value))


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date() | time():
            return value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()


def _check_archive(content: bytes, name: str) -> None:
    """Raise UnreadableInput unless the archive is of bearable size and its XML declares no entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise UnreadableInput(
                    Sentence("the archive has more than {most:,} parts", most=MAX_PARTS), where=name
                )
            if sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise UnreadableInput(
                    Sentence("the workbook unpacks to more than {most} MiB", most=MAX_UNPACKED // _MEGABYTE),
                    where=name,
                )
            for part in parts:
                if part.flag_bits & 1:
                    raise UnreadableInput(
                        Sentence("the workbook is encrypted; save it without a password"), where=name
                    )
                if part.filename.endswith((".xml", ".rels", ".vml")):
                    _check_xml(_chunks(archive, part), f"{name}!{part.filename}")
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise UnreadableInput(Sentence("the archive is broken: {error}", error=error), where=name) from error
    except ValueError as error:
        raise UnreadableInput(Sentence("the archive is broken: {error}", error=error), where=name) from error


def _chunks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    # No more comes out than the directory says, which was added up before.
    with archive.open(part) as stream:
        while chunk := stream.read(_MEGABYTE):
            yield chunk


def _check_xml(chunks: Iterator[bytes], where: str) -> None:
    before = b""
    for number, chunk in enumerate(chunks):
        if number == 0 and chunk.startswith(_FOREIGN):
            raise UnreadableInput(Sentence("the part is not UTF-8"), where=where)
        if b"<!DOCTYPE" in before[-16:] + chunk or b"<!ENTITY" in before[-16:] + chunk:
            raise UnreadableInput(
                Sentence("the part declares a document type, which no workbook needs"), where=where
            )
        before = chunk
