"""The languages of the pages: English in the source, others from ``translations/*.po`` read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flask import g, request

from catalog.wording import read_messages
from server.public.negotiation import best_language

SOURCE_LANGUAGE = "en"
# Each language's own name, as a reader of it looks for it.
NAMES = {"en": "English", "ja": "日本語"}


@dataclass(frozen=True)
class Languages:
    """The languages on offer and their messages: ``messages[language][English text]``."""

    messages: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """The offered languages, English first."""
        return [SOURCE_LANGUAGE, *sorted(self.messages)]

    def choose(self, asked: str | None, accept: str | None) -> str:
        """The language of a page: the one asked for in the address, else the browser's, else English."""
        if asked in self.codes:
            return str(asked)
        return best_language(accept, self.codes, default=SOURCE_LANGUAGE)

    def text(self, language: str, message: str) -> str:
        """``message`` in ``language``, or itself."""
        found = self.messages.get(language, {}).get(message, message)
        return found if isinstance(found, str) else found[0]

    def plural(self, language: str, one: str, many: str, number: int) -> str:
        """The form for ``number``; languages other than English here have a single form."""
        if one in self.messages.get(language, {}):
            return self.text(language, one)
        return one if number == 1 else many


def read_languages(folder: Path) -> Languages:
    """The translations in ``folder``; fuzzy and empty entries do not count."""
    return Languages({path.stem: read_messages(path) for path in sorted(folder.glob("*.po"))})


def language() -> str:
    """The language of the request being answered."""
    chosen: str = getattr(g, "language", SOURCE_LANGUAGE)
    return chosen


def choose_language(languages: Languages) -> None:
    """Settle the language of the request being answered."""
    g.languages = languages
    g.language = languages.choose(request.args.get("lang"), request.headers.get("Accept-Language"))


def gettext(message: str, **values: object) -> str:
    """``message`` in the language of the request, its ``%(name)s`` fields filled from ``values``."""
    languages: Languages = getattr(g, "languages", Languages())
    text = languages.text(language(), message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The form for ``number`` in the language of the request; ``%(num)s`` is the number."""
    languages: Languages = getattr(g, "languages", Languages())
    return languages.plural(language(), one, many, number) % {"num": number, **values}


def mark(message: str) -> str:
    """``message`` itself, marked for the translators because it is looked up later."""
    return message


def choice(texts: Mapping[str, object], wanted: str) -> tuple[str, str]:
    """The text of a language map for a reader of ``wanted``, and its language ("" when untagged).

    >>> choice({"ja": "鉄箔", "en": "iron foil"}, "fr")
    ('iron foil', 'en')
    """
    for tag in (wanted, SOURCE_LANGUAGE, "ja", "@none", *sorted(texts)):
        found = texts.get(tag)
        if found:
            text = "; ".join(map(str, found)) if isinstance(found, list) else str(found)
            return text, "" if tag == "@none" else tag
    return "", ""
