"""The header of a 9809 file: lines of fixed columns, each told by the word it begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from catalog.errors import UnreadableInput
from catalog.wording import Sentence

MAX_HEADER_LINES = 400

# Facilities indent the number by two or three blanks; the fields after it stand at fixed distances from it.
IDENTITY = re.compile(r"[ \t]{0,8}9809[ \t]{1,12}(?=[A-Za-z])(.{0,60})")
_FACILITY_WIDTH = 9
_DATE = r"[0-9]{2}\.[ 0-9]?[0-9]\.[ 0-9]?[0-9] +[ 0-9]?[0-9]:[0-9]{2}"
_NAME_AND_DATES = re.compile(rf"(.*?)\s*({_DATE})\s*-\s*({_DATE})?\s*(?:Serial\s*#\s*(\S+))?\s*(.*)")
_RING = re.compile(
    r"Ring\s*+:\s*+(\S+\s*+[GM]?eV)?\s*+(?:(\S+)\s*+mA)?\s*+(?:-\s*+(\S+)\s*+mA)?.*", re.IGNORECASE
)
_MONO = re.compile(
    r"Mono\s*+:\s*+(.*?)\s*+D\s*+=\s*+(?:([0-9.]+)\s*+(A|Å|nm)?)?\s*+(?:Initial\s++angle\s*+=\s*+(\S+)\s*+deg)?.*",
    re.IGNORECASE,
)
_MODE = re.compile(
    r"(\S*+)\s++(\S.*?)\s*+\(\s*+([0-9]+)\s*+\)\s*+Repetition\s*+=\s*+([0-9]*)\s*+Points\s*+=\s*+([0-9]*).*",
    re.IGNORECASE,
)
_PARAMETERS = re.compile(
    r"Param\s++file\s*+:\s*+(.*?)\s*+(\w+)\s++axis\s*+\(\s*+([0-9]+)\s*+\)\s*+Block\s*+=\s*+([0-9]*).*",
    re.IGNORECASE,
)
_BLOCKS = re.compile(r"Block\s++Init", re.IGNORECASE)
_CHANNELS = re.compile(r"(\S.*?)\s*+NDCH\s*+=\s*+([0-9]*).*", re.IGNORECASE)
_LABELS = re.compile(r"\s*Angle\s?\(c\)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]{1,3})?")
_BLOCK_ENDS = (6, 21, 31, 44, 55, 65)
_MAX_LABELS = 1_024
# A line of the header has about 100 characters.
_MAX_LINE = 300


@dataclass(frozen=True, slots=True)
class Stated:
    """A text of the header as it stands there, without blanks around it, and its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the scan: from, to and step in the unit of the scan's axis, seconds a point, points."""

    first: float
    last: float
    step: float
    seconds: float
    points: int
    line: int
    raw: str


@dataclass(slots=True)
class Header:
    """What the header states, by name; what it leaves blank is absent. ``labels`` name the columns of the table."""

    stated: dict[str, Stated] = field(default_factory=dict)
    comments: list[Stated] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    unread: list[Stated] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    offsets: str = ""
    label_line: int = 0
    label_end: int = 10

    def get(self, name: str) -> str:
        """The text stated under ``name``, or an empty one."""
        return self.stated[name].text if name in self.stated else ""

    def put(self, line: int, **texts: str | None) -> None:
        """Keep what a line states under its names."""
        for name, text in texts.items():
            if text and text.strip():
                self.stated[name] = Stated(text.strip(), line)


def number(text: str) -> float | None:
    """The value of a plain number as Fortran and C write it (``.35``, ``1.0D+02``); None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace("D", "E").replace("d", "e"))
    return value if abs(value) < 1e300 else None


def read_header(rows: Iterator[tuple[int, str]], name: str) -> Header:
    """The header, read from ``rows`` up to and with the line "Offset". Raises UnreadableInput where it breaks off."""
    header = Header()
    for line, text in rows:
        if line > MAX_HEADER_LINES:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=MAX_HEADER_LINES),
                where=f"{name}:{line}",
            )
        if line == 1:
            _identity(header, text, name)
        elif line == 2:
            _name_and_dates(header, text)
        elif _LABELS.match(text):
            _read_labels(header, line, text, name)
            _read_modes(header, rows, name)
            return header
        elif text.strip():
            _keyed(header, line, text)
    raise UnreadableInput(
        Sentence(
            "the file ends before the row of column labels (Angle(c), Angle(o), time/s ...): it "
            "is no whole 9809 file"
        ),
        where=name,
    )


def _identity(header: Header, text: str, name: str) -> None:
    match = IDENTITY.match(text)
    if match is None:
        raise UnreadableInput(
            Sentence("the first line is no 9809 line with facility and beamline"), where=f"{name}:1"
        )
    rest = match[1].rstrip()
    facility, beamline = rest[:_FACILITY_WIDTH], rest[_FACILITY_WIDTH:]
    if facility[-1:].strip() and beamline[:1].strip():
        # No blank between the fields: words count, not columns.
        facility, _, beamline = rest.partition(" ")
    elif not beamline.strip():
        facility, _, beamline = rest.strip().rpartition(" ") if " " in rest.strip() else (rest, "", "")
    header.put(1, Facility=facility, Beamline=beamline)


def _name_and_dates(header: Header, text: str) -> None:
    text = text.rstrip()[:_MAX_LINE]
    match = _NAME_AND_DATES.fullmatch(text)
    if match is None:
        header.put(2, File=text)
        return
    header.put(2, File=match[1], Start=match[2], End=match[3], Serial=match[4])
    if match[5]:
        header.unread.append(Stated(match[5], 2))


def _keyed(header: Header, line: int, text: str) -> None:
    whole, text = text, text.strip()[:_MAX_LINE]
    if match := _RING.fullmatch(text):
        energy, first, last = match.groups()
        header.put(line, Ring_energy=energy, Ring_current=first, Ring_current_end=last)
    elif match := _MONO.fullmatch(text):
        crystal, spacing, unit, angle = match.groups()
        header.put(line, Mono=crystal, D=f"{spacing} {unit or ''}" if spacing else None, Initial_angle=angle)
    elif match := _PARAMETERS.fullmatch(text):
        file, axis, code, count = match.groups()
        header.put(line, Param_file=file, Axis=axis, Axis_code=code, Blocks=count)
    elif match := _MODE.fullmatch(text):
        station, mode, code, repetition, points = match.groups()
        header.put(line, Station=station, Mode=mode, Mode_code=code, Repetition=repetition, Points=points)
    elif match := _CHANNELS.fullmatch(text):
        header.put(line, Electronics=match[1], NDCH=match[2])
    elif _BLOCKS.match(text):
        header.put(line, Block_table=text)
    elif "Block_table" in header.stated and "NDCH" not in header.stated and (block := _block(line, whole)):
        header.blocks.append(block)
    elif {"Ring_energy", "Ring_current", "Mono", "Mode", "Block_table"}.isdisjoint(header.stated):
        header.comments.append(Stated(text, line))
    else:
        header.unread.append(Stated(text, line))


def _block(line: int, text: str) -> Block | None:
    words = text.split()
    if len(words) != len(_BLOCK_ENDS):
        # Numbers as wide as their field stand without a blank between them.
        words = [text[start:end].strip() for start, end in pairwise((0, *_BLOCK_ENDS))]
    values = [number(word) for word in words]
    if len(values) != len(_BLOCK_ENDS) or None in values:
        return None
    _, first, last, step, seconds, points = (value or 0.0 for value in values)
    return Block(first, last, step, seconds, int(min(points, 1e9)), line, " ".join(words))


def _read_labels(header: Header, line: int, text: str, name: str) -> None:
    end = text.casefold().index("(c)") + 3
    text = text.rstrip()
    fields = [text[max(0, end - 10) : end], *(text[at : at + 10] for at in range(end, len(text), 10))]
    labels = [each.strip() for each in fields]
    if any(not label or " " in label for label in labels):
        labels = text.split()
    if len(labels) > _MAX_LABELS:
        raise UnreadableInput(
            Sentence(
                "the table has {count:,} columns; at most {most:,} are read",
                count=len(labels),
                most=_MAX_LABELS,
            ),
            where=f"{name}:{line}",
        )
    header.labels, header.label_line, header.label_end = labels, line, end


def _read_modes(header: Header, rows: Iterator[tuple[int, str]], name: str) -> None:
    for word in ("Mode", "Offset"):
        line, text = next(rows, (header.label_line, ""))
        if text.split()[:1] != [word]:
            raise UnreadableInput(
                Sentence("the row {word!r} is expected below the column labels", word=word),
                where=f"{name}:{line}",
            )
        if word == "Mode":
            # The word stands in the first column, under Angle(c).
            header.modes = ["", *text.split()[1:]]
        else:
            header.offsets = " ".join(text.split()[1:])
