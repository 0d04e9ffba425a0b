"""Regular expressions that take time linear in the text, whatever the expression.

``re`` backtracks: ``^(a+)+$`` against 28 characters takes seconds. A shape's ``sh:pattern`` may come from
anybody, so patterns here become an automaton whose states are made as the text needs them. What needs
backtracking (look-around, back references) or has no meaning in SPARQL's REGEX is refused when compiled.

Meanings follow SPARQL REGEX, with ``\\d \\w \\s`` as in ``re`` (Unicode digits, letters and the underscore,
all white space, the ideographic space included). ``$`` is the very end of the text. A pattern is searched
for anywhere in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TypeAlias

from catalog.errors import UsageError

MAX_STATES = 2_000
MAX_DEPTH = 50
# Cached automaton states are dropped when they exceed this, so that no text makes them grow without bound.
MAX_CACHED = 500

Matches: TypeAlias = Callable[[str], bool]
# A node is its kind and its parts: set (matches), start, end, join (nodes), any (nodes),
# repeat (node, least, most or None).
Node: TypeAlias = tuple[object, ...]

_CLASSES: dict[str, Matches] = {
    "d": str.isdecimal,
    "D": lambda char: not char.isdecimal(),
    "w": lambda char: char.isalnum() or char == "_",
    "W": lambda char: not (char.isalnum() or char == "_"),
    "s": str.isspace,
    "S": lambda char: not char.isspace(),
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_COUNT = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")


class PatternError(UsageError):
    """A pattern that is malformed, too large, or needs backtracking."""

    code = "pattern"


class Pattern:
    """A compiled pattern; safe to share between threads.

    >>> Pattern("^https?://").search("http://example.org/")
    True
    """

    __slots__ = ("_automaton", "_lock", "_table", "text")

    def __init__(self, text: str, flags: str = "") -> None:
        if strange := set(flags) - set("is"):
            raise PatternError(f"the flag {min(strange)!r} is not supported; use i or s")
        self.text = text
        tree = _Parser(text, ignore_case="i" in flags, dot_all="s" in flags).parse()
        self._automaton = _Automaton(tree)
        self._table = _Table(self._automaton)
        self._lock = Lock()

    def search(self, text: str) -> bool:
        """Whether the pattern occurs anywhere in ``text``."""
        table, state = self._table, 0
        for char in text:
            if (verdict := table.verdicts[state]) is not None:
                return verdict
            following = table.moves[state].get(char)
            if following is None:
                table, state = self._move(table, state, char)
            else:
                state = following
        return table.accepts[state] or table.ends[state]

    def _move(self, table: _Table, state: int, char: str) -> tuple[_Table, int]:
        with self._lock:
            states = self._automaton.after(table.sets[state], char)
            if len(table.sets) > MAX_CACHED:
                table = self._table = _Table(self._automaton)
                return table, table.number(states)
            following = table.number(states)
            table.moves[state][char] = following
            return table, following


class _Table:
    """The deterministic states met so far. State 0 is the beginning of a text."""

    def __init__(self, automaton: _Automaton) -> None:
        self.automaton = automaton
        self.numbers: dict[frozenset[int], int] = {}
        self.sets: list[frozenset[int]] = []
        self.moves: list[dict[str, int]] = []
        self.accepts: list[bool] = []
        self.ends: list[bool] = []
        # What will be answered whatever follows; None where the text decides.
        self.verdicts: list[bool | None] = []
        self.lost = automaton.closure((automaton.first,), at_start=False, at_end=False)
        if any(automaton.tests[each] is not None for each in self.lost):
            self.lost = frozenset((-1,))  # not lost: the pattern may begin anywhere
        # Only the beginning may pass ^, so no other state may be taken for it: it has no number.
        self._add(automaton.closure((automaton.first,), at_start=True, at_end=False), at_start=True)

    def number(self, states: frozenset[int]) -> int:
        """The number of a set of states of the automaton, new if it was not met before."""
        known = self.numbers.get(states)
        if known is None:
            known = self.numbers[states] = self._add(states, at_start=False)
        return known

    def _add(self, states: frozenset[int], *, at_start: bool) -> int:
        at_end = self.automaton.closure(states, at_start=at_start, at_end=True)
        self.sets.append(states)
        accepts, ends = _Automaton.ACCEPT in states, _Automaton.ACCEPT in at_end
        self.accepts.append(accepts)
        self.ends.append(ends)
        is_lost = states == self.lost and not at_start
        self.verdicts.append(True if accepts else ends if is_lost else None)
        self.moves.append({})
        return len(self.sets) - 1


class _Automaton:
    """A nondeterministic automaton: state 0 accepts; every other state is one test or a choice of states."""

    ACCEPT = 0

    def __init__(self, tree: Node) -> None:
        self.tests: list[Matches | None] = [None]
        self.targets: list[tuple[int, ...]] = [()]
        self.anchors: list[str] = [""]
        self.steps = 0
        self.first = self._build(tree, self.ACCEPT)

    def closure(self, states: Iterable[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        """All states reachable without reading a character."""
        seen: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            anchor = self.anchors[state]
            free = self.tests[state] is None
            if free and (not anchor or (anchor == "start" and at_start) or (anchor == "end" and at_end)):
                waiting.extend(self.targets[state])
        return frozenset(seen)

    def after(self, states: frozenset[int], char: str) -> frozenset[int]:
        """The states after reading ``char``, with a new search begun behind it."""
        reached = [self.first]
        for state in states:
            test = self.tests[state]
            if test is not None and test(char):
                reached.extend(self.targets[state])
        return self.closure(reached, at_start=False, at_end=False)

    def _state(self, test: Matches | None, targets: tuple[int, ...], anchor: str = "") -> int:
        if len(self.tests) >= MAX_STATES:
            raise PatternError(f"the pattern is too large (more than {MAX_STATES} states)")
        self.tests.append(test)
        self.targets.append(targets)
        self.anchors.append(anchor)
        return len(self.tests) - 1

    def _build(self, node: Node, following: int) -> int:
        # Empty groups make no state, so repeated ones are bounded by steps.
        self.steps += 1
        if self.steps > 20 * MAX_STATES:
            raise PatternError("the pattern repeats too much")
        match node:
            case ("set", test):
                return self._state(test, (following,))  # type: ignore[arg-type]
            case ("start" | "end" as anchor,):
                return self._state(None, (following,), anchor)
            case ("join", parts):
                for part in reversed(parts):  # type: ignore[call-overload]
                    following = self._build(part, following)
                return following
            case ("any", parts):
                return self._state(None, tuple(self._build(part, following) for part in parts))  # type: ignore[attr-defined]
            case ("repeat", part, int(least), most):
                return self._repeat(part, least, most, following)  # type: ignore[arg-type]
        raise AssertionError(node)  # pragma: no cover - the parser makes nothing else

    def _repeat(self, part: Node, least: int, most: int | None, following: int) -> int:
        if most is None:
            loop = self._state(None, ())
            self.targets[loop] = (self._build(part, loop), following)
            following = loop
        else:
            leave = following
            for _ in range(most - least):
                following = self._state(None, (self._build(part, following), leave))
        for _ in range(least):
            following = self._build(part, following)
        return following


class _Parser:
    def __init__(self, text: str, *, ignore_case: bool, dot_all: bool) -> None:
        self.text = text
        self.place = 0
        self.ignore_case = ignore_case
        self.dot_all = dot_all

    def parse(self) -> Node:
        tree = self._choice(0)
        if self.place < len(self.text):
            raise self._error("an unmatched )")
        return tree

    def _error(self, what: str) -> PatternError:
        return PatternError(f"{what} at character {self.place + 1} of the pattern {self.text!r}")

    def _peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def _next(self) -> str:
        char = self._peek()
        if not char:
            raise self._error("the pattern ends too early")
        self.place += 1
        return char

    def _choice(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._error(f"groups nested more than {MAX_DEPTH} deep")
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self.place += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else ("any", parts)

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while (char := self._peek()) and char not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        return ("join", parts)

    def _repeated(self, atom: Node) -> Node:
        char = self._peek()
        counted = _COUNT.match(self.text, self.place)
        if char and char in "*+?":
            self.place += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        elif counted:
            self.place = counted.end()
            least = int(counted[1])
            most = least if counted[2] is None else int(counted[3]) if counted[3] else None
            if most is not None and most < least:
                raise self._error("a count whose end is below its start")
        else:
            return atom
        if self._peek() == "?":  # "as few as possible" finds the same texts
            self.place += 1
        if (again := self._peek()) and again in "*+?":
            raise self._error("a repetition of a repetition")
        return ("repeat", atom, least, most)

    def _atom(self, depth: int) -> Node:
        char = self._next()
        if char == "(":
            return self._group(depth)
        if char == "[":
            return ("set", self._class())
        if char == "\\":
            escaped = self._escape()
            return ("set", escaped if callable(escaped) else self._one(escaped))
        if char == "^":
            return ("start",)
        if char == "$":
            return ("end",)
        if char == ".":
            return ("set", (lambda _char: True) if self.dot_all else (lambda char: char not in "\n\r"))
        if char in "*+?{":
            self.place -= 1
            raise self._error(f"{char} repeats nothing; write \\{char} for the character itself")
        return ("set", self._one(char))

    def _group(self, depth: int) -> Node:
        if self._peek() == "?":
            if not self.text.startswith("?:", self.place):
                raise self._error("(? groups (look-around, names, flags) are not supported")
            self.place += 2
        inner = self._choice(depth + 1)
        if self._peek() != ")":
            raise self._error("a ( without its )")
        self.place += 1
        return inner

    def _escape(self) -> str | Matches:
        char = self._next()
        if char in _CLASSES:
            return _CLASSES[char]
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isalnum():
            raise self._error(f"\\{char} is not supported")
        return char

    def _class(self) -> Matches:
        negated = self._peek() == "^"
        self.place += negated
        tests: list[Matches] = []
        while (char := self._next()) != "]" or not tests:
            if char == "[":
                raise self._error("a [ inside a class; write \\[")
            first = self._escape() if char == "\\" else char
            if callable(first):
                tests.append(first)
                continue
            last = first
            if self._peek() == "-" and self.text[self.place + 1 : self.place + 2] != "]":
                self.place += 1
                char = self._next()
                end = self._escape() if char == "\\" else char
                if callable(end) or char == "[" or end < first:
                    raise self._error("a range that is none")
                last = end
            tests.append(self._one(first) if first == last else self._range(first, last))
        return (
            (lambda char: not any(test(char) for test in tests))
            if negated
            else lambda char: any(test(char) for test in tests)
        )

    def _one(self, wanted: str) -> Matches:
        if self.ignore_case:
            variants = _cases(wanted)
            return lambda char: not variants.isdisjoint(_cases(char))
        return lambda char: char == wanted

    def _range(self, first: str, last: str) -> Matches:
        if self.ignore_case:
            return lambda char: any(first <= variant <= last for variant in _cases(char))
        return lambda char: first <= char <= last


def _cases(char: str) -> frozenset[str]:
    return frozenset({char, char.lower(), char.upper()})
