"""Data acquisition files of the Canadian Light Source: events of several kinds, cells parted by commas.

The CLS XAS database puts ``Family.key`` lines above them, as XDI has them, without the line that would make it XDI.
Only the rows of the first event, the scan itself, are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.alias_tables import meanings
from catalog.errors import UnreadableInput
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import moments, put_moment
from catalog.readers._scan_form import Hints, begin, comment, complete, place_of
from catalog.readers._scan_table import Row, read_table, split
from catalog.readers._statements import Statements
from catalog.wording import Sentence

_PROGRAM = "CLS Data Acquisition"
_KEY = re.compile(r"([A-Za-z]\w{0,30}\.\w{1,30})\s*:\s*(.*)")
_LABELS = re.compile(r"\(1\)\s+(.*)")
_CELL = re.compile(r'"([^"]*)"|(\S+)')
_MAX_HEADER = 1_000


def sniff(source: Source) -> int:
    """Certain when a comment among the first lines says that the CLS program made the file."""
    head = decode_head(source.head[:8_000])
    rows = re.split(r"\r\n|\r|\n", head or "")[:60]
    comments = [row for row in rows if row.startswith("#")]
    return 95 if any(row.strip("# ") == _PROGRAM for row in comments) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header without labels or a table that is not all numbers.
    """
    name = source.name
    said, rows = begin(source, "Data Acquisition")
    hints, labels, label_line = Hints(), [], 0
    first: list[Row] = []
    for line, text in rows:
        if line > _MAX_HEADER:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=_MAX_HEADER), where=f"{name}:{line}"
            )
        body = text.removeprefix("#").strip()
        if not text.startswith("#"):
            if text.strip():
                first = [(line, text)]
                break
        elif match := _LABELS.fullmatch(body):
            # Twice: process variables, then names in quotes, which is the row that counts.
            labels = [quoted or bare for quoted, bare in _CELL.findall(match[1])]
            label_line = line
        else:
            _read_line(said, hints, body, line)
    if not labels:
        raise UnreadableInput(Sentence("no line '#(1) ...' names the columns of the scan"), where=f"{name}:1")
    hints.labels = labels
    table = read_table(_of_first_event([*first, *rows]), name)
    return complete(said, table, labels, hints, label_line)


def _of_first_event(rows: list[Row]) -> Iterator[Row]:
    return ((line, text) for line, text in rows if split(text)[:1] == ["1"])


def _read_line(said: Statements, hints: Hints, body: str, line: int) -> None:
    if body == _PROGRAM:
        said.put("/facility", "CLS", "program", line, body)
    elif match := _KEY.fullmatch(body):
        _read_key(said, hints, match[1], match[2].strip(), line)
    elif said.form.get(f"{said.spectrum}/started") is None and moments(body):
        put_moment(said, "started", body, "date", line, "CLS")
    else:
        place_of(said, body, line, "process variable")
        comment(said, body, line, body.partition(":")[0].rstrip(" 0123456789") or "Line")


def _read_key(said: Statements, hints: Hints, key: str, value: str, line: int) -> None:
    means = meanings("cls", "fields", "key", "means").get(key.casefold(), "private")
    if not value:
        return
    if means.startswith("/"):
        said.text(means, value, key, line)
        hints.texts.append(value)
    elif means == "public":
        said.pair(key, value, line)
    elif means in {"element", "edge"}:
        symbol, shell = hints.edge[:2] if hints.edge else ("", "")
        hints.edge = (value, shell, key, line) if means == "element" else (symbol, value, key, line)
    else:
        said.private(key, value, line, person=means == "person")


READER = Reader(
    name="cls",
    title={
        "en": "CLS Data Acquisition (Canadian Light Source)",
        "ja": "CLS Data Acquisition（カナダ放射光施設）",
    },
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
