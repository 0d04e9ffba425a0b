"""The tokenizer of Athena's Perl text: assignments of plain data are read, everything else is refused with its line.

Nothing is evaluated: there is no Perl here, only the few forms in which Data::Dumper writes data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.errors import UnreadableInput
from catalog.readers._athena_groups import MAX_GROUPS, MAX_POINTS, Group, Project, Value
from catalog.wording import Sentence

_MAX_VALUES = 20_000_000
_MAX_DEPTH = 20
_SPACE = re.compile(r"(?:\s++|#[^\n]*+)*+")
_ASSIGNMENT = re.compile(r"([$@%])([A-Za-z_]\w{0,40})\s*+=\s*+")
_RECORD = re.compile(r"\[record\][^\n]*+")
_BLESS = re.compile(r"bless\s*+\(")
_TOKEN = re.compile(
    r"""\s*+(?:
        (?P<single>'(?:[^'\\]++|\\.)*+')
      | (?P<double>"(?:[^"\\]++|\\.)*+")
      | (?P<number>[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]{1,3})?(?![\w.]))
      | !!(?P<truth>[01])
      | (?P<undef>undef\b)
      | (?P<mark>=>|[,()\[\]{}])
    )""",
    re.VERBOSE | re.DOTALL,
)
# Lists of nothing but plain quoted texts or numbers, as the arrays of the spectra are.
_PLAIN = r"(?:'[^'\\,]*+'|[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)\s*+"
_PLAIN_LIST = re.compile(rf"\(\s*+((?:{_PLAIN}(?:,\s*+{_PLAIN})*+)?,?)\s*+\)\s*+;")
_ESCAPE = re.compile(r"\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{1,2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b"}
_SEPARATOR = re.compile(r"=>|,")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def read_perl(text: str, name: str) -> Project:
    """The project that the text writes. Raises UnreadableInput, with the line, for anything but plain data."""
    return _Perl(text, name).project()


class _Perl:
    def __init__(self, text: str, name: str) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self.name = name
        self.position = 0
        self.values = 0
        self.counted = (0, 1)

    def line(self, position: int | None = None) -> int:
        """The line of a position; positions are asked for in rising order."""
        position = self.position if position is None else position
        seen, line = self.counted
        if position < seen:
            return self.text.count("\n", 0, position) + 1
        line += self.text.count("\n", seen, position)
        self.counted = position, line
        return line

    def project(self) -> Project:
        project = Project()
        group: Group | None = None
        start = 0
        for row in self.text[:4_096].split("\n")[:6]:
            if row.startswith("#"):
                project.head.append(row.lstrip("# "))
        while self.skip():
            start = self.position
            if match := _RECORD.match(self.text, start):
                self.position = match.end()
                group = None
            elif self.text.startswith("1;", start):
                self.position += 2
            elif match := _ASSIGNMENT.match(self.text, start):
                self.position = match.end()
                sigil, name = match.groups()
                value = self.list_value() if sigil in "@%" else self.value(0)
                self.end_of_statement()
                if sigil == "$" and name == "old_group":
                    group = self.new_group(project, value, start)
                elif sigil == "@" and name == "journal" and isinstance(value, list):
                    project.journal = [item for item in value if isinstance(item, str)]
                elif group is not None:
                    _keep(group, sigil, name, value)
            else:
                raise self.refused(start)
        return project

    def new_group(self, project: Project, value: Value, start: int) -> Group:
        if len(project.groups) == MAX_GROUPS:
            raise UnreadableInput(
                Sentence("the project has more than {most:,} groups", most=MAX_GROUPS), where=self.name
            )
        group = Group(value if isinstance(value, str) else "", self.line(start))
        project.groups.append(group)
        return group

    def skip(self) -> bool:
        """Pass blanks and comments; False at the end of the text."""
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.position < len(self.text)

    def end_of_statement(self) -> None:
        self.skip()
        if not self.text.startswith(";", self.position):
            raise self.refused(self.position)
        self.position += 1

    def list_value(self) -> Value:
        """A list in parentheses; one of plain numbers is cut at its commas, for there are thousands."""
        if match := _PLAIN_LIST.match(self.text, self.position):
            cells = match[1].removesuffix(",").split(",")
            if len(cells) > MAX_POINTS:
                raise UnreadableInput(
                    Sentence("the array has more than {most:,} values", most=MAX_POINTS),
                    where=f"{self.name}:{self.line()}",
                )
            self.count(len(cells))
            self.position = match.end() - 1
            found: list[Value] = [cell.strip().strip("'") for cell in cells]
            return found if found != [""] else []
        return self.value(0)

    def count(self, number: int) -> None:
        self.values += number
        if self.values > _MAX_VALUES:
            raise UnreadableInput(
                Sentence("the project has more than {most:,} values", most=_MAX_VALUES), where=self.name
            )

    def value(self, depth: int) -> Value:
        """The value that begins here: a text, a number as text, None, a list, or a mapping."""
        self.count(1)
        if depth > _MAX_DEPTH:
            raise UnreadableInput(
                Sentence("the data are nested too deeply"), where=f"{self.name}:{self.line()}"
            )
        self.skip()
        if match := _BLESS.match(self.text, self.position):
            # An object is its data and the name of its class; the class is nothing to us.
            self.position = match.end()
            return next(iter(list(self.items(")", depth))), None)
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            raise self.refused(self.position)
        kind = match.lastgroup
        read = match[kind] if kind else ""
        if kind == "mark":
            if read not in _CLOSING:
                raise self.refused(self.position)
            self.position = match.end()
            items = list(self.items(_CLOSING[read], depth))
            return _mapping(items) if read == "{" else items
        self.position = match.end()
        if kind == "single":
            return re.sub(r"\\(['\\])", r"\1", read[1:-1]) if "\\" in read else read[1:-1]
        if kind == "double":
            return _ESCAPE.sub(_unescape, read[1:-1])
        return read if kind in {"number", "truth"} else None

    def items(self, closing: str, depth: int) -> Iterator[Value]:
        while True:
            self.skip()
            if self.text.startswith(closing, self.position):
                self.position += 1
                return
            yield self.value(depth + 1)
            self.skip()
            if match := _SEPARATOR.match(self.text, self.position):
                self.position = match.end()
            elif not self.text.startswith(closing, self.position):
                raise self.refused(self.position)

    def refused(self, position: int) -> UnreadableInput:
        if position >= len(self.text):
            return UnreadableInput(Sentence("the project ends in the middle of a statement"), where=self.name)
        shown = self.text[position : position + 40].partition("\n")[0]
        return UnreadableInput(
            Sentence(
                "{shown!r} is no plain data; a project is read, never run, and only data are read from it",
                shown=shown,
            ),
            where=f"{self.name}:{self.line(position)}",
        )


def _keep(group: Group, sigil: str, name: str, value: Value) -> None:
    if name == "args" and isinstance(value, list):
        group.args = _mapping(value)
    elif sigil == "@" and isinstance(value, list):
        group.arrays[name] = [item for item in value if isinstance(item, str)]
    elif name == "xdi" and isinstance(value, dict):
        group.xdi = value


def _mapping(items: list[Value]) -> dict[str, Value]:
    keys = [key if isinstance(key, str) else "" for key in items[::2]]
    values = [*items[1::2], None][: len(keys)]
    return dict(zip(keys, values, strict=True))


def _unescape(match: re.Match[str]) -> str:
    if code := match[1] or match[2]:
        number = int(code, 16)
        return (
            chr(number)
            if number < 0x110000 and not 0xD800 <= number < 0xE000
            else "\N{REPLACEMENT CHARACTER}"
        )
    return _ESCAPED.get(match[3], match[3])
