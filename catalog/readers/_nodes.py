"""What a YAML or JSON text says, before anything is made of it: texts, mappings, sequences, their lines.

Both parsers build the same nodes under the same refusals. Nothing here knows the deposit form.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TypeAlias

from catalog.errors import UnreadableInput
from catalog.wording import Sentence

# A form nests seven deep; twenty leaves room and keeps every later recursion harmless.
MAX_DEPTH = 20
# Ten thousand generated deposits in one file have about 700,000 values.
MAX_VALUES = 1_000_000
# A document about one measurement has some hundred values, a record of thousands of files some ten thousand.
MAX_FOREIGN_VALUES = 100_000
MAX_TEXT = 100_000

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|\n")


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text as written, quotes and escapes resolved; ``text`` is None where the value was left empty."""

    line: int
    text: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value; ``split_after`` names the key before when a comma probably cut its value."""

    key: str
    line: int
    value: Node
    split_after: str | None = None


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and values in order; no key occurs twice."""

    line: int
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """Items in order."""

    line: int
    items: list[Node]


Node: TypeAlias = ScalarNode | MappingNode | SequenceNode


class Guard:
    """The refusals that YAML and JSON share, for the file ``name``.

    ``foreign`` is for documents other programs wrote for themselves: JSON-LD keywords are keys there, and a number
    that is not finite is the text that stands for it. Fewer values are allowed; every other refusal holds as well.
    """

    def __init__(self, name: str, *, foreign: bool = False) -> None:
        self.name = name
        self.foreign = foreign
        self._values = 0
        self._most = MAX_FOREIGN_VALUES if foreign else MAX_VALUES

    def refusal(self, line: int, detail: Sentence) -> UnreadableInput:
        """The error to raise for ``line`` (from 1)."""
        return UnreadableInput(detail, where=f"{self.name}:{line}")

    def enter(self, line: int, depth: int) -> None:
        """Count a value at nesting ``depth``. Raises UnreadableInput for too many or too deep."""
        self._values += 1
        if depth > MAX_DEPTH:
            raise self.refusal(line, Sentence("values are nested deeper than {most} levels", most=MAX_DEPTH))
        if self._values > self._most:
            raise self.refusal(
                line,
                Sentence(
                    "the file has more than {most:,} values; split it into several files", most=self._most
                ),
            )

    def text(self, text: str, line: int) -> str:
        """``text``, when it can be stored. Raises UnreadableInput when it is too long or no Unicode text."""
        if len(text) > MAX_TEXT:
            raise self.refusal(
                line,
                Sentence(
                    "a text of {count:,} characters is too long; at most {most:,} are read",
                    count=len(text),
                    most=MAX_TEXT,
                ),
            )
        if broken := _SURROGATE.search(text):
            raise self.refusal(
                line,
                Sentence(
                    "the escape \\u{code:04x} is half of a surrogate pair, not a character",
                    code=ord(broken[0]),
                ),
            )
        return text

    def key(self, key: str, line: int, seen: dict[str, int]) -> None:
        """Note ``key`` in ``seen`` (key to line). Raises UnreadableInput for repeated and reserved keys."""
        if key in seen:
            raise self.refusal(
                line,
                Sentence(
                    "the key {key} occurs twice (first on line {first}); keep one of them",
                    key=_shown(key),
                    first=seen[key],
                ),
            )
        if key == "<<":
            raise self.refusal(line, Sentence("merge keys (<<) are not supported; write the keys out"))
        if key.startswith("@") and not self.foreign:
            raise self.refusal(
                line,
                Sentence(
                    "{key} is a JSON-LD keyword; a deposit form has short keys only, so remove it"
                    " (the form of a record is what 'xafscat show' prints)",
                    key=_shown(key),
                ),
            )
        seen[key] = line


def decode(content: bytes, name: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.

    Raises UnreadableInput for another encoding (nothing is guessed) and for raw control characters.
    """
    mark, encoding = _encoding(content)
    body = content[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = line_at(body[: error.start].decode(encoding, "replace"))
        raise UnreadableInput(
            Sentence(
                "the file is not {encoding} text ({reason}); save it as UTF-8",
                encoding=encoding.upper(),
                reason=error.reason,
            ),
            where=f"{name}:{line}",
        ) from error
    if control := _CONTROL.search(text):
        code = ord(control[0])
        said = Sentence(
            "the file holds the control character U+{code:04X}; remove it, or save the file as UTF-8",
            code=code,
        )
        if code == 0:
            said = Sentence(
                "the file holds the control character U+0000; is this UTF-16 without a byte order mark, "
                "or no text at all? Save it as UTF-8 text"
            )
        raise UnreadableInput(
            said,
            where=f"{name}:{line_at(text[: control.start()])}",
        )
    return text


def decode_head(head: bytes) -> str | None:
    """The beginning of a file as text, for telling its format; None for what holds NUL bytes."""
    mark, encoding = _encoding(head)
    if not mark and b"\0" in head:
        return None
    return head[len(mark) :].decode(encoding, "replace")


def _encoding(content: bytes) -> tuple[bytes, str]:
    return next((entry for entry in _BYTE_ORDER_MARKS if content.startswith(entry[0])), (b"", "utf-8"))


def line_at(before: str) -> int:
    """The line number (from 1) of what follows the text ``before``."""
    return 1 + len(_LINE_END.findall(before))


def _shown(key: str) -> str:
    return repr(key if len(key) <= 40 else key[:40] + "…")
