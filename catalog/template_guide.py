"""The field guide: every key of the deposit form in a table, in both languages, as ``docs/fields.md``."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.fields import Field, fields
from catalog.form import Kind
from catalog.mapping import context
from catalog.validation import LEVELS

_TOP = """# The fields of a deposit

Made from the form's table, the shapes and the ontology by `docs/build.py`; never edited by hand. How a form is written
is in [deposit.md](deposit.md); `xafscat template` makes one to fill in, `xafscat shapes explain KEY` says more.

*Asked by* names the first level that wants the field, and in brackets every level that looks at it. Lists of words
may be written by their label in English or Japanese as well.
"""
_GROUPS = (
    ("", "The deposit / 登録"),
    ("round", "A round-robin / ラウンドロビン"),
    ("creators", "A creator / 作成者"),
    ("funding", "Funding / 研究資金"),
    ("sample", "The sample / 試料"),
    ("spectra", "A spectrum / スペクトル"),
)
_HEAD = (
    "| key | what it says | 日本語 | written | example | asked by | property |\n|---|---|---|---|---|---|---|"
)
_KINDS = {Kind.TEXT: "text", Kind.LANGUAGES: "languages", Kind.GROUP: "group", Kind.LIST: "list"}


def guide() -> str:
    """The text of ``docs/fields.md``."""
    return "\n".join([_TOP, *_chapters()]).rstrip() + "\n"


def _chapters() -> Iterator[str]:
    for group, title in _GROUPS:
        yield f"## {title}\n"
        yield _HEAD
        yield from (_row(each) for each in fields() if _group(each) == group)
        yield ""


def _group(field: Field) -> str:
    first = field.path.partition(".")[0]
    return first if "." in field.path and first in dict(_GROUPS) else ""


def _row(field: Field) -> str:
    asked = field.required
    others = [level for level in LEVELS if level in field.levels and level != asked]
    if others:
        asked = f"{asked} ({', '.join(others)})".strip()
    term = f"`{context().compact(field.term)}`" if field.term else "never in RDF"
    if not field.term and field.is_group:
        term = ""
    cells = [
        f"`{field.path}`",
        _said(field, "en"),
        _said(field, "ja"),
        _written(field),
        f"`{field.example}`" if field.example else "",
        asked,
        term,
    ]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _said(field: Field, language: str) -> str:
    label = field.label.get(language, "")
    meaning = field.meaning.get(language, "")
    return f"**{label}** {meaning}".strip() if label else meaning


def _written(field: Field) -> str:
    kinds = " or ".join(_KINDS[kind] for kind in field.key.kinds)
    unit = f", {field.unit}" if field.unit else ""
    words = ": " + ", ".join(f"`{choice.word}`" for choice in field.choices) if field.choices else ""
    return f"{kinds}{unit}{words}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
