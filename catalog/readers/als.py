"""The .e files of ALS beamline 10.3.2: a header of ``#%Key: value`` lines and a normalised spectrum of two columns.

The header names the edge but never the element; what points to it becomes a suggestion.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath

from catalog.alias_tables import alias_table, meanings
from catalog.document import Form
from catalog.errors import InputError, UnreadableInput
from catalog.readers import Reader, Reading, Source
from catalog.readers._curves import thinned_curve
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines
from catalog.readers._hints import named_edges, suggested_edge, suggested_formula, symbols
from catalog.readers._pf9809_header import number
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence
from catalog.xray import normalise_edge

SPECTRUM = "/spectra/0"
MAX_HEADER_LINES = 400
MAX_ROWS = 1_000_000
_ENTRY = re.compile(r"#%\s*([^:=]{1,60}?)\s*:(.*)")
# Programs have wrapped the long rule that ends the header.
_RULE = re.compile(r"(?:#%?\s*)?=+\s*")
_DEGREES = re.compile(r"\(\s*([0-9]{1,3}(?:\.[0-9]{1,3})?)\s*(?:deg)?\s*C\s*\)")
# Notes say from whom a sample or a reference came.
_GIVEN_BY = re.compile(r"\b(?:from|by|see)\b:?\s+[A-Z][a-z]*\.?\s+(?:[A-Z]\.\s+)?[A-Z][a-z]+")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(slots=True)
class _Contents:
    entries: list[tuple[int, str, str]] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    energy: array[float] = field(default_factory=lambda: array("d"))
    signal: array[float] = field(default_factory=lambda: array("d"))
    first: tuple[int, str] = (0, "")
    last: tuple[int, str] = (0, "")


def sniff(source: Source) -> int:
    """Certain when the file begins with ``#%Key: value`` lines, two of them known."""
    head = decode_head(source.head)
    if head is None or not head.startswith("#%"):
        return 0
    known = meanings("als", "fields", "label", "means")
    keys = {match[1].casefold() for match in map(_ENTRY.match, head[:4_096].splitlines()) if match}
    return 95 if len(keys & known.keys()) >= 2 else 0


def read(source: Source) -> Reading:
    """The spectrum as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a table that is not two columns of numbers.
    """
    decoded = decode(source.content(), source.name)
    contents = _take_apart(lines(decoded.text, source.name), source.name)
    reading = Reading([Form()], findings=encoding_findings(decoded, source.name))
    _Filling(contents, reading, source.name).run()
    return reading


def _take_apart(rows: Iterator[tuple[int, str]], name: str) -> _Contents:
    contents = _Contents()
    for line, text in rows:
        where = f"{name}:{line}"
        if match := _ENTRY.match(text):
            if line > MAX_HEADER_LINES:
                raise UnreadableInput(
                    Sentence("the header has more than {most:,} lines", most=MAX_HEADER_LINES), where=where
                )
            contents.entries.append((line, match[1], match[2].strip()))
        elif not text.strip() or _RULE.fullmatch(text):
            continue
        elif text.startswith("#"):
            contents.comments.append((line, text.lstrip("#% ").strip()))
        else:
            _row(contents, line, text.split(), where)
    if not contents.energy:
        raise UnreadableInput(Sentence("the file ends without a row of numbers after its header"), where=name)
    return contents


def _row(contents: _Contents, line: int, cells: list[str], where: str) -> None:
    values = [number(cell) for cell in cells[:3]]
    if len(cells) != 2 or None in values:
        shown = " ".join(cells)[:60]
        raise UnreadableInput(
            Sentence("the row is no energy and absorption: {shown!r}", shown=shown), where=where
        )
    if len(contents.energy) == MAX_ROWS:
        raise UnreadableInput(Sentence("the table has more than {most:,} rows", most=MAX_ROWS), where=where)
    energy, signal = values
    assert energy is not None
    assert signal is not None
    contents.energy.append(energy)
    contents.signal.append(signal)
    contents.first = contents.first if contents.first[0] else (line, cells[0])
    contents.last = line, cells[0]


class _Filling:
    def __init__(self, contents: _Contents, reading: Reading, name: str) -> None:
        self.contents, self.reading, self.name = contents, reading, name
        self.form = reading.forms[0]
        self.into = Statements(reading, self.form, name)
        self.kinds: dict[str, Callable[[str, str, int], None]] = {
            "sample": lambda key, value, line: self.into.text("/sample/name", plain(value), key, line),
            "preparation": lambda key, value, line: self.into.text(
                "/sample/preparation", plain(value), key, line
            ),
            "public": lambda key, value, line: self.into.pair(key, plain(value), line),
            "private": lambda key, value, line: self.into.private(
                key, value, line, person=bool(_GIVEN_BY.search(value))
            ),
            "person": lambda key, value, line: self.into.private(key, value, line, person=True),
            "formula": self.formula,
            "edge": self.edge,
            "place": self.place,
            "detector": self.detector,
            "temperature": self.temperature,
            "moment": self.moment,
        }

    def run(self) -> None:
        self.into.put(SPECTRUM, {}, "", 1)
        known = meanings("als", "fields", "label", "means")
        empty = {"", *meanings("als", "placeholders", "word", "word")}
        for line, key, value in self.contents.entries:
            if value.casefold() not in empty:
                self.kinds[known.get(key.casefold(), "private")](key, value, line)
        for line, text in self.contents.comments:
            self.into.private("comment", text, line)
        self.energy()
        self.suggest()
        self.into.close()

    def formula(self, key: str, value: str, line: int) -> None:
        before, slash, source = value.rpartition("/")
        if slash and source.strip().casefold() in meanings("als", "formula_sources", "word", "word"):
            value = before.strip().removesuffix("approx.").strip()
        self.into.put("/sample/formula", plain(value), key, line, value)
        prefixes = meanings("als", "prefixes", "word", "word").values()
        if (found := suggested_formula(value, prefixes=prefixes)) and found != value:
            self.reading.suggestions["/sample/formula"] = found

    def edge(self, key: str, value: str, line: int) -> None:
        try:
            element, shells = normalise_edge(value)
        except InputError as error:
            self.into.refuse("edge", value, key, error.detail, line)
            return
        if element:
            self.into.of_spectrum("element", element, key, line, value)
        self.into.of_spectrum("edge", shells[0] if len(shells) == 1 else list(shells), key, line, value)

    def place(self, key: str, value: str, line: int) -> None:
        word, _, rest = value.partition(",")
        facilities = meanings("als", "places", "word", "facility")
        folded = word.strip().casefold()
        if folded not in facilities:
            self.into.text("/beamline", plain(word), key, line)
        else:
            self.into.put("/facility", facilities[folded], key, line, value)
            for row in alias_table("als")["places"]:
                if row["word"].casefold() == folded and "beamline" in row:
                    self.into.put("/beamline", row["beamline"], key, line, value)
        self.into.pair(key, plain(rest), line)

    def detector(self, key: str, value: str, line: int) -> None:
        words = meanings("als", "modes", "word", "mode")
        found = {mode for word, mode in words.items() if word in value.casefold()}
        if len(found) == 1:
            self.into.of_spectrum("mode", found.pop(), key, line, value)
        self.into.pair(key, plain(value), line)

    def temperature(self, key: str, value: str, line: int) -> None:
        """A temperature in degrees; one in words is no number and stays a header pair."""
        if match := _DEGREES.search(value):
            self.into.of_spectrum("temperature", f"{match[1]} °C", key, line, value)
        else:
            self.into.pair(key, plain(value), line)

    def moment(self, key: str, value: str, line: int) -> None:
        """``11:39 PM 03/17/2007``: the month stands first, and the time is that of the beamline."""
        try:
            told = datetime.strptime(plain(value).upper(), "%I:%M %p %m/%d/%Y").isoformat()  # noqa: DTZ007
        except ValueError:
            if not _YEAR.fullmatch(value):
                self.into.refuse(
                    "started", value, key, Sentence("{text!r} is no date with a time", text=value), line
                )
                return
            told = value
        self.into.of_spectrum("started", told, key, line, value)

    def energy(self) -> None:
        contents = self.contents
        for end, (line, token) in (("first", contents.first), ("last", contents.last)):
            self.into.of_spectrum(f"energy/{end}", f"{token} eV", "column 1", line, token)
        self.into.of_spectrum("energy/points", str(len(contents.energy)), "column 1", contents.first[0])
        if curve := thinned_curve(contents.energy, contents.signal, "normalised absorption"):
            self.reading.curves[0, SPECTRUM] = curve

    def suggest(self) -> None:
        if self.form.get(f"{SPECTRUM}/element"):
            return
        scan = min(self.contents.energy), max(self.contents.energy)
        texts = (
            PurePath(self.name).stem,
            self.form.get("/sample/formula") or "",
            self.form.get("/sample/name") or "",
        )
        found = suggested_edge(
            symbols(texts), named_edges(self.name)[0], self.reading.curves.get((0, SPECTRUM)), scan, None
        )
        stated = self.form.get(f"{SPECTRUM}/edge")
        if stated in (None, found.get("edge")):
            self.reading.suggestions |= {f"{SPECTRUM}/{key}": value for key, value in found.items()}


READER = Reader(
    name="als",
    title={"en": "ALS beamline 10.3.2 (.e)", "ja": "ALS ビームライン 10.3.2（.e）"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
