"""CSV read by evidence: the encoding that decodes the whole file, the separator under which headings are known."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from catalog.errors import UnreadableInput
from catalog.readers import Source
from catalog.readers._nodes import MAX_TEXT, decode
from catalog.readers._table_cells import Cell, Row, Sheet, bounded
from catalog.readers._table_headings import LOOK_AT, known_share
from catalog.wording import Sentence

SEPARATORS = ",\t;"
_UNICODE_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uff66-\uff9f]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def looks_like_table(head: bytes) -> bool:
    """Whether the first lines of a text hold known headings between separators."""
    if head.startswith(b"PK") or (b"\0" in head and not head.startswith(_UNICODE_MARKS[1:])):
        return False
    text = _decoded_head(head)
    return text is not None and _separator(text) is not None


def csv_rows(source: Source) -> Sheet:
    """The rows of a CSV file. Raises UnreadableInput for an encoding that cannot be told and for broken quotes."""
    content = source.content()
    text = _decoded(content, source.name)
    separator = _separator(text[:65_536])
    if separator is None:
        raise UnreadableInput(Sentence("no row of the table holds known headings"), where=source.name)
    return Sheet("", tuple(bounded(_parsed(text, separator, source.name), source.name)))


def _parsed(text: str, separator: str, name: str) -> Iterator[Row]:
    # One line may not swallow the file: an unclosed quote is an error, not a cell.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    before = 0
    csv.field_size_limit(MAX_TEXT + 1)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableInput(
                Sentence("the table is broken here ({error}); is a quote left open?", error=error),
                where=f"{name}:{before + 1}",
            ) from error
        yield Row(before + 1, tuple(Cell(cell.strip()) for cell in cells))
        before = reader.line_num


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(_UNICODE_MARKS):
        return decode(content, name)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        text = _shift_jis(content)
        if text is None:
            raise UnreadableInput(
                Sentence("the text is neither UTF-8 nor Shift_JIS; save it as UTF-8"), where=name
            ) from None
        return text
    return decode(content, name)


def _decoded_head(head: bytes) -> str | None:
    """The head as text; a character may be cut at its end."""
    if head.startswith(_UNICODE_MARKS):
        encoding = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-16"
        return head[: len(head) // 2 * 2 if encoding == "utf-16" else None].decode(encoding, "ignore")
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > len(head) - 4:
            return head[: error.start].decode("utf-8")
    return _shift_jis(head) or _shift_jis(head[:-1])


def _shift_jis(content: bytes) -> str | None:
    """The text where the bytes are Shift_JIS and hold Japanese: half of all bytes sequences decode somehow."""
    try:
        text = content.decode("cp932")
    except UnicodeDecodeError:
        return None
    return text if _JAPANESE.search(text) and not _CONTROL.search(text) else None


def _separator(text: str) -> str | None:
    """The separator under which one of the first lines holds most known headings; None when none does."""
    best: tuple[int, str] | None = None
    lines = [line for line in text.splitlines()[: LOOK_AT * 2] if line.strip()][:LOOK_AT]
    for separator in SEPARATORS:
        for line in lines:
            # A line between bars is a table of a text in Markdown, whatever its cells hold.
            if separator not in line or line.lstrip().startswith("|"):
                continue
            try:
                (cells,) = csv.reader([line], delimiter=separator)
            except (csv.Error, ValueError):
                continue
            known = known_share(cells)
            if known and (best is None or known > best[0]):
                best = (known, separator)
    return best[1] if best else None
