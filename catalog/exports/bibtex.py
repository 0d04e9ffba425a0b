"""A citation as BibTeX."""

from __future__ import annotations

import re

from catalog.exports import Export
from catalog.exports._citing import names, split_name
from catalog.facts import Facts, best, facts
from catalog.mapping import RecordDocument

# What TeX takes for itself, and how it is written; a backslash first, as the others bring some.
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
# What would be read as the next name, or as a part of a name such as "Jr".
_SEVERAL = re.compile(r"\band\b|,.*,", re.IGNORECASE)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def write(document: RecordDocument, catalog: RecordDocument | None = None, /) -> bytes:
    """One ``@misc`` entry, which every style knows."""
    fact = facts(document, catalog)
    month = MONTHS[int(fact.issued[5:7]) - 1] if fact.issued else ""
    fields = {
        "author": _braced(" and ".join(authors(fact))),
        "title": _braced(f"{{{escaped(best(fact.titles))}}}"),
        "year": _braced(fact.year),
        # A style's own word for a month, which braces would hide.
        "month": month,
        "day": _braced(fact.issued[8:10].removeprefix("0")),
        "publisher": _braced(escaped(best(fact.publisher.names))),
        "howpublished": "{Data set}",
        "doi": _braced(fact.doi),
        "url": _braced(fact.identifier),
        "keywords": _braced(escaped(", ".join(fact.keywords))),
        "note": _braced(escaped(fact.licence_id or fact.licence)),
    }
    lines = [f"  {key} = {value}" for key, value in fields.items() if value]
    body = ",\n".join(lines)
    return f"@misc{{xafscat-{fact.id},\n{body}\n}}\n".encode()


def authors(fact: Facts) -> list[str]:
    """Persons as family name and given name, where they are told apart; braces keep every other name whole."""
    split = [split_name(creator) for creator in fact.creators] or [None]
    return [
        f"{{{escaped(name)}}}" if parts is None or _SEVERAL.search(name) else ", ".join(map(escaped, parts))
        for name, parts in zip(names(fact), split, strict=False)
    ]


def escaped(text: str) -> str:
    """Text as TeX prints it, on one line."""
    return re.sub(r"\s+", " ", "".join(_SPECIAL.get(character, character) for character in text)).strip()


def _braced(text: str) -> str:
    return f"{{{text}}}" if text else ""


EXPORT = Export(
    name="bibtex",
    media_type="application/x-bibtex",
    extension="bib",
    title={"en": "BibTeX", "ja": "BibTeX"},
    write=write,
    order=71,
)
