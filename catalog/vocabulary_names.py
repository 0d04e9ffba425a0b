"""Names as people write them, and what each leads to: one thing or nothing.

A name is compared by its key: compatibility characters, case, blanks and punctuation make no difference, save
between two digits, where they stay (``10.3.2`` is not ``1032``). A key that leads to two things leads to none.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

MAX_NAME = 300
"""A longer text is no name: it is not even looked at."""

_WORD = re.compile(r"[^\W_]+")
_PIECE = re.compile(r"[A-Za-z0-9]+|[^\W_A-Za-z0-9]+")
_CODE_PREFIX = re.compile(r"^(?:beamline|bl)(?=[0-9])")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_RUNS = re.compile(r"[0-9]+|[a-z]+")
_MAX_PIECES = 12


def name_key(text: str) -> str:
    """The key by which names are compared; empty for a text without letters and digits.

    >>> name_key("NSLS-Ⅱ"), name_key("10.3.2"), name_key("CC BY 4.0")
    ('nslsii', '10-3-2', 'ccby4-0')
    """
    key = ""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        key += f"-{word}" if key and key[-1].isdigit() and word[0].isdigit() else word
    return key


def code_key(text: str) -> str:
    """The key of a beamline code inside its facility, where "BL" and leading zeros say nothing.

    >>> code_key("BL-9C") == code_key("9c"), code_key("06BM"), code_key("BL01B1")
    (True, '6bm', '1b1')
    """
    return _LEADING_ZEROS.sub("", _CODE_PREFIX.sub("", name_key(text)))


def is_telling_code(text: str) -> bool:
    """Whether a beamline code is one that hardly two facilities would give: letters between digits, or the other way.

    >>> is_telling_code("BL01B1"), is_telling_code("X23A2"), is_telling_code("BL-9C"), is_telling_code("BL11")
    (True, True, False, False)
    """
    return len(_RUNS.findall(code_key(text))) > 2


def splits(text: str) -> Iterator[tuple[str, str]]:
    """Every way of cutting ``text`` in two between words: where the name of a facility could end or begin."""
    for piece in list(_PIECE.finditer(text))[: _MAX_PIECES - 1]:
        if rest := text[piece.end() :]:
            yield text[: piece.end()], rest


class Names:
    """Names and the IRIs they lead to.

    >>> names = Names()
    >>> names.add("6-BM", "urn:bmm"); names.add("6BM", "urn:other"); names.add("BMM", "urn:bmm")
    >>> names.find("bmm"), names.find("6 bm")
    ('urn:bmm', None)
    """

    def __init__(self, key: Callable[[str], str] = name_key) -> None:
        self._key = key
        self._iris: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, name: str, iri: str) -> None:
        """Let ``name`` lead to ``iri``."""
        if key := self._key(name):
            self._iris[key].add(iri)

    def find(self, text: str) -> str | None:
        """The one IRI that ``text`` names, or None."""
        if len(text) > MAX_NAME:
            return None
        iris = self._iris.get(self._key(text), ())
        return next(iter(iris)) if len(iris) == 1 else None

    def clashes(self) -> Mapping[str, set[str]]:
        """The keys that lead to more than one IRI, and therefore to none."""
        return {key: iris for key, iris in self._iris.items() if len(iris) > 1}
