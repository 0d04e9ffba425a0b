"""YAML read as text: events of libyaml made into nodes, without constructing anything.

Refused with the line: aliases and anchors (they make bombs), tags, merge keys, keys that are not texts,
duplicate keys, numbers that are not finite.
A plain ``NO``, ``012``, ``12:30:45`` or ``1e-14`` stays the text it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml
from yaml import events

from catalog.errors import UnreadableInput
from catalog.readers._nodes import MAX_DEPTH, Entry, Guard, MappingNode, Node, ScalarNode, SequenceNode
from catalog.wording import Sentence

NON_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|[-+]?(inf|Infinity)|NaN|nan")
# Plain scalars by which YAML says "no value"; in quotes they are texts.
_EMPTY = frozenset({"", "~", "null"})
# YAML 1.2 counts these as ordinary characters; libyaml breaks lines at three of them and refuses the fourth.
_NOT_BREAKS = "\u0085\u2028\u2029\ufeff"
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PRIVATE_USE = range(0x10FFFD, 0xF0000, -1)

_HINTS = {
    "mapping values are not allowed": Sentence("a text that contains a colon and a blank needs quotes"),
    "tab character": Sentence("indent with blanks, not tabs"),
    "cannot start any token": Sentence(
        "JSON-LD keywords (@id) are no part of the form, other texts that start with "
        "@, % or ` need quotes, and lines are indented with blanks, not tabs"
    ),
    "could not find expected ':'": Sentence(
        "each key needs a colon, and a text over several lines needs quotes or |"
    ),
    "unexpected end of stream": Sentence("a quote is not closed"),
    "expected ',' or": Sentence("a bracket is not closed, or a text with brackets needs quotes"),
    "did not find expected": Sentence(
        "check the indentation; a text that starts with a quote or bracket needs quotes"
    ),
    "escape": Sentence("in double quotes a backslash starts an escape; use single quotes"),
}


def parse(text: str, name: str, *, foreign: bool = False) -> Iterator[Node]:
    """The documents of a YAML stream, one node each (an empty document gives a ScalarNode without text).

    Raises UnreadableInput, with ``name`` and the line, for what is not YAML and for what is refused.
    """
    guard = Guard(name, foreign=foreign)
    hidden, shown = _hide(text, guard)
    composer = _Composer(hidden, shown, guard)
    try:
        yield from composer.documents()
    except yaml.MarkedYAMLError as error:
        raise _refusal(error, guard) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise UnreadableInput(Sentence("not valid YAML: {error}", error=error), where=name) from error


def first_keys(text: str) -> tuple[list[str], bool]:
    """The keys of the first mapping, as far as ``text`` can be parsed, and whether that mapping has an end.

    JSON is near enough to YAML for this, but for surrogate pairs. Nothing is raised.
    """
    keys: list[str] = []
    depth = base = position = 0
    try:
        for event in yaml.parse(_SURROGATE_ESCAPE.sub("?", text), Loader=yaml.CSafeLoader):
            # libyaml's time grows with the square of the nesting.
            if isinstance(event, events.DocumentEndEvent) or depth > MAX_DEPTH:
                break
            if base and depth == base and isinstance(event, events.NodeEvent):
                if position % 2 == 0 and isinstance(event, events.ScalarEvent):
                    keys.append(event.value)
                position += 1
            if isinstance(event, events.CollectionStartEvent):
                depth += 1
                if not base and isinstance(event, events.MappingStartEvent):
                    base = depth
            elif isinstance(event, events.CollectionEndEvent):
                depth -= 1
                if base and depth < base:
                    break
    except (yaml.YAMLError, UnicodeError):
        return keys, False
    return keys, True


class _Composer:
    def __init__(self, text: str, shown: dict[int, str], guard: Guard) -> None:
        self._text = text
        self._shown = shown
        self._guard = guard
        self._events: Iterator[events.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)

    def documents(self) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, events.DocumentStartEvent):
                yield self._node(next(self._events), 0)

    def _node(self, event: events.Event, depth: int) -> Node:
        line = self._enter(event, depth)
        if isinstance(event, events.MappingStartEvent):
            return MappingNode(line, list(self._entries(depth, flow=bool(event.flow_style))))
        if isinstance(event, events.SequenceStartEvent):
            return SequenceNode(line, list(self._items(depth)))
        assert isinstance(event, events.ScalarEvent)
        return ScalarNode(line, self._value(event, line))

    def _items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            yield self._node(event, depth + 1)

    def _entries(self, depth: int, *, flow: bool) -> Iterator[Entry]:
        seen: dict[str, int] = {}
        previous = None
        while not isinstance(event := next(self._events), events.MappingEndEvent):
            line = self._enter(event, depth + 1)
            if not isinstance(event, events.ScalarEvent):
                raise self._guard.refusal(
                    line, Sentence("a key has to be a text; a text with brackets needs quotes")
                )
            key = self._guard.text(event.value.translate(self._shown), line)
            self._guard.key(key, line, seen)
            following = next(self._events)
            split = flow and previous is not None and self._lacks_colon(event, following)
            yield Entry(key, line, self._node(following, depth + 1), previous if split else None)
            previous = key

    def _value(self, event: events.ScalarEvent, line: int) -> str | None:
        text = self._guard.text(event.value.translate(self._shown), line)
        if event.implicit[0]:
            if text in _EMPTY:
                return None
            if NON_FINITE.fullmatch(text) and not self._guard.foreign:
                raise self._guard.refusal(
                    line,
                    Sentence("{text} is not a finite number; put it in quotes if it is a text", text=text),
                )
        elif event.style in ("|", ">"):
            # The line end before the next key belongs to the notation, not to the text.
            text = text.rstrip("\n")
        return text or None

    def _enter(self, event: events.Event, depth: int) -> int:
        line = event.start_mark.line + 1 if event.start_mark else 0
        self._guard.enter(line, depth)
        if isinstance(event, events.AliasEvent):
            raise self._guard.refusal(
                line,
                Sentence(
                    "aliases (*{anchor}) are not supported; write the value out, or put a text that "
                    "starts with * in quotes",
                    anchor=event.anchor,
                ),
            )
        if anchor := getattr(event, "anchor", None):
            raise self._guard.refusal(
                line,
                Sentence(
                    "anchors (&{anchor}) are not supported; write the value out each time", anchor=anchor
                ),
            )
        if tag := getattr(event, "tag", None):
            raise self._guard.refusal(
                line, Sentence("tags ({tag}) are not supported: every value is a text", tag=tag)
            )
        return line

    def _lacks_colon(self, key: events.Event, value: events.Event) -> bool:
        empty = isinstance(value, events.ScalarEvent) and value.implicit[0] and not value.value
        if not empty or key.end_mark is None or value.start_mark is None:
            return False
        return ":" not in self._text[key.end_mark.index : value.start_mark.index]


def _hide(text: str, guard: Guard) -> tuple[str, dict[int, str]]:
    """``text`` with what libyaml misreads replaced by unused characters, and the table to bring it back."""
    present = [char for char in _NOT_BREAKS if char in text]
    if not present:
        return text, {}
    used = set(text)
    free = (code for code in _PRIVATE_USE if chr(code) not in used)
    try:
        stand_ins = {char: next(free) for char in present}
    except StopIteration:
        raise guard.refusal(
            1, Sentence("the file uses every private-use character; this is not a deposit form")
        ) from None
    hidden = text.translate({ord(char): code for char, code in stand_ins.items()})
    return hidden, {code: char for char, code in stand_ins.items()}


def _refusal(error: yaml.MarkedYAMLError, guard: Guard) -> UnreadableInput:
    marks = [mark.line + 1 for mark in (error.problem_mark, error.context_mark) if mark]
    line = marks[0] if marks else 1
    problem = error.problem or "unreadable"
    detail = Sentence("not valid YAML: {problem}", problem=problem)
    if error.context and marks[-1] != line:
        detail = Sentence(
            "not valid YAML: {problem} ({context} that began on line {began})",
            problem=problem,
            context=error.context,
            began=marks[-1],
        )
    hint = next((hint for sign, hint in _HINTS.items() if sign in problem), None)
    return guard.refusal(line, Sentence("{detail}; {hint}", detail=detail, hint=hint) if hint else detail)
