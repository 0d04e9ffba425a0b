"""Sentences said in several languages: English in the source, others from ``translations/*.po``.

A sentence is a template and its values, so that it can be said again in another language wherever it ends up: in a
finding, in a report, on a page. It is a ``str`` as well, the English one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self


class Words(NamedTuple):
    """A part of a sentence in both languages, for a field of a template; ``str`` gives the English one."""

    en: str
    ja: str

    def __str__(self) -> str:
        return self.en

    def text(self, language: str) -> str:
        """The part in ``language``."""
        return self.ja if language == "ja" else self.en


FOLDER = Path(__file__).resolve().parent / "translations"


class Sentence(str):
    """``message`` with its ``str.format`` fields filled from ``values``; a value may be a Sentence or Words itself."""

    __slots__ = ("message", "values")
    message: str
    values: dict[str, object]

    def __new__(cls, message: str, /, **values: object) -> Self:
        """The sentence whose English text is ``message`` filled from ``values``."""
        said = super().__new__(cls, message.format(**values))
        said.message, said.values = message, values
        return said

    @classmethod
    def of_data(cls, text: str) -> Self:
        """A text of the shipped tables as a sentence; what is translated of them is beside those of the source."""
        return cls(text.replace("{", "{{").replace("}", "}}"))

    def __reduce__(self) -> tuple[Callable[..., Sentence], tuple[Any, ...]]:
        return _sentence, (self.message, self.values)

    def text(self, language: str) -> str:
        """The sentence in ``language``, or the English one where nobody translated it."""
        if language == "en":
            return str(self)
        values = {
            key: value.text(language) if isinstance(value, Sentence | Words) else value
            for key, value in self.values.items()
        }
        found = _messages(language).get(self.message, self.message)
        assert isinstance(found, str)
        return found.format(**values)


def _sentence(message: str, values: dict[str, object]) -> Sentence:
    return Sentence(message, **values)


@cache
def _messages(language: str) -> Mapping[str, str | tuple[str, ...]]:
    path = FOLDER / f"{language}.po"
    return read_messages(path) if path.exists() else {}


def read_messages(path: Path) -> dict[str, str | tuple[str, ...]]:
    """The translations of a PO file by English text (several forms for a plural); fuzzy and empty ones do not count."""
    from babel.messages.pofile import read_po

    with path.open("rb") as stream:
        catalog = read_po(stream, locale=path.stem)
    known: dict[str, str | tuple[str, ...]] = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        strings = message.string if isinstance(message.string, str) else tuple(message.string or ())
        if key and strings and not message.fuzzy and all(strings):
            known[key] = strings
    return known
