"""The header of an XDI file by the grammar of the specification, and the lines of its data table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.errors import UnreadableInput
from catalog.findings import Finding, define, finding
from catalog.readers._encoding import lines
from catalog.readers._xdi_text import version
from catalog.wording import Sentence

define(
    "xdi-version",
    "warning",
    "The file says it is XDI {value}; it was read as XDI 1.1, the newest version known.",
    "このファイルは XDI {value} とされています。既知の最新版である XDI 1.1 として読みました。",
)
define(
    "xdi-line-ignored",
    "warning",
    "A header line starts with {value!r} instead of '#' and was ignored; start it with '#'.",
    "ヘッダー行が「#」ではなく「{value}」で始まるため無視しました。行頭を「#」にしてください。",
)
define(
    "xdi-no-header-end",
    "warning",
    "The header does not end with a line '#----'; the first row of numbers was taken as the table's start.",
    "ヘッダーの終わりを示す「#----」の行がありません。最初の数値の行から表が始まるものとして読みました。",
)

MAX_LINES = 5_000
MAX_VALUE = 8_192
MAX_IGNORED = 100

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)[ \t]*:(.*)")
_NUMBER_START = re.compile(r"[+-]?\.?[0-9]|[+-]?(?:nan|inf)\b", re.IGNORECASE)
# A row of numbers that was damaged starts with a sign or a letter; a foreign comment with punctuation.
_FOREIGN_COMMENT = re.compile(r"[^\w.+-]")
# Control characters end lines or colours somewhere downstream, and XML cannot carry them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_COLUMN = re.compile(r"column\.([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Field:
    """A header entry: ``name`` as written, ``value`` without the EPICS name after ``||``, ``raw`` in full."""

    name: str
    value: str
    raw: str
    line: int

    @property
    def key(self) -> str:
        """The name in lower case: XDI names do not depend on case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Column:
    """A column as declared: number from 1, label, and what follows the label (the unit)."""

    number: int
    label: str
    unit: str
    line: int


@dataclass(slots=True)
class Header:
    """What stands before the data table of an XDI file."""

    version: str
    application: str
    fields: list[Field] = field(default_factory=list)
    columns: dict[int, Column] = field(default_factory=dict)
    comments: list[tuple[int, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    outer: Field | None = None
    findings: list[Finding] = field(default_factory=list)


def read_header(text: str, name: str) -> tuple[Header, Iterator[tuple[int, str]]]:
    """The header of ``text`` and the remaining lines, the first of which is the first row of the table.

    Raises UnreadableInput with the line for a missing version line and a malformed entry.
    """
    rest = lines(text, name)
    stated = version(next(rest)[1])
    if stated is None:
        raise UnreadableInput(
            Sentence("the first line is no XDI version line such as '# XDI/1.0'"), where=f"{name}:1"
        )
    header = Header(*stated)
    if header.version not in {"1.0", "1.1"}:
        header.findings.append(finding("xdi-version", file=name, line=1, value=header.version))
    section, ignored = "fields", 0
    for number, line in rest:
        if number > MAX_LINES:
            raise UnreadableInput(
                Sentence("the header has more than {most:,} lines", most=MAX_LINES), where=f"{name}:{number}"
            )
        body = line.strip()
        if not body:
            continue
        if not body.startswith("#"):
            in_table = section == "labels" and not _FOREIGN_COMMENT.match(body)
            if in_table or _NUMBER_START.match(body):
                if section != "labels":
                    header.findings.append(finding("xdi-no-header-end", file=name, line=number))
                return header, _resumed(number, line, rest)
            ignored += 1
            if ignored > MAX_IGNORED:
                raise UnreadableInput(
                    Sentence("more than {most} header lines do not start with '#'", most=MAX_IGNORED),
                    where=f"{name}:{number}",
                )
            header.findings.append(finding("xdi-line-ignored", file=name, line=number, value=body[0]))
            continue
        body = body[1:].strip()
        if section != "labels" and re.match("-{2,}", body):
            section = "labels"
        elif section == "fields" and body.startswith("//"):
            section = "comments"
        elif section == "comments":
            if body:
                header.comments.append((number, body[:MAX_VALUE]))
        elif section == "labels":
            header.labels = body.split() or header.labels
        elif body:
            _add(header, body, f"{name}:{number}", number)
    raise UnreadableInput(Sentence("the file ends without a table of numbers after its header"), where=name)


def _add(header: Header, body: str, where: str, line: int) -> None:
    match = _FIELD.fullmatch(body)
    if match is None:
        raise UnreadableInput(_what_is_wrong(body), where=where)
    raw = _CONTROL.sub(" ", match[3]).strip()
    if not raw:
        raise UnreadableInput(
            Sentence("the entry {family}.{key} has no value after the colon", family=match[1], key=match[2]),
            where=where,
        )
    if len(raw) > MAX_VALUE:
        raise UnreadableInput(
            Sentence(
                "the entry {family}.{key} has more than {most:,} characters",
                family=match[1],
                key=match[2],
                most=MAX_VALUE,
            ),
            where=where,
        )
    entry = Field(f"{match[1]}.{match[2]}", raw.partition("||")[0].strip(), raw, line)
    column = _COLUMN.fullmatch(entry.key)
    if column:
        _declare(header, int(column[1]), entry)
    elif entry.key.startswith("outer."):
        header.outer = header.outer or entry
    header.fields.append(entry)


def _declare(header: Header, number: int, entry: Field) -> None:
    # "ifluor # deadtime-corrected" and "DTC1 dead-time corrected count rate" both name one word first.
    words = entry.value.partition("#")[0].split(None, 1)
    header.columns[number] = Column(
        number, words[0] if words else "", words[1].strip() if len(words) > 1 else "", entry.line
    )


def _what_is_wrong(body: str) -> Sentence:
    name, colon, _ = body.partition(":")
    shown = name.strip()[:60]
    if not colon:
        return Sentence(
            "the header line {line!r} has no colon; write 'Family.key: value', or comments after '# ///'",
            line=body[:60],
        )
    if "." not in name:
        return Sentence("the header entry {name!r} has no dot; write 'Family.key: value'", name=shown)
    if name.count(".") > 1:
        return Sentence(
            "the header entry {name!r} has more than one dot; write 'Family.key: value'", name=shown
        )
    if not name[:1].isalpha():
        return Sentence(
            "the family of {name!r} does not start with a letter; write 'Family.key: value'", name=shown
        )
    return Sentence(
        "the header entry {name!r} has signs other than letters, digits, '_' and '-' in its name", name=shown
    )


def _resumed(number: int, line: str, rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield number, line
    yield from rest
