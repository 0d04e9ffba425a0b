"""Files of the XAFS Model Compound Library: ``#%key: value`` lines that state element and edge, then columns."""

from __future__ import annotations

import re

from catalog.alias_tables import meanings
from catalog.errors import InputError, UnreadableInput
from catalog.quantity import parse_quantity
from catalog.readers import Reader, Reading, Source
from catalog.readers._encoding import decode_head
from catalog.readers._hints import suggested_formula
from catalog.readers._scan_dates import put_moment
from catalog.readers._scan_form import Hints, begin, comment, complete
from catalog.readers._scan_table import is_row, read_table
from catalog.readers._statements import Statements
from catalog.wording import Sentence

_ENTRY = re.compile(r"#%\s*([A-Za-z]{2,12})\s*:\s*(.*)")
_PLACE = re.compile(r"(?P<facility>[A-Za-z][\w-]{1,12})\s+(?P<beamline>\S{1,20})")
_CRYSTAL = re.compile(r"([A-Za-z]{1,2} ?\([0-9 ]{3,6}\))")
_TEMPERATURE = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?) ?K")
_COLUMNS = re.compile(r"([0-9]{1,7})\s+(.+)")
_MAX_HEADER = 200


def sniff(source: Source) -> int:
    """Certain when the first entries include the atom, the edge and the columns."""
    head = decode_head(source.head[:4_000]) or ""
    keys = {match[1].casefold() for match in map(_ENTRY.match, re.split(r"\r\n|\r|\n", head)) if match}
    return 97 if head.startswith("#%") and {"atom", "edge", "cols"} <= keys else 0


def read(source: Source) -> Reading:
    """The spectrum as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a header that names no columns or a table that is not all numbers.
    """
    name = source.name
    said, rows = begin(source, "name")
    hints, label_line = Hints(), 0
    labels: list[str] = []
    first = (0, "")
    for line, text in rows:
        if line > _MAX_HEADER:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=_MAX_HEADER), where=f"{name}:{line}"
            )
        if is_row(text):
            first = line, text
            break
        if not (match := _ENTRY.fullmatch(text.rstrip())):
            if body := text.strip("#-=* "):
                comment(said, body, line)
            continue
        key, value = match[1].casefold(), match[2].strip()
        means = meanings("modellib", "fields", "key", "means").get(key, "private")
        if means == "columns" and (told := _COLUMNS.fullmatch(value)):
            hints.announced = int(told[1]), line
            labels, label_line = told[2].split(), line
        elif value:
            _read_entry(said, hints, means, key, value, line)
    if not labels:
        raise UnreadableInput(
            Sentence("no entry '#%cols:' names number and labels of the columns"), where=f"{name}:1"
        )
    hints.labels = labels
    table = read_table(iter([first, *rows]), name)
    return complete(said, table, labels, hints, label_line)


def _read_entry(said: Statements, hints: Hints, means: str, key: str, value: str, line: int) -> None:
    if means == "sample":
        said.text("/sample/name", value, key, line)
        if formula := suggested_formula(value.split(maxsplit=1)[0]):
            said.reading.suggestions["/sample/formula"] = formula
    elif means == "preparation":
        said.text("/sample/preparation", value, key, line)
    elif means in {"element", "edge"}:
        symbol, shell = hints.edge[:2] if hints.edge else ("", "")
        hints.edge = (value, shell, key, line) if means == "element" else (symbol, value, key, line)
    elif means == "temperature":
        match = _TEMPERATURE.fullmatch(value)
        text = f"{match[1]} K" if match else value
        try:
            parse_quantity(text, "K")
        except InputError as error:
            said.refuse("temperature", value, key, error.detail, line)
        else:
            said.of_spectrum("temperature", text, key, line, value)
    elif means == "place" and (match := _PLACE.fullmatch(value)):
        said.put("/facility", match["facility"].upper(), key, line, value)
        said.put("/beamline", match["beamline"], key, line, value)
    elif means == "mono":
        if match := _CRYSTAL.match(value):
            said.crystal(match[1], key, line)
        said.pair(key, value, line)
    elif means == "started":
        put_moment(said, "started", value, key, line, said.form.get("/facility"))
    elif means == "public":
        said.pair(key, value, line)
    else:
        said.private(key, value, line)


READER = Reader(
    name="modellib",
    title={"en": "XAFS Model Compound Library", "ja": "XAFS Model Compound Library"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
