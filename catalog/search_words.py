"""The words a record is found by, and the words of a search: the same folding for both.

A text is folded by NFKC and case. Latin and the like are taken word by word; Japanese and Chinese, which write no
blanks, by single characters and pairs of them, so that 鉄 and 鉄箔 are found inside a longer name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from catalog.mapping import RecordDocument
from catalog.vocabulary import Vocabulary

# A search beyond this is a text pasted by mistake.
MOST_TERMS = 12
LEAST_PREFIX = 3

_CJK = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
# Nodes' names and machinery; header pairs are long and would be found by every common word.
_SILENT = frozenset(
    {"id", "type", "in_unit", "value", "position", "checksum", "header", "download_url", "conforms_to"}
)
_IDENTIFIERS = ("https://doi.org/", "https://orcid.org/", "https://ror.org/")


def words_of(document: RecordDocument, vocabulary: Vocabulary) -> set[str]:
    """What a public document is found by beside its id: its texts, identifiers, the names of what it refers to."""
    found: set[str] = set()
    for text in _texts(document):
        identifier = next((text[len(start) :] for start in _IDENTIFIERS if text.startswith(start)), None)
        if identifier:
            found.add(identifier.casefold())
        elif ":" in text and (names := _names(text, vocabulary)):
            found.update(*map(_words, names))
        elif not text.startswith(("http://", "https://")):
            found |= _words(text)
    return {word for word in found if not word.isdigit()}


def search_terms(text: str) -> list[tuple[str, bool]]:
    """The words a record must have for ``text``, at most ``MOST_TERMS``, and whether a longer word will do as well.

    It will for the last one, which may be half typed. A piece with a slash is an identifier and taken whole.
    """
    terms: list[tuple[str, bool]] = []
    for piece in _fold(text).split():
        if "/" in piece:
            terms.append((next((piece[len(s) :] for s in _IDENTIFIERS if piece.startswith(s)), piece), False))
            continue
        for run in _RUN.findall(piece):
            if not _IS_CJK.match(run) or len(run) == 1:
                terms.append((run, False))
            else:
                terms += [(pair, False) for pair in _pairs(run)]
    if terms and len(terms[-1][0]) >= LEAST_PREFIX and "/" not in terms[-1][0]:
        terms[-1] = (terms[-1][0], True)
    return list(dict.fromkeys(terms))[:MOST_TERMS]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _SILENT:
                yield from _texts(item)


def _names(iri: str, vocabulary: Vocabulary) -> set[str]:
    labels = (vocabulary.label(iri, "en"), vocabulary.label(iri, "ja"), vocabulary.notation(iri))
    return {label for label in labels if label}


def _words(text: str) -> set[str]:
    found = set()
    for run in _RUN.findall(_fold(text)):
        found |= {*run, *_pairs(run)} if _IS_CJK.match(run) else {run}
    return found


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)]
