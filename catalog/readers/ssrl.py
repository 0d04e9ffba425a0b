"""SSRL data collectors: text files of the EXAFS and MicroEXAFS Data Collector at the Stanford synchrotron.

The same programs write binary files with the same first line; these are refused. Element and edge are never stated.
"""

from __future__ import annotations

import re

from catalog.errors import InputError, UnreadableInput
from catalog.quantity import parse_quantity
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, begin, complete
from catalog.readers._scan_table import Row, is_row, read_table
from catalog.readers._statements import Statements
from catalog.wording import Sentence

_FIRST = re.compile(rb"SSRL[ -]{1,8}(?:Micro)?EXAFS Data Collector [0-9.]{1,8}")
_SIZE = re.compile(r"PTS:\s{0,12}([0-9]{1,7})\s{1,12}COLS:\s{0,12}([0-9]{1,4})\s*")
_STATION = re.compile(
    r"(?P<beamline>[0-9]{1,2}-[0-9][A-Za-z]?)\s.{0,40}?(?P<crystal>[A-Za-z]{1,2}\([0-9]{3,4}\))\s+(?P<d>[0-9.]{3,10})\b"
)
_MAX_HEADER = 40


def sniff(source: Source) -> int:
    """Certain when the file begins with the program's line; what follows may be binary."""
    return 95 if _FIRST.match(source.head) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput for a binary file, and, with the line, for a header or table that breaks off.
    """
    if decode_head(source.head) is None:
        raise UnreadableInput(
            Sentence(
                "this is a binary file of the SSRL data collector; only its text files are read. "
                "Convert it to text"
            ),
            where=source.name,
        )
    name = source.name
    said, rows = begin(source, "Data Collector")
    said.put("/facility", "SSRL", "Data Collector", 1)
    header: list[Row] = []
    for line, text in rows:
        if text.strip() == "Data:":
            break
        if line > _MAX_HEADER:
            raise UnreadableInput(
                Sentence("no line 'Data:' within {most} lines", most=_MAX_HEADER), where=f"{name}:{line}"
            )
        header.append((line, text.strip()))
    else:
        raise UnreadableInput(Sentence("the file ends before the line 'Data:'"), where=name)
    hints, count = _read_header(said, header)
    labels: list[str] = []
    line = len(header) + 1
    for line, text in rows:
        if text.strip() and is_row(text):
            raise UnreadableInput(
                Sentence("a row of numbers stands where an empty line ends the labels"),
                where=f"{name}:{line}",
            )
        if not text.strip() or len(labels) > count:
            break
        labels.append(text.strip())
    return complete(said, read_table(rows, name), labels, hints, line)


def _read_header(said: Statements, header: list[Row]) -> tuple[Hints, int]:
    texts = dict(header)
    size = _SIZE.fullmatch(texts.get(3, ""))
    if size is None:
        raise UnreadableInput(
            Sentence("the third line does not state 'PTS:' and 'COLS:'"), where=f"{said.name}:3"
        )
    hints = Hints(announced=(int(size[1]), 3))
    put_moment(said, "started", texts.get(2, ""), "date", 2, "SSRL")
    for line in (4, 5):
        # Names of files on the program's computer; that of the regions is called after the edge.
        said.private("File", texts.get(line, ""), line)
    hints.texts.append(re.sub(r"\.rgn$", "", texts.get(5, ""), flags=re.IGNORECASE))
    _read_station(said, texts.get(6, ""))
    said.private("Settings", texts.get(7, "").removesuffix("COMMENTS"), 7)
    comments = []
    for line, text in header[7:]:
        if text in {"Weights:", "Offsets:"} or is_row(text):
            continue
        if text:
            comments.append((text, line))
            said.private("Comment", text, line)
    hints.sample = comments[0] if comments else None
    hints.texts += [text for text, _ in comments]
    return hints, int(size[2])


def _read_station(said: Statements, text: str) -> None:
    match = _STATION.match(text)
    if match is None:
        said.private("Station", text, 6)
        return
    said.put("/beamline", match["beamline"], "station", 6, text)
    said.crystal(match["crystal"], "station", 6)
    try:
        parse_quantity(f"{match['d']} Å", "Å")
    except InputError as error:
        said.refuse("monochromator/d_spacing", match["d"], "station", error.detail, 6)
    else:
        said.of_spectrum("monochromator/d_spacing", f"{match['d']} Å", "station", 6, text)


READER = Reader(
    name="ssrl",
    title={"en": "SSRL EXAFS Data Collector (text)", "ja": "SSRL EXAFS Data Collector（テキスト）"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
