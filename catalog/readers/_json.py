"""JSON read as text: numbers exactly as written, duplicate keys seen, every value with its line.

Strict RFC 8259 but for one freedom: several values may follow each other (JSON Lines), one deposit each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from catalog.errors import UnreadableInput
from catalog.readers._nodes import Entry, Guard, MappingNode, Node, ScalarNode, SequenceNode
from catalog.wording import Sentence

_SPACE = re.compile(r"[ \t\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[-+]?\w+")
_WORDS = {"true": "true", "false": "false", "null": None}
_STRINGS = json.JSONDecoder(strict=True)


def parse(text: str, name: str, *, foreign: bool = False) -> Iterator[Node]:
    """The values of a JSON text, one node each. Raises UnreadableInput with ``name`` and the line."""
    parser = _Parser(text.replace("\r\n", "\n").replace("\r", "\n"), Guard(name, foreign=foreign))
    while parser.peek():
        yield parser.value(0)


class _Parser:
    def __init__(self, text: str, guard: Guard) -> None:
        self._text = text
        self._guard = guard
        self._position = 0
        self._line = 1
        self._counted = 0

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        self._position = _SPACE.match(self._text, self._position).end()  # type: ignore[union-attr]
        return self._text[self._position : self._position + 1]

    def value(self, depth: int) -> Node:
        char = self.peek()
        line = self._line_here()
        self._guard.enter(line, depth)
        if char == "{":
            return MappingNode(line, list(self._entries(depth)))
        if char == "[":
            return SequenceNode(line, list(self._items(depth)))
        if char == '"':
            return ScalarNode(line, self._string(line) or None)
        return ScalarNode(line, self._bare(line))

    def _entries(self, depth: int) -> Iterator[Entry]:
        seen: dict[str, int] = {}
        self._position += 1
        if self._closes("}"):
            return
        while True:
            if self.peek() != '"':
                raise self._expected(Sentence("a key in double quotes"))
            line = self._line_here()
            self._guard.enter(line, depth + 1)
            key = self._string(line)
            self._guard.key(key, line, seen)
            if self.peek() != ":":
                raise self._expected(Sentence("a colon after the key {key!r}", key=key[:40]))
            self._position += 1
            yield Entry(key, line, self.value(depth + 1))
            if self._closes("}"):
                return
            self._comma("}")

    def _items(self, depth: int) -> Iterator[Node]:
        self._position += 1
        if self._closes("]"):
            return
        while True:
            yield self.value(depth + 1)
            if self._closes("]"):
                return
            self._comma("]")

    def _closes(self, bracket: str) -> bool:
        if self.peek() != bracket:
            return False
        self._position += 1
        return True

    def _comma(self, bracket: str) -> None:
        if self.peek() != ",":
            raise self._expected(Sentence("a comma or {bracket}", bracket=bracket))
        self._position += 1

    def _string(self, line: int) -> str:
        try:
            text, self._position = _STRINGS.raw_decode(self._text, self._position)
        except json.JSONDecodeError as error:
            raise self._guard.refusal(line, Sentence("not valid JSON: {msg}", msg=error.msg)) from error
        return self._guard.text(text, line)

    def _bare(self, line: int) -> str | None:
        number = _NUMBER.match(self._text, self._position)
        word = _WORD.match(self._text, self._position)
        if number and (word is None or word.end() <= number.end()):
            self._position = number.end()
            return self._guard.text(number[0], line)
        if word and word[0] in _WORDS:
            self._position = word.end()
            return _WORDS[word[0]]
        if word and word[0].lstrip("+-") in {"NaN", "Infinity"}:
            if self._guard.foreign:
                self._position = word.end()
                return word[0]
            raise self._guard.refusal(
                line, Sentence("{word} is not a finite number, and not JSON", word=word[0])
            )
        raise self._expected(Sentence("a value (a text needs double quotes)"))

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line

    def _expected(self, what: Sentence) -> UnreadableInput:
        found = self._text[self._position : self._position + 20].split("\n")[0]
        return self._guard.refusal(
            self._line_here(),
            Sentence("not valid JSON: {what} was expected, found {found!r}", what=what, found=found)
            if found
            else Sentence("not valid JSON: {what} was expected, the file ends", what=what),
        )
