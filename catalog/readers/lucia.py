"""Data files of the LUCIA beamline at SOLEIL: a header in latin-1 with French dates, and a table of counts.

A file states the energy, the target and the crystal, never element, edge or the signal that is meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import PurePath

from catalog.alias_tables import alias_table
from catalog.document import Form
from catalog.findings import define
from catalog.readers import Reader, Reading, Source
from catalog.readers._curves import thinned_curve
from catalog.readers._encoding import decode, decode_head, encoding_findings, lines
from catalog.readers._hints import finest, named_edges, suggested_edge, symbols
from catalog.readers._lucia_text import IDENTITY, Contents, folded, take_apart
from catalog.readers._pf9809_header import number
from catalog.readers._statements import Statements, plain
from catalog.wording import Sentence

define(
    "lucia-signals",
    "info",
    "Several signals were recorded in this scan ({value}); state the detection mode of the spectrum you deposit.",
    "この測定では複数の信号（{value}）が記録されています。登録するスペクトルの検出法を入力してください。",
)
define(
    "lucia-unmeasured",
    "warning",
    "{value} rows of the table hold nothing but NaN: the scan was stopped. The points that were measured are kept.",
    "表の {value} 行が NaN だけです。測定が中断されています。測定済みの点だけを使いました。",
)

SPECTRUM = "/spectra/0"
_DATE = re.compile(r"(?:[^\W\d]{2,10}\.?\s+)?([0-9]{1,2})(?:er)?\s+([^\W\d]{3,10})\.?\s+([0-9]{4})")


def sniff(source: Source) -> int:
    """Certain when the first line names the beamline."""
    head = decode_head(source.head)
    if head is None:
        return 0
    return 95 if IDENTITY.fullmatch(re.split(r"[\r\n]", head[:200], maxsplit=1)[0]) else 0


def read(source: Source) -> Reading:
    """The scan as a deposit form with its curve, suggestions and findings.

    Raises UnreadableInput, with the line, for a table that is not all numbers, or in which nothing was measured.
    """
    decoded = decode(source.content(), source.name)
    contents = take_apart(lines(decoded.text, source.name), source.name)
    reading = Reading([Form()], findings=encoding_findings(decoded, source.name))
    _Filling(contents, reading, source.name).run()
    return reading


def french_date(text: str) -> date:
    """The day that ``mer. 26 mai 2021`` or ``1er août 2021`` names. Raises ValueError for what is none.

    >>> french_date("mer. 26 mai 2021")
    datetime.date(2021, 5, 26)
    """
    match = _DATE.fullmatch(text.strip())
    word = (
        unicodedata.normalize("NFD", match[2]).encode("ascii", "ignore").decode().casefold() if match else ""
    )
    months = {row["month"] for row in alias_table("lucia")["months"] if word.startswith(row["word"])}
    if match is None or len(months) != 1:
        raise ValueError(f"{text!r} is no date")
    return date(int(match[3]), months.pop(), int(match[1]))


class _Filling:
    def __init__(self, contents: Contents, reading: Reading, name: str) -> None:
        self.contents, self.reading, self.name = contents, reading, name
        self.form = reading.forms[0]
        self.into = Statements(reading, self.form, name)
        self.day: tuple[int, str] | None = None
        self.times: dict[str, tuple[int, str, str]] = {}
        self.kinds: dict[str, Callable[[str, str, int], None]] = {
            "public": self.public,
            "sample": lambda key, value, line: self.into.text("/sample/name", plain(value), key, line),
            "crystal": self.crystal,
            "date": self.date,
            "start": lambda key, value, line: self.times.__setitem__("started", (line, key, value)),
            "end": lambda key, value, line: self.times.__setitem__("ended", (line, key, value)),
        }

    def run(self) -> None:
        self.into.put(SPECTRUM, {}, "", 1)
        self.into.put("/facility", "SOLEIL", "Facility", 1, "SOLEIL")
        self.into.put("/beamline", "LUCIA", "Beamline", 1, "LUCIA")
        meaning = {folded(row["label"]): row["means"] for row in alias_table("lucia")["fields"]}
        for line, key, value in self.contents.entries:
            kind = meaning.get(folded(key))
            if kind and value:
                self.kinds[kind](key, value, line)
            else:
                self.into.private(key, value, line)
        self.moments()
        self.ranges()
        self.table()
        self.suggest()
        self.into.close()

    def public(self, key: str, value: str, line: int) -> None:
        if value.casefold() == "nan" or (folded(key).startswith("i0current") and value == "0"):
            self.into.report("stated-placeholder", "", line, value, key=key)
        else:
            self.into.pair(plain(key), plain(value), line)

    def crystal(self, key: str, value: str, line: int) -> None:
        """``3: Si311``: the place in the changer, then the crystal."""
        self.into.crystal(value.rpartition(":")[2].strip(), key, line)

    def date(self, key: str, value: str, line: int) -> None:
        self.day = line, value

    def moments(self) -> None:
        started: datetime | None = None
        for path, (line, key, value) in sorted(self.times.items(), reverse=True):
            raw = f"{self.day[1]}, {value}" if self.day else value
            try:
                moment = datetime.combine(
                    french_date(self.day[1] if self.day else ""), time.fromisoformat(value)
                )
            except ValueError:
                self.into.refuse(path, raw, key, Sentence("{text!r} is no date with a time", text=raw), line)
                continue
            if path == "started":
                started = moment
                self.into.of_spectrum(path, moment.isoformat(), key, line, raw)
            elif started is None or moment >= started:
                self.into.of_spectrum(path, moment.isoformat(), key, line, raw)
            elif moment.year < 9_999:
                # The file states one day: a scan that ends at an earlier hour ended on the next.
                ended = (moment + timedelta(days=1)).isoformat()
                self.into.put(f"{SPECTRUM}/{path}", ended, key, line, raw, "inferred")

    def ranges(self) -> None:
        for line, cells in self.contents.ranges[:60]:
            if len(cells) == 5:
                place, first, last, step, seconds = cells
                value = f"{first} to {last} eV, step {step} eV, {seconds} s a point"
                self.into.pair(f"Range {place}", value, line)

    def table(self) -> None:
        contents = self.contents
        label = contents.labels[contents.columns["energy"][0]]
        for end, (line, token) in (("first", contents.first), ("last", contents.last)):
            self.into.of_spectrum(f"energy/{end}", f"{token} eV", label, line, token)
        self.into.of_spectrum("energy/points", str(len(contents.energy)), label, contents.first[0])
        if contents.unmeasured:
            line = contents.label_line
            self.into.report("lucia-unmeasured", "energy/points", line, str(contents.unmeasured))
        recorded = [
            key
            for key, counted in contents.counts.items()
            if key != "incident" and any(value > 0 for value in counted)
        ]
        if len(recorded) == 1:
            self.reading.suggestions[f"{SPECTRUM}/mode"] = recorded[0]
        elif recorded:
            self.into.report("lucia-signals", "mode", contents.label_line, ", ".join(recorded))
        if not recorded or recorded[0] == "transmission":
            return
        ratio = [
            y / i0 if i0 else float("nan")
            for y, i0 in zip(contents.counts[recorded[0]], contents.counts["incident"], strict=True)
        ]
        if curve := thinned_curve(contents.energy, ratio, f"{recorded[0]}/I0"):
            self.reading.curves[0, SPECTRUM] = curve

    def suggest(self) -> None:
        energy = self.contents.energy
        stretches = []
        for _, cells in self.contents.ranges:
            values = [number(cell) for cell in cells[1:4]]
            if len(cells) == 5 and None not in values:
                first, last, step = (float(value or 0) for value in values)
                stretches.append((min(first, last), max(first, last), abs(step)))
        curve = self.reading.curves.get((0, SPECTRUM)) if not self.contents.unmeasured else None
        scan = min(energy), max(energy)
        hinted = symbols((PurePath(self.name).stem, self.form.get("/sample/name") or ""))
        named, fine = named_edges(self.name)[0], finest(stretches)
        found = suggested_edge(hinted, named, curve, scan, fine)
        if found.get("edge") in {"L1", "L2"} and found["element"] not in hinted:
            # Few counts: where the scan was finest says more than the steepest rise does.
            found = suggested_edge(hinted, named, None, scan, fine)
        self.reading.suggestions |= {f"{SPECTRUM}/{key}": value for key, value in found.items()}


READER = Reader(
    name="lucia",
    title={"en": "SOLEIL LUCIA data file", "ja": "SOLEIL LUCIA のデータファイル"},
    specification="docs/formats.md",
    sniff=sniff,
    read=read,
    is_data=True,
)
